"""Every effect once: ids and work in one transaction a batch; on a failure the batch is halved until the one culprit is found."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID, uuid5

import structlog

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.dead_letters import DeadLetter, DeadLetters
from libs.chassis.store.events import EventTooLarge, LostRace, record_of
from libs.chassis.store.inbox import Inbox
from libs.chassis.store.outbox import Outbox
from libs.events.contracts import CONTRACTS
from libs.events.contracts.dead_letters import MessageRejected
from libs.events.envelope import Envelope, Unreadable, decode
from libs.events.fact import Event
from libs.events.registry import NewerVersion, Registry, UnknownType
from libs.events.topics import INBOUND, dead_letter_topic, topic_of

LOST_RACES = 10  # more in a row than any honest rival causes
RACE_PAUSE_SECONDS = 0.02  # times the attempt, jittered: rivals that start again together would lose together
WRONG_TOPIC = "wrong-topic"  # a type that another topic's contract names: a frontend must not speak for a service

log = structlog.stdlib.get_logger("bus")


class Poison(Exception):
    """A handler's word that one record can never be handled; `code` is the stable reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Received:
    """A delivered event that was read."""

    delivery: Delivery
    envelope: Envelope
    event: Event
    traceparent: str | None = None

    @cached_property
    def identity(self) -> UUID:
        """What it is recognised by when it comes again. Frontends give ids as they like: theirs count for one topic and one text only."""
        if topic_of(self.delivery.topic) is not INBOUND:
            return self.envelope.event_id
        said = hashlib.blake2b(self.delivery.value or b"", digest_size=32).hexdigest()
        return uuid5(self.envelope.event_id, f"{self.delivery.topic} {said}")


Handler = Callable[[Connection, Sequence[Received]], Awaitable[None]]
OnSetAside = Callable[[Connection, Delivery, str], Awaitable[None]]


@dataclass
class _Sorted:
    readable: list[Received] = field(default_factory=list)
    rejected: list[tuple[Delivery, Envelope | None, str]] = field(default_factory=list)
    skipped: int = 0
    unknown: int = 0


class EffectOnce:
    """Takes batches for one consumer. `hears` limits the types that are handled; others are counted and passed over.

    `on_set_aside` is told of each dead letter and its reason, in the transaction that keeps it.
    """

    def __init__(
        self,
        *,
        consumer: str,
        authority: str,
        pool: Pool,
        registry: Registry,
        hears: Iterable[type[Event]],
        handler: Handler,
        dead_letters: DeadLetters,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        metrics: Metrics,
        telemetry: Telemetry,
        on_set_aside: OnSetAside | None = None,
    ) -> None:
        self._consumer = consumer
        self._on_set_aside = on_set_aside
        self._authority = authority
        self._pool = pool
        self._registry = registry
        self._hears = frozenset(event.type_name() for event in hears)
        self._handler = handler
        self._inbox = Inbox(consumer)
        self._dead_letters = dead_letters
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._metrics = metrics
        self._telemetry = telemetry

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """One batch; when it returns, every record of it has had its effect once, was passed over, or is set aside."""
        sorted_ = self._sort(deliveries)
        self._metrics.handled(self._consumer, "skipped", sorted_.skipped)
        self._metrics.handled(self._consumer, "unknown-type", sorted_.unknown)
        for delivery, envelope, reason in sorted_.rejected:
            await self._set_aside(delivery, envelope, reason)
        if sorted_.readable:
            await self._handle(sorted_.readable)

    def _sort(self, deliveries: Sequence[Delivery]) -> _Sorted:
        result = _Sorted()
        for delivery in deliveries:
            envelope = None
            try:
                envelope = decode(delivery.value)
                if not self._belongs(envelope.type, delivery.topic):
                    result.rejected.append((delivery, envelope, WRONG_TOPIC))
                elif envelope.type in self._registry.events and envelope.type not in self._hears:
                    result.skipped += 1
                else:
                    result.readable.append(Received(delivery=delivery, envelope=envelope, event=self._registry.read(envelope)))
            except UnknownType:
                result.unknown += 1
            except NewerVersion:
                result.rejected.append((delivery, envelope, "newer-version"))
            except Unreadable as error:
                result.rejected.append((delivery, envelope, error.code))
        return result

    def _belongs(self, type_name: str, topic_name: str) -> bool:
        topic, event = topic_of(topic_name), self._registry.events.get(type_name)
        return topic is None or event is None or event in CONTRACTS[topic.contract]

    async def _handle(self, batch: Sequence[Received]) -> None:
        try:
            await self._attempt(batch)
        except INFRASTRUCTURE_ERRORS:
            raise
        except Exception as error:
            if len(batch) == 1:
                await self._set_aside(batch[0].delivery, batch[0].envelope, _reason(error), error)
                return
            log.warning("a batch is halved to find its culprit", consumer=self._consumer, records=len(batch), error=error)
            middle = len(batch) // 2
            await self._handle(batch[:middle])
            await self._handle(batch[middle:])

    async def _attempt(self, batch: Sequence[Received]) -> None:
        for attempt in range(LOST_RACES):
            try:
                async with self._pool.acquire() as db, db.transaction():
                    fresh = await self._inbox.first_time(db, {item.identity for item in batch})
                    once = _first_of_each(batch, fresh)
                    if once:
                        with ExitStack() as spans:
                            await self._handler(db, [self._traced(spans, item) for item in once])
            except LostRace:
                if attempt == LOST_RACES - 1:
                    raise
                await asyncio.sleep(RACE_PAUSE_SECONDS * (attempt + 1) * random.random())  # noqa: S311 - jitter, not a secret
            else:
                self._metrics.handled(self._consumer, "done", len(once))
                self._metrics.handled(self._consumer, "seen-before", len(batch) - len(once))
                return

    def _traced(self, spans: ExitStack, item: Received) -> Received:
        """A span of its own for each record, under the trace that its producer started (R-13)."""
        parent = item.delivery.traceparent
        if parent is None:
            return item
        attributes = {"messaging.destination.name": item.delivery.topic, "messaging.consumer.group.name": self._consumer}
        spans.enter_context(self._telemetry.span(f"{item.delivery.topic} process", parent, Kind.CONSUMER, attributes))
        return replace(item, traceparent=self._telemetry.current_traceparent() or parent)

    async def _set_aside(self, delivery: Delivery, envelope: Envelope | None, reason: str, error: Exception | None = None) -> None:
        now = self._clock.now()
        letter = DeadLetter(
            consumer=self._consumer,
            topic=delivery.topic,
            partition=delivery.partition,
            offset=delivery.offset,
            timestamp_ms=delivery.timestamp_ms,
            key=delivery.key,
            value=delivery.value,
            event_id=envelope.event_id if envelope else None,
            reason=reason,
        )
        async with self._pool.acquire() as db, db.transaction():
            first_time = await self._dead_letters.set_aside(db, letter, now)
            if first_time:
                await self._tell(db, letter, now)
                if self._on_set_aside is not None:
                    await self._on_set_aside(db, delivery, reason)
        if not first_time:
            return
        self._metrics.dead_letter(self._consumer, reason)
        self._metrics.handled(self._consumer, "dead")
        coordinates = {"topic": delivery.topic, "partition": delivery.partition, "offset": delivery.offset}
        log.error("a record is set aside as a dead letter", consumer=self._consumer, reason=reason, error=error, **coordinates)

    async def _tell(self, db: Connection, letter: DeadLetter, now: datetime) -> None:
        fact = MessageRejected(
            consumer=letter.consumer,
            source_topic=letter.topic,
            source_partition=letter.partition,
            source_offset=letter.offset,
            source_event_id=letter.event_id,
            reason=letter.reason,
        )
        event_id = self._ids.new()
        envelope = Envelope(
            event_id=event_id,
            type=fact.type_name(),
            version=fact.version,
            authority=self._authority,
            aggregate_id=str(event_id),
            thread_id=event_id,
            occurred_at=now,
            recorded_at=now,
            producer=self._consumer,
            payload=fact.payload(),
        )
        key = f"{letter.topic}-{letter.partition}-{letter.offset}"
        await self._outbox.add(db, [record_of(envelope, dead_letter_topic(letter.topic), key, None)], now)


def _first_of_each(batch: Sequence[Received], fresh: set[UUID]) -> list[Received]:
    left = set(fresh)
    once = []
    for item in batch:
        if item.identity in left:
            left.discard(item.identity)
            once.append(item)
    return once


def _reason(error: Exception) -> str:
    if isinstance(error, Poison | Refusal | EventTooLarge):
        return error.code
    return "lost-race" if isinstance(error, LostRace) else f"handler-failed:{type(error).__name__}"
