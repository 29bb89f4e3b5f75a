"""What can't be handled is set aside and told; what follows it in its lane waits behind it (R-7)."""

from collections.abc import Sequence

import structlog

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.received import OnSetAside, Received, Rejected
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.metrics import Metrics
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.dead_letters import DeadLetter, DeadLetters
from libs.chassis.store.events import record_of
from libs.chassis.store.outbox import Outbox
from libs.events.contracts.dead_letters import MessageRejected
from libs.events.envelope import Envelope, lone
from libs.events.topics import dead_letter_topic

log = structlog.stdlib.get_logger("bus")


class Aside:
    """Where one consumer puts what it can't handle now."""

    def __init__(
        self,
        *,
        consumer: str,
        authority: str,
        pool: Pool,
        dead_letters: DeadLetters,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        metrics: Metrics,
        on_set_aside: OnSetAside | None,
    ) -> None:
        self._consumer = consumer
        self._authority = authority
        self._pool = pool
        self._dead_letters = dead_letters
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._metrics = metrics
        self._on_set_aside = on_set_aside

    async def put(self, item: Received | Rejected, reason: str, error: Exception | None = None) -> None:
        """In a transaction of its own; once, however often it is delivered."""
        lane = item.lane if isinstance(item, Received) else self._lane_of(item)
        letter = self._letter(item.delivery, item.envelope, reason, lane)
        async with self._pool.acquire() as db, db.transaction():
            first_time = await self._dead_letters.set_aside(db, letter, self._clock.now())
            if first_time:
                await self.tell(db, letter, item.delivery)
        if first_time:
            self._metrics.handled(self._consumer, "dead")
            self.alarm(letter, error)

    async def split(self, db: Connection, batch: Sequence[Received]) -> tuple[list[Received], int]:
        """Those whose lanes are free; the others are kept, in the caller's transaction, and how many of them are new is told."""
        lanes = {item.lane for item in batch if item.lane is not None}
        waiting = await self._dead_letters.waiting(db, self._consumer, lanes)
        if not waiting:
            return list(batch), 0
        behind = [item for item in batch if item.lane in waiting]
        letters = [(item.identity, self._letter(item.delivery, item.envelope, "", item.lane)) for item in behind]
        kept = await self._dead_letters.wait_behind(db, self._consumer, letters, self._clock.now())
        return [item for item in batch if item.lane not in waiting], kept

    async def tell(self, db: Connection, letter: DeadLetter, delivery: Delivery) -> None:
        """Coordinates and reason, for the dead-letter topic and for whoever asked to be told."""
        now = self._clock.now()
        fact = MessageRejected(
            consumer=letter.consumer,
            source_topic=letter.topic,
            source_partition=letter.partition,
            source_offset=letter.offset,
            source_event_id=letter.event_id,
            reason=letter.reason,
        )
        key = f"{letter.topic}-{letter.partition}-{letter.offset}"
        envelope = lone(fact, event_id=self._ids.new(), at=now, authority=self._authority, producer=self._consumer)
        await self._outbox.add(db, [record_of(envelope, dead_letter_topic(letter.topic), key, None)], now)
        if self._on_set_aside is not None:
            await self._on_set_aside(db, delivery, letter.reason)

    def alarm(self, letter: DeadLetter, error: Exception | None) -> None:
        """Once the transaction that keeps it is committed."""
        self._metrics.dead_letter(self._consumer, letter.reason)
        place = {"topic": letter.topic, "partition": letter.partition, "offset": letter.offset}
        log.error("a record is set aside as a dead letter", consumer=self._consumer, reason=letter.reason, error=error, **place)

    def _lane_of(self, item: Rejected) -> bytes | None:
        return self._dead_letters.lane_of(item.delivery.topic, item.delivery.key) if item.has_lane else None

    def _letter(self, delivery: Delivery, envelope: Envelope | None, reason: str, lane: bytes | None) -> DeadLetter:
        return DeadLetter(
            consumer=self._consumer,
            topic=delivery.topic,
            partition=delivery.partition,
            offset=delivery.offset,
            timestamp_ms=delivery.timestamp_ms,
            key=delivery.key,
            value=delivery.value,
            event_id=envelope.event_id if envelope else None,
            reason=reason,
            lane=lane,
            traceparent=delivery.traceparent,
        )
