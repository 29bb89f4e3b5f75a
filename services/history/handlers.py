"""What history does: keep all that it hears, and show it to staff, writing down that they looked."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import structlog

from libs.chassis.access.roles import Staff
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.races import past_races
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.telemetry import Kind, Span, Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.events import record_of
from libs.chassis.store.outbox import Outbox
from libs.events.envelope import Actor, Envelope, Unreadable, decode, lone
from libs.events.registry import NewerVersion
from libs.events.topics import HISTORY
from services.history.domain.attachments import HANDED_OVER, Expected, expected
from services.history.domain.chain import shard_of
from services.history.domain.entries import (
    ID_TAKEN,
    NOT_STORABLE,
    PRODUCER,
    UNREADABLE,
    Coordinates,
    Entry,
    entry_of,
    in_its_dialogue,
    unreadable,
)
from services.history.domain.questions import AUDIT, EntryNotFound, Question, Sight, role_of, sight_of, viewed
from services.history.domain.revocations import revoked
from services.history.store import Appended, Stored

MOST_LANES = 4
LANE = 500  # records of a batch for which another lane is worth its transaction
STRETCH = 1_000  # records of a batch that are read together, and then written by all lanes
CONSUMER = "history"
NO_FILES: Final[Mapping[UUID, Expected]] = {}

log = structlog.stdlib.get_logger("history")


class Log(Protocol):
    """What the handlers need of the store."""

    async def append(self, db: Connection, entries: Sequence[Entry], at: datetime) -> Appended: ...
    async def find(self, db: Connection, question: Question) -> list[Stored]: ...
    async def one(self, db: Connection, event_id: UUID) -> Stored | None: ...
    async def knows_number(self, db: Connection, number: str) -> bool: ...
    async def linked_clients(self, db: Connection, client: UUID) -> list[UUID]: ...
    async def arrivals(self, db: Connection, clients: Sequence[UUID]) -> tuple[list[str], list[str]]: ...


class NotKept(OSError):
    """Not even the bytes of a record could be kept: the fault is ours, and the batch waits until it is mended (R-7)."""


Pair = tuple[Delivery, Entry]


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Keeps every record that it is given, readable or not; a bad one never costs its batch, and nothing is set aside."""

    log: Log
    deny: Callable[[Connection, Sequence[tuple[str, datetime]]], Awaitable[None]]
    expect: Callable[[Connection, Sequence[Expected], datetime], Awaitable[None]]
    pool: Pool
    clock: Clock
    authority: str
    metrics: Metrics
    telemetry: Telemetry

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """When it returns, every record of the batch stands in the log once; only infrastructure errors leave it."""
        with ExitStack() as spans:
            for delivery in deliveries:
                if delivery.traceparent is not None:
                    spans.enter_context(self._span(delivery, delivery.traceparent))
            await self._keep_all(deliveries)

    async def _keep_all(self, deliveries: Sequence[Delivery]) -> None:
        """Stretch by stretch, in lanes of some shards each: while the database writes one, the next is read and sealed.

        A lane keeps its order: its next stretch waits for the one before, and goes down with it. The others go on to their end.
        """
        count = min(MOST_LANES, 1 + len(deliveries) // LANE)
        lanes: dict[int, asyncio.Task[None]] = {}
        try:
            for first in range(0, len(deliveries), STRETCH):
                for lane, pairs in self._by_lane(deliveries[first : first + STRETCH], count).items():
                    lanes[lane] = asyncio.create_task(self._keep_after(lanes.get(lane), pairs))
                await asyncio.sleep(0)  # for the lanes to begin
            if lanes:
                await asyncio.wait(lanes.values())
        finally:
            await _ended(lanes.values())
        for done in lanes.values():
            done.result()  # raises what became of it, a cancellation too

    def _by_lane(self, deliveries: Sequence[Delivery], count: int) -> dict[int, list[Pair]]:
        lanes: dict[int, list[Pair]] = {}
        for delivery in deliveries:
            entry = self._entry(delivery)
            lanes.setdefault(shard_of(entry.thread_id) % count, []).append((delivery, entry))
        return lanes

    async def _keep_after(self, before: asyncio.Task[None] | None, pairs: Sequence[Pair]) -> None:
        if before is not None:
            await before
        await self._keep(pairs)

    def _entry(self, delivery: Delivery) -> Entry:
        try:
            return entry_of(in_its_dialogue(decode(delivery.value), delivery.topic, delivery.key), _came(delivery))
        except Unreadable as error:
            return self._unreadable(delivery, error.code)
        except Exception as error:
            log.error("a record could not be made an entry", error=error, topic=delivery.topic, offset=delivery.offset)
            return self._unreadable(delivery, NOT_STORABLE)

    async def _keep(self, pairs: Sequence[Pair]) -> None:
        try:
            clashing = await self._append([entry for _, entry in pairs], _handed_over(pairs))
        except INFRASTRUCTURE_ERRORS:
            raise
        except Exception as error:
            await self._halve(pairs, error)
            return
        for entry in clashing:
            delivery = next(delivery for delivery, other in pairs if other is entry)
            await self._keep_bytes(delivery, ID_TAKEN)

    async def _halve(self, pairs: Sequence[Pair], error: Exception) -> None:
        if len(pairs) == 1:
            log.error("an entry can't be stored, its bytes are kept", error=error, topic=pairs[0][0].topic, offset=pairs[0][0].offset)
            await self._keep_bytes(pairs[0][0], NOT_STORABLE)
            return
        log.warning("a batch is halved to find its culprit", records=len(pairs), error=error)
        middle = len(pairs) // 2
        await self._keep(pairs[:middle])
        await self._keep(pairs[middle:])

    async def _keep_bytes(self, delivery: Delivery, reason: str) -> None:
        try:
            await self._append([self._unreadable(delivery, reason)])
        except INFRASTRUCTURE_ERRORS:
            raise
        except Exception as error:
            raise NotKept("a record can't be kept at all") from error

    async def _append(self, entries: Sequence[Entry], files: Mapping[UUID, Expected] = NO_FILES) -> list[Entry]:
        """Those whose id another event bears. `files` by the events that hand them over: what is new in the log is fetched."""

        async def once() -> Appended:
            async with self.pool.acquire() as db, db.transaction():
                now = self.clock.now()
                done = await self.log.append(db, entries, now)
                await self.deny(db, revoked(done.fresh))
                await self.expect(db, [files[entry.event_id] for entry in done.fresh if entry.event_id in files], now)
                return done

        done = await past_races(once)
        self._count(done)
        return done.clashing

    def _unreadable(self, delivery: Delivery, reason: str) -> Entry:
        return unreadable(_came(delivery), delivery.key, delivery.value, reason, self.authority, self.clock.now())

    def _count(self, done: Appended) -> None:
        kept_raw = sum(entry.type == UNREADABLE for entry in done.fresh)
        self.metrics.handled(CONSUMER, "done", len(done.fresh) - kept_raw)
        self.metrics.handled(CONSUMER, "unreadable", kept_raw)
        self.metrics.handled(CONSUMER, "seen-before", done.again)

    def _span(self, delivery: Delivery, parent: str) -> Span:
        attributes = {"messaging.destination.name": delivery.topic, "messaging.consumer.group.name": CONSUMER}
        return self.telemetry.span(f"{delivery.topic} process", parent, Kind.CONSUMER, attributes)


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Shows entries to staff. The look is an entry itself, in the transaction that read: no answer goes out unwritten (D-25)."""

    log: Log
    pool: Pool
    outbox: Outbox
    clock: Clock
    ids: Ids
    authority: str
    ring: Callable[[], None]

    async def look(self, staff: Staff, question: Question) -> list[Stored]:
        """One entry more than the question's limit when there is a next page."""
        question.check()
        async with self.pool.acquire() as db, db.transaction():
            found = await self.log.find(db, question)
            said = question.filters()
            if question.number is not None and not await self.log.knows_number(db, question.number):
                said["number"] = "unknown"  # what was typed may be anything, a name too
            await self.write_down(db, staff, said, min(len(found), question.limit))
        self.ring()
        return found

    async def look_at_one(self, staff: Staff, event_id: UUID) -> Stored:
        sight = sight_of(staff)
        async with self.pool.acquire() as db, db.transaction():
            found = await self.log.one(db, event_id)
            if found is not None and sight is not Sight.ALL and (found.entry.type == AUDIT) is not sight.value:
                found = None
            await self.write_down(db, staff, {"entry": str(event_id)}, 1 if found else 0)
        self.ring()
        if found is None:
            raise EntryNotFound
        return found

    async def same_person(self, client: UUID) -> list[UUID]:
        """The client's id and those linked to it; ids alone, no look at what they said."""
        async with self.pool.acquire() as db:
            return await self.log.linked_clients(db, client)

    async def arrivals(self, clients: Sequence[UUID]) -> tuple[list[str], list[str]]:
        """Codes of channels and points, likewise no look."""
        async with self.pool.acquire() as db:
            return await self.log.arrivals(db, clients)

    async def write_down(self, db: Connection, staff: Staff, filters: dict[str, str], count: int) -> None:
        """In the transaction that reads what is shown."""
        now, actor = self.clock.now(), Actor(role=role_of(staff), id=staff.id, on_behalf_of=staff.acting_for)
        fact = viewed(staff, filters, count)
        envelope = lone(fact, event_id=self.ids.new(), at=now, authority=self.authority, producer=PRODUCER, actor=actor)
        await tell(db, self.log, self.outbox, [envelope], now)


async def tell(db: Connection, log: Log, outbox: Outbox, facts: Sequence[Envelope], now: datetime) -> None:
    """History's own facts, into its log and to history.events."""
    await log.append(db, [entry_of(envelope, None) for envelope in facts], now)
    await outbox.add(db, [record_of(envelope, HISTORY.name, str(envelope.thread_id), None) for envelope in facts], now)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    """Nothing goes on behind a batch that is given up."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _handed_over(pairs: Sequence[Pair]) -> dict[UUID, Expected]:
    """Read from the records, because no entry has their keys."""
    files = {}
    for delivery, entry in pairs:
        if entry.type == HANDED_OVER:
            try:
                file = expected(decode(delivery.value))
            except (Unreadable, NewerVersion) as error:
                log.error("a file was handed over by an event that can't be read", event_id=str(entry.event_id), error=error)
                continue
            if file is not None:
                files[entry.event_id] = file
    return files


def _came(delivery: Delivery) -> Coordinates:
    return Coordinates(delivery.topic, delivery.partition, delivery.offset, delivery.timestamp_ms)
