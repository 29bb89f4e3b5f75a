"""The relay: what waits in the outbox goes to Kafka, in order per key, and leaves the outbox once acknowledged (design.md 4.3)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidMessageError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.outbox import OutboxShard, Waiting

BATCH = 500
LEASE_SECONDS = 30.0
SEND_SECONDS = 20.0  # shorter than the lease: a relay that lost it has stopped sending
STOP_SECONDS = 5.0
POLL_SECONDS = 0.5  # the fall-back; a commit in this process wakes the relay at once
FROM_ZERO_SECONDS = 30.0

REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError)

log = structlog.stdlib.get_logger("bus")


class Bell:
    """Rung after a commit; whoever waits goes on."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


class Relay:
    """Sends one shard. Rows that were not acknowledged stay, so a crash sends again and never skips."""

    def __init__(
        self,
        *,
        shard: OutboxShard,
        bootstrap: str,
        client_id: str,
        bell: Bell,
        clock: Clock,
        metrics: Metrics,
        telemetry: Telemetry,
        beat: Callable[[], None],
    ) -> None:
        self._shard = shard
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._bell = bell
        self._clock = clock
        self._metrics = metrics
        self._telemetry = telemetry
        self._beat = beat
        self._producer: AIOKafkaProducer | None = None
        self._after = 0
        self._from_zero_at = 0.0
        self._stuck_topics: set[str] = set()

    async def run(self, stopping: Stopping) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        try:
            while not stopping.requested:
                self._beat()
                try:
                    if not await self._shard.lease(LEASE_SECONDS):
                        await stopping.sleep(1.0)
                        continue
                    if not await self.round():
                        await self._bell.wait(POLL_SECONDS)
                except (*INFRASTRUCTURE_ERRORS, KafkaError) as error:
                    log.warning("the outbox waits for its infrastructure", shard=self._shard.shard, error=error)
                    await self._drop_producer()
                    await stopping.sleep(1.0)
        finally:
            await self._drop_producer()
            with suppress(*INFRASTRUCTURE_ERRORS):
                await self._shard.release()

    async def round(self) -> bool:
        """One batch; whether anything was sent."""
        if time.monotonic() - self._from_zero_at >= FROM_ZERO_SECONDS:
            await self._from_zero()
        rows = await self._shard.pending(self._after, BATCH, sorted(self._stuck_topics))
        if not rows:
            return False
        rows = await self._with_topic(rows)
        sent = await self._send(rows)
        if sent:
            await self._shard.sent(sent)
        unsent = {row.id for row in rows} - {row.id for row in sent}
        if not unsent and rows:
            self._after = max(self._after, rows[-1].id)
        return bool(sent)

    async def _from_zero(self) -> None:
        """A slow transaction's rows have lower ids than what was sent meanwhile: look for them from the start."""
        self._after, self._from_zero_at = 0, time.monotonic()
        self._stuck_topics.clear()
        await self._shard.rotate(self._clock.now().date())
        state = await self._shard.state()
        self._metrics.outbox(pending=state.pending, oldest=state.oldest, shard=self._shard.shard)
        self._metrics.parked_keys("outbox", state.parked)

    async def _with_topic(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """Rows whose topic exists; a missing topic must not hold up the others."""
        producer = await self._ready()
        for topic in {row.record.topic for row in rows} - self._stuck_topics:
            try:
                async with asyncio.timeout(SEND_SECONDS / 4):
                    known = await producer.partitions_for(topic)
            except (KafkaError, TimeoutError):
                known = None
            if not known:
                self._stuck_topics.add(topic)
                log.error("a topic is missing, its records wait: run `otklik topics apply`", topic=topic)
        return [row for row in rows if row.record.topic not in self._stuck_topics]

    async def _send(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """The rows that were acknowledged, or refused and parked."""
        producer = await self._ready()
        futures: list[asyncio.Future[Any]] = []
        results: list[Any] = []
        try:
            async with asyncio.timeout(SEND_SECONDS):
                for row in rows:
                    futures.append(await producer.send(**self._message(row)))  # noqa: PERF401 - what was sent before an error counts
                results = await asyncio.gather(*futures, return_exceptions=True)
        except (KafkaError, TimeoutError):
            pass  # nothing is known of any of them: those that arrived arrive again and are recognised
        done = [row for row, result in zip(rows, results, strict=False) if not isinstance(result, BaseException)]
        if len(done) < len(rows):
            await self._drop_producer()  # one refused record poisons the idempotent producer
            acknowledged = {row.id for row in done}
            done += await self._send_one_by_one([row for row in rows if row.id not in acknowledged])
        return done

    async def _send_one_by_one(self, rows: Sequence[Waiting]) -> list[Waiting]:
        done: list[Waiting] = []
        parked: set[tuple[str, str]] = set()
        for row in rows:
            if (row.record.topic, row.record.key) in parked:
                continue
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await (await self._ready()).send_and_wait(**self._message(row))
            except REFUSED as error:
                await self._drop_producer()
                parked.add((row.record.topic, row.record.key))
                await self._shard.park(row, type(error).__name__)
                self._metrics.parked_keys("outbox", (await self._shard.state()).parked)
                log.error("the broker refused a record; its key is parked", topic=row.record.topic, event_id=str(row.record.event_id))
            else:
                done.append(row)
        return done

    def _message(self, row: Waiting) -> dict[str, Any]:
        record = row.record
        headers = dict(record.headers)
        if parent := headers.get("traceparent"):
            with self._telemetry.span(f"{record.topic} send", parent, Kind.PRODUCER, {"messaging.destination.name": record.topic}):
                headers["traceparent"] = self._telemetry.current_traceparent() or parent
        return {
            "topic": record.topic,
            "key": record.key.encode(),
            "value": record.value,
            "headers": [(name, value.encode()) for name, value in headers.items()],
        }

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap, client_id=self._client_id, acks="all", enable_idempotence=True, linger_ms=5
            )
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    """`stop()` can hang for ever with brokers down (aiokafka#1101)."""
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
