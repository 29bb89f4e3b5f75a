"""The event store of a service: append with an expected version, read (R-1, R-2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.store.database import Connection, meanwhile
from libs.chassis.store.keys import Keyring
from libs.chassis.store.outbox import Outbox, Record
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, seal, unseal
from libs.events.envelope import Actor, Envelope, encode
from libs.events.fact import Event, open_fields, sealed_fields
from libs.events.registry import Registry
from libs.events.topics import Topic

SQL = queries(__file__)
MAX_EVENT_BYTES = 256 * 1024  # a larger record poisons the idempotent producer
STREAM_VERSION = "events_pkey"  # the one key that two honest writers can both want
COLUMNS = (
    *("stream", "version", "event_id", "type", "type_version", "thread_id", "client_id", "actor_role", "actor_id", "actor_for"),
    *("point", "correlation_id", "causation_id", "occurred_at", "recorded_at", "open", "sealed"),
)


class LostRace(Exception):
    """The stream is not at the expected version, mostly because another writer was first: load and decide again."""


class EventTooLarge(ValueError):
    """An event is over `MAX_EVENT_BYTES`; the door must refuse such input before it comes here."""

    code = "too-large"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What surrounds facts that one act made."""

    thread_id: UUID
    occurred_at: datetime
    actor: Actor | None = None
    client_id: UUID | None = None
    point: str | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Category:
    """A kind of streams: `name-<id>`. With a topic every event of it is published, without one none is (R-2)."""

    name: str
    registry: Registry
    topic: Topic | None = None

    def stream(self, aggregate_id: object) -> str:
        return f"{self.name}-{aggregate_id}"

    def aggregate(self, stream: str) -> str:
        return stream.removeprefix(f"{self.name}-")


@dataclass(frozen=True, kw_only=True)
class Append:
    """Facts for one stream after `expected_version`; `key` is the Kafka key where it is not the aggregate's id."""

    category: Category
    aggregate_id: str
    expected_version: int
    facts: Sequence[Event]
    context: Context
    key: str | None = None

    @property
    def stream(self) -> str:
        return self.category.stream(self.aggregate_id)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event as it stands in a stream."""

    stream: str
    version: int
    envelope: Envelope
    fact: Event


class EventStore:
    """Appends events, seals what is not on the open list, and puts published ones into the outbox, in one transaction."""

    def __init__(self, *, producer: str, authority: str, keyring: Keyring, outbox: Outbox, clock: Clock, ids: Ids) -> None:
        self._producer = producer
        self._authority = authority
        self._keyring = keyring
        self._outbox = outbox
        self._clock = clock
        self._ids = ids

    async def append(self, db: Connection, appends: Sequence[Append], also: Sequence[Record] = ()) -> list[Recorded]:
        """All or nothing, in the caller's transaction; raises `LostRace`, and then the transaction must be rolled back.

        `also`: records without an event, which go out behind those of the events.
        """
        recorded_at = self._clock.now()
        recorded = [row for append in appends for row in self._recorded(append, recorded_at)]
        threads = {row.envelope.thread_id for row in recorded} | {record.thread_id for record in also}
        keys = await self._keyring.made_for(db, threads) if threads else {}
        rows = [_row(row, keys[row.envelope.thread_id]) for row in recorded]
        await self._check_versions(db, _versions_before(recorded))
        async with meanwhile(self._write(db, rows)):
            waiting = self._outbox.rows(chain(self._published(appends, recorded), also), recorded_at, keys)
        await self._outbox.put(db, waiting)
        return recorded

    @staticmethod
    async def _write(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        try:
            await db.copy_records_to_table("events", records=rows, columns=COLUMNS)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != STREAM_VERSION:
                raise
            raise LostRace from error

    @staticmethod
    async def _check_versions(db: Connection, before: Mapping[str, int]) -> None:
        """A stream that is behind would get a hole; one that is ahead is found by the key of the table."""
        if before and await db.fetchval(SQL["streams_at"], list(before), list(before.values())) != len(before):
            raise LostRace

    async def read(self, db: Connection, category: Category, aggregate_ids: Iterable[object]) -> dict[str, list[Recorded]]:
        """Events by aggregate id; an aggregate without events is absent."""
        rows = await db.fetch(SQL["read_streams"], [category.stream(aggregate_id) for aggregate_id in aggregate_ids])
        found: dict[str, list[Recorded]] = {}
        for row in await self.opened(db, category, rows):
            found.setdefault(category.aggregate(row.stream), []).append(row)
        return found

    async def version(self, db: Connection, category: Category, aggregate_id: str) -> int:
        """The version of a stream, 0 when it does not exist; for streams whose version is all that counts (the register)."""
        return int(await db.fetchval(SQL["stream_version"], category.stream(aggregate_id)))

    async def first(self, db: Connection, category: Category, aggregate_id: str) -> Recorded | None:
        """The first event of a stream."""
        rows = await self.opened(db, category, await db.fetch(SQL["first_event"], category.stream(aggregate_id)))
        return rows[0] if rows else None

    async def opened(self, db: Connection, category: Category, rows: Sequence[Mapping[str, Any]]) -> list[Recorded]:
        """Rows of the events table, opened with the keys of their threads."""
        keys = await self._keyring.of(db, {row["thread_id"] for row in rows})
        return [self._opened(category, row, keys) for row in rows]

    def _opened(self, category: Category, row: Mapping[str, Any], keys: dict[UUID, bytes]) -> Recorded:
        sealed = self._unsealed(row, keys) if row["sealed"] else b"{}"
        envelope = Envelope(
            event_id=row["event_id"],
            type=row["type"],
            version=row["type_version"],
            authority=self._authority,
            aggregate_id=category.aggregate(row["stream"]),
            seq=row["version"],
            thread_id=row["thread_id"],
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            producer=self._producer,
            actor=_actor(row) if row["actor_role"] else None,
            client_id=row["client_id"],
            point=row["point"],
            correlation_id=row["correlation_id"],
            causation_id=row["causation_id"],
            payload=row["open"] | orjson.loads(sealed),
        )
        fact = category.registry.read(envelope)
        if fact.version == row["type_version"] and not sealed_fields(type(fact)).isdisjoint(row["open"]):
            raise BrokenSeal("what is sealed stands there in clear: other hands wrote it")
        return Recorded(stream=row["stream"], version=row["version"], envelope=envelope, fact=fact)

    @staticmethod
    def _unsealed(row: Mapping[str, Any], keys: Mapping[UUID, bytes]) -> bytes:
        key = keys.get(row["thread_id"])
        if key is None:
            raise BrokenSeal("the key of its thread is damaged or gone")
        return unseal(key, row["sealed"], row["event_id"].bytes)

    def _recorded(self, append: Append, recorded_at: datetime) -> Iterable[Recorded]:
        for version, fact in enumerate(append.facts, append.expected_version + 1):
            envelope = Envelope(
                event_id=self._ids.new(),
                type=fact.type_name(),
                version=fact.version,
                authority=self._authority,
                aggregate_id=append.aggregate_id,
                seq=version,
                thread_id=append.context.thread_id,
                occurred_at=append.context.occurred_at,
                recorded_at=recorded_at,
                producer=self._producer,
                actor=append.context.actor,
                client_id=append.context.client_id,
                point=append.context.point,
                correlation_id=append.context.correlation_id,
                causation_id=append.context.causation_id,
                payload=fact.payload(),
            )
            yield Recorded(stream=append.stream, version=version, envelope=envelope, fact=fact)

    def _published(self, appends: Sequence[Append], recorded: Sequence[Recorded]) -> Iterable[Record]:
        rows = iter(recorded)
        for append in appends:
            for _ in append.facts:
                row = next(rows)
                if append.category.topic is not None:
                    yield record_of(row.envelope, append.category.topic.name, append.key or append.aggregate_id, append.context.traceparent)


def record_of(envelope: Envelope, topic: str, key: str, traceparent: str | None) -> Record:
    """An envelope as a record of a topic, with the headers of the event catalogue."""
    value = encode(envelope)
    if len(value) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{envelope.type} has {len(value)} bytes")
    headers = {"schema": f"{envelope.type}/{envelope.version}"} | ({"traceparent": traceparent} if traceparent else {})
    return Record(topic=topic, key=key, event_id=envelope.event_id, thread_id=envelope.thread_id, value=value, headers=headers)


def _versions_before(recorded: Sequence[Recorded]) -> dict[str, int]:
    """What each stream must be at before: without it a wrong expectation would leave a hole in the stream."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for row in recorded:
        if row.version != last.get(row.stream, row.version - 1) + 1:
            raise ValueError(f"two appends to {row.stream} leave a hole between them")
        first.setdefault(row.stream, row.version - 1)
        last[row.stream] = row.version
    return {stream: version for stream, version in first.items() if version}


def _actor(row: Mapping[str, Any]) -> Actor:
    return Actor(role=row["actor_role"], id=row["actor_id"], on_behalf_of=row["actor_for"])


def _row(row: Recorded, key: bytes) -> tuple[Any, ...]:
    envelope = row.envelope
    names = open_fields(type(row.fact))
    clear = {name: value for name, value in envelope.payload.items() if name in names}
    hidden = {name: value for name, value in envelope.payload.items() if name not in names}
    plain = orjson.dumps(hidden)
    if len(plain) + len(orjson.dumps(clear)) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{envelope.type} has more than {MAX_EVENT_BYTES} bytes")
    return (
        row.stream,
        row.version,
        envelope.event_id,
        envelope.type,
        envelope.version,
        envelope.thread_id,
        envelope.client_id,
        envelope.actor.role if envelope.actor else None,
        envelope.actor.id if envelope.actor else None,
        envelope.actor.on_behalf_of if envelope.actor else None,
        envelope.point,
        envelope.correlation_id,
        envelope.causation_id,
        envelope.occurred_at,
        envelope.recorded_at,
        clear,
        seal(key, plain, envelope.event_id.bytes) if hidden else None,
    )
