"""The outbox: records wait in PostgreSQL, sealed, until the broker has them (R-3)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, seal, unseal

SQL = queries(__file__)
COLUMNS = ("day", "shard", "topic", "key", "event_id", "thread_id", "headers", "sealed", "created_at")  # the id comes from its sequence

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Record:
    """One Kafka record to be sent; `key` is never personal."""

    topic: str
    key: str
    event_id: UUID
    thread_id: UUID
    value: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Outbox:
    """Adds records in the caller's transaction; `shards` is fixed once rows exist. One is enough for what one process can send."""

    def __init__(self, keyring: Keyring, *, shards: int = 1) -> None:
        self._keyring = keyring
        self.shards = shards

    async def add(self, db: Connection, records: Sequence[Record], at: datetime) -> None:
        """Each record waits until the relay of its shard has an acknowledgement for it."""
        if records:
            keys = await self._keyring.made_for(db, {record.thread_id for record in records})
            await self.put(db, self.rows(records, at, keys))

    async def add_again(self, db: Connection, records: Sequence[Record], at: datetime) -> list[Record]:
        """What was published before waits again. Returns those that stay, because their thread's key is destroyed or damaged."""
        keys = await self._keyring.of(db, {record.thread_id for record in records})
        if kept := [record for record in records if record.thread_id in keys]:
            await self.put(db, self.rows(kept, at, keys))
        return [record for record in records if record.thread_id not in keys]

    def rows(self, records: Iterable[Record], at: datetime, keys: Mapping[UUID, bytes]) -> list[Row]:
        """The records sealed, as `put` takes them."""
        return [
            (
                at.date(),
                self.shard_of(record.key),
                record.topic,
                record.key,
                record.event_id,
                record.thread_id,
                record.headers,
                seal(keys[record.thread_id], record.value, record.event_id.bytes),
                at,
            )
            for record in records
        ]

    async def put(self, db: Connection, rows: Sequence[Row]) -> None:
        if rows:
            await db.copy_records_to_table("outbox", records=rows, columns=COLUMNS)

    def shard_of(self, key: str) -> int:
        return hashlib.blake2b(key.encode(), digest_size=1).digest()[0] % self.shards if self.shards > 1 else 0


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A record that waits, opened; `broken` says why it can't be, and then its value is empty."""

    day: date
    id: int
    record: Record
    created_at: datetime
    broken: str | None = None


@dataclass(frozen=True)
class State:
    pending: int
    oldest: datetime | None
    parked: int


class OutboxShard:
    """One shard's side of the relay. Only the holder of the lease may send."""

    def __init__(self, pool: Pool, keyring: Keyring, shard: int, owner: str) -> None:
        self._pool = pool
        self._keyring = keyring
        self.shard = shard
        self._owner = owner

    async def lease(self, seconds: float) -> bool:
        return bool(await self._pool.fetchval(SQL["take_outbox_lease"], self.shard, self._owner, seconds))

    async def release(self) -> None:
        await self._pool.execute(SQL["release_outbox_lease"], self.shard, self._owner)

    async def pending(self, after: int, limit: int, stuck_topics: Sequence[str]) -> list[Waiting]:
        """In the order of their ids: those after `after`, and before them what came to light late under their keys."""
        async with self._pool.acquire() as db:
            rows = await db.fetch(SQL["pending_outbox"], self.shard, after, list(stuck_topics), limit)
            lanes = sorted({(row["topic"], row["key"]) for row in rows}) if after else []
            if lanes:
                rows = await db.fetch(SQL["left_behind_outbox"], after, *map(list, zip(*lanes, strict=True))) + rows
            keys = await self._keyring.of(db, {row["thread_id"] for row in rows})
        return [_opened(row, keys.get(row["thread_id"])) for row in rows]

    async def sent(self, rows: Sequence[Waiting]) -> None:
        await self._pool.execute(SQL["sent_from_outbox"], [row.day for row in rows], [row.id for row in rows])

    async def park(self, row: Waiting, reason: str) -> None:
        await self._pool.execute(SQL["park_key"], row.record.topic, row.record.key, reason)

    async def state(self) -> State:
        [row] = await self._pool.fetch(SQL["outbox_state"], self.shard)
        return State(row["pending"], row["oldest"], row["parked"])

    async def rotate(self, today: date) -> None:
        await self._pool.execute(SQL["rotate_outbox"], today)


def _opened(row: Mapping[str, Any], key: bytes | None) -> Waiting:
    """One row that can't be opened must not hold up its shard."""
    value, broken = b"", None
    if key is None:
        broken = "no-key"  # destroyed or damaged
    else:
        try:
            value = unseal(key, row["sealed"], row["event_id"].bytes)
        except BrokenSeal:
            broken = "broken-seal"
    record = Record(
        topic=row["topic"], key=row["key"], event_id=row["event_id"], thread_id=row["thread_id"], headers=row["headers"], value=value
    )
    return Waiting(day=row["day"], id=row["id"], created_at=row["created_at"], record=record, broken=broken)
