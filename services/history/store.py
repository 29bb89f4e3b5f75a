"""The log in PostgreSQL: append in batches, find, rebuild what was made from it (R-16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from libs.chassis.store.database import Connection
from libs.chassis.store.events import LostRace
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import commitment, seal, unseal
from services.history.domain.chain import LOG_COLUMNS, SHARDS, link, shard_of
from services.history.domain.cursors import Place
from services.history.domain.entries import KEPT_COLUMNS, Entry
from services.history.domain.links import Links, links_of, numbers_meant
from services.history.domain.questions import Question, Sight

SQL = queries(__file__)
READ_AT_ONCE = 5_000
ID_COLUMNS = ("event_id", "shard", "position", "stored_at")

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Appended:
    """What became of a batch: new entries, how many were there already, and those whose id another event bears."""

    fresh: list[Entry]
    again: int
    clashing: list[Entry]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An entry with its place and its payload opened; `payload` lacks the sealed fields when `destroyed`."""

    shard: int
    position: int
    stored_at: datetime
    entry: Entry
    payload: dict[str, Any]
    destroyed: bool

    @property
    def place(self) -> Place:
        return Place(self.entry.occurred_at, self.shard, self.position)


@dataclass
class _Batch:
    """Rows of one append, shard by shard behind their heads."""

    heads: dict[int, tuple[int, bytes]]
    at: datetime
    rows: list[Row] = field(default_factory=list)

    def places(self, entries: Sequence[Entry]) -> list[Row]:
        """Where these would stand, as rows of the id table."""
        positions = {shard: position for shard, (position, _) in self.heads.items()}
        places = []
        for entry in entries:
            shard = shard_of(entry.thread_id)
            positions[shard] += 1
            places.append((entry.event_id, shard, positions[shard], self.at))
        return places

    def add(self, entry: Entry, place: Row, key: bytes | None) -> None:
        """The next row of its shard, which is at its place."""
        _, shard, position, _ = place
        kept = entry[:-1]
        sealed = proof = None
        if key is not None and entry.hidden is not None:
            sealed = seal(key, entry.hidden, entry.event_id.bytes)
            proof = commitment(key, sealed, entry.hidden)
        hashed = link(self.heads[shard][1], place[1:], kept, proof, sealed)
        self.heads[shard] = (position, hashed)
        self.rows.append((*place[1:], *kept, proof, sealed, hashed))


class Log:
    """Each method works in the caller's transaction."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def append(self, db: Connection, entries: Sequence[Entry], at: datetime) -> Appended:
        """Each entry once, at the next position of its shard; raises `LostRace`, and then the transaction must be rolled back."""
        first, repeated = _first_of_each(entries)
        batch = _Batch(await self._locked_heads(db, {shard_of(entry.thread_id) for entry in first.values()}), at)
        fresh, stored = list(first.values()), dict[UUID, Entry]()
        places = batch.places(fresh)
        if not await self._take_ids(db, places):
            stored = await self._stored(db, list(first))
            fresh = [entry for entry in fresh if entry.event_id not in stored]
            places = batch.places(fresh)
            if not await self._take_ids(db, places):
                raise LostRace
        if fresh:
            await self._write(db, batch, fresh, places)
            await self._add_links(db, links_of(fresh))
        seen = repeated + [first[event_id] for event_id in stored]
        known = {**first, **stored}
        clashing = [entry for entry in seen if not entry.says_the_same(known[entry.event_id])]
        return Appended(fresh, len(seen) - len(clashing), clashing)

    async def find(self, db: Connection, question: Question) -> list[Stored]:
        """Entries in the order in which they happened, at most the question's limit and one more."""
        threads = await self._threads(db, question)
        if threads is not None and not threads:
            return []
        await db.execute(SQL["plan_anew"])
        after = question.after or Place(None, None, None)  # type: ignore[arg-type]  # nulls are no filter
        rows = await db.fetch(
            SQL["find_entries"],
            threads,
            question.since,
            question.until,
            question.channel,
            question.point,
            list(question.types) or ([question.type] if question.type else None),
            question.staff,
            None if question.sight is Sight.ALL else question.sight.value,
            *after,
            question.limit + 1,
        )
        return await self._opened(db, rows)

    async def one(self, db: Connection, event_id: UUID) -> Stored | None:
        places = await db.fetch(SQL["places_of_ids"], [event_id])
        rows = await self._opened(db, await self._at(db, places))
        return rows[0] if rows else None

    async def linked_clients(self, db: Connection, client: UUID) -> list[UUID]:
        """The client and all that are the same person, sorted."""
        return [row["client_id"] for row in await db.fetch(SQL["linked_clients"], client)]

    async def arrivals(self, db: Connection, clients: Sequence[UUID]) -> tuple[list[str], list[str]]:
        """By which channels and at which points requests of these clients came."""
        [row] = await db.fetch(SQL["arrivals_of"], clients)
        return row["channels"], row["points"]

    async def knows_number(self, db: Connection, number: str) -> bool:
        return bool(await db.fetch(SQL["requests_by_number"], numbers_meant(number)))

    async def make_months(self, db: Connection, today: date) -> None:
        await db.execute(SQL["make_months"], today)

    async def rebuild(self, db: Connection) -> int:
        """The read models anew from the log alone, in one transaction while appends wait; needs the owner's rights.

        Returns how many entries were read.
        """
        async with db.transaction():
            heads = await self._locked_heads(db, set(range(SHARDS)))
            await db.execute(SQL["forget_read_models"])
            read = 0
            for shard, (last, _) in heads.items():
                position = 0
                while rows := await db.fetch(SQL["next_entries"], shard, position, last, READ_AT_ONCE):
                    await self._add_links(db, links_of(map(_entry, rows)))
                    read, position = read + len(rows), rows[-1]["position"]
        return read

    async def _locked_heads(self, db: Connection, shards: set[int]) -> dict[int, tuple[int, bytes]]:
        rows = await db.fetch(SQL["lock_heads"], sorted(shards))
        return {row["shard"]: (row["position"], row["hash"]) for row in rows}

    async def _stored(self, db: Connection, ids: list[UUID]) -> dict[UUID, Entry]:
        """Those of the ids that are in the log, as they stand there, opened as far as they can be."""
        places = await db.fetch(SQL["places_of_ids"], ids)
        rows = await self._at(db, places) if places else []
        keys = await self._keys(db, rows)
        return {row["event_id"]: _entry(row)._replace(hidden=_unsealed(row, keys)) for row in rows}

    async def _at(self, db: Connection, places: Sequence[Mapping[str, Any]]) -> list[Any]:
        columns = [[place[name] for place in places] for name in ("shard", "position", "stored_at")]
        return await db.fetch(SQL["entries_at"], *columns)

    @staticmethod
    async def _take_ids(db: Connection, places: Sequence[Row]) -> bool:
        """Each id once for its whole life. Almost always all are new, so nobody asks first; False: some are not, and none was taken.

        In the order of the ids, so that two lanes with the same ids can't deadlock.
        """
        try:
            async with db.transaction():
                await db.copy_records_to_table("log_ids", records=sorted(places, key=_number), columns=ID_COLUMNS)
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def _write(self, db: Connection, batch: _Batch, fresh: Sequence[Entry], places: Sequence[Row]) -> None:
        keys = await self._keyring.made_for(db, {entry.thread_id for entry in fresh if entry.hidden is not None})
        for entry, place in zip(fresh, places, strict=True):
            batch.add(entry, place, keys.get(entry.thread_id))
        await db.copy_records_to_table("log", records=batch.rows, columns=LOG_COLUMNS)
        heads = [(shard, position, hashed) for shard, (position, hashed) in batch.heads.items()]
        await db.execute(SQL["move_heads"], *map(list, zip(*heads, strict=True)))

    async def _add_links(self, db: Connection, links: Links) -> None:
        if links.threads:
            await db.execute(SQL["add_thread_links"], [links.threads[order]._asdict() for order in sorted(links.threads)])
        if links.numbers:
            await db.execute(SQL["add_request_numbers"], *map(list, zip(*sorted(links.numbers), strict=True)))
        if links.clients:
            pairs = [(*pair, said.linked, said.recorded_at, said.event_id) for pair, said in sorted(links.clients.items())]
            await db.execute(SQL["add_client_links"], *map(list, zip(*pairs, strict=True)))

    async def _threads(self, db: Connection, question: Question) -> list[UUID] | None:
        """The threads that the question is limited to; None: to none."""
        requests = [question.request] if question.request else None
        if question.number is not None:
            named = {row["request_id"] for row in await db.fetch(SQL["requests_by_number"], numbers_meant(question.number))}
            requests = sorted(named.intersection(requests) if requests else named)
        clients = await self.linked_clients(db, question.client) if question.client else None
        own = {question.thread} if question.thread else None
        if requests is None and clients is None:
            return sorted(own) if own else None
        threads = {row["thread_id"] for row in await db.fetch(SQL["threads_of"], clients, requests)}
        return sorted(threads & own if own else threads)

    async def _opened(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Stored]:
        keys = await self._keys(db, rows)
        return [_stored(row, keys) for row in rows]

    async def _keys(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, bytes]:
        return await self._keyring.of(db, {row["thread_id"] for row in rows if row["sealed"] is not None})


def _number(place: Sequence[Any]) -> int:
    """Of the id: ids themselves compare in Python's own code, slowly."""
    return int(place[0].int)


def _first_of_each(entries: Sequence[Entry]) -> tuple[dict[UUID, Entry], list[Entry]]:
    """The first entry of each id, and the others."""
    first: dict[UUID, Entry] = {}
    return first, [entry for entry in entries if first.setdefault(entry.event_id, entry) is not entry]


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{name: row[name] for name in KEPT_COLUMNS}, hidden=None)


def _stored(row: Mapping[str, Any], keys: Mapping[UUID, bytes]) -> Stored:
    hidden = _unsealed(row, keys)
    payload = orjson.loads(row["open"]) | (orjson.loads(hidden) if hidden is not None else {})
    entry = _entry(row)
    return Stored(
        shard=row["shard"],
        position=row["position"],
        stored_at=row["stored_at"],
        entry=entry._replace(point=row.get("arrived_point", entry.point), channel=row.get("arrived_channel", entry.channel)),
        payload=payload,
        destroyed=row["sealed"] is not None and hidden is None,
    )


def _unsealed(row: Mapping[str, Any], keys: Mapping[UUID, bytes]) -> bytes | None:
    """None: nothing was sealed, or its key is gone."""
    key = keys.get(row["thread_id"])
    return None if key is None or row["sealed"] is None else unseal(key, row["sealed"], row["event_id"].bytes)
