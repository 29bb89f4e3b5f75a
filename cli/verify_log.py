"""The whole log recomputed, shard by shard, and held against the signatures; whatever differs is named with its place."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from cli.verify_heads import SignedHeads
from cli.verify_report import MOST_FINDINGS, Report, Uncovered, at
from libs.chassis.store.keys import Keyring
from libs.chassis.store.sealing import BrokenSeal, commitment, unseal
from services.history.domain.chain import SHARDS, genesis, link
from services.history.domain.entries import KEPT_COLUMNS
from services.history.domain.heads import Witness
from services.history.store import SQL

ROWS_AT_ONCE: Final = 4_000
LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)
PLACE: Final = slice(0, 3)  # of the columns that verify_entries.sql answers
KEPT: Final = slice(3, 3 + len(KEPT_COLUMNS))

Row = Mapping[str, Any]
Advance = Callable[[int, int], None]


def silently(_done: int, _total: int) -> None:
    """For those who want no word of the progress."""


async def verify(
    dsn: str,
    master_key: bytes | None = None,
    master_key_id: str = "1",
    *,
    heads: SignedHeads | None = None,
    signed_before: datetime = LONG_AGO,
    advance: Advance = silently,
) -> Report:
    """Memory does not grow with the log. With the master key every seal is opened too and held against its commitment.

    Signed heads must have been read before: whatever was signed then is in the log now. A row stored before `signed_before` that none of
    them covers is a finding. Raises `WrongMasterKey` when the database knows another key by that name.
    """
    async with _connected(dsn) as db, _connected(dsn) as keys_db:
        report = Report()
        if heads is not None:
            report.signed, report.newest = heads.count, heads.newest
            report.add(heads.findings)
        keyring = Keyring(master_key, master_key_id) if master_key else None

        async def opened(rows: Sequence[Row]) -> None:
            if keyring is not None:
                await _open(keys_db, keyring, rows, report)
            advance(report.rows, sum(report.heads.values()))

        await _walk_all(db, heads, report, opened)
        await _compare_ids(db, report)
        _miss_signatures(report, signed_before)
        return report


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    db = await asyncpg.connect(dsn, server_settings={"search_path": "history", "timezone": "UTC", "application_name": "otklik verify"})
    try:
        yield db
    finally:
        await db.close()


async def _walk_all(
    db: "asyncpg.Connection[Any]", signed: SignedHeads | None, report: Report, and_then: Callable[[Sequence[Row]], Awaitable[None]]
) -> None:
    heads = {row["shard"]: row for row in await db.fetch(SQL["verify_heads"])}
    report.heads = {shard: row["position"] for shard, row in heads.items()}
    for shard in sorted({*heads, *range(SHARDS)}):
        if shard not in heads:
            report.find("head-missing", shard, 0, None, "the shard has no head")
            continue
        walk = _Walk(shard, genesis(shard), report, signed.witness(shard) if signed else None)
        async with aclosing(_rows(db, shard, heads[shard]["position"])) as pages:
            async for rows in pages:
                for row in rows:
                    walk.step(row)
                await and_then(rows)
        walk.end(heads[shard])


class _Walk:
    """One shard, row by row."""

    def __init__(self, shard: int, first: bytes, report: Report, witness: Witness | None) -> None:
        self._shard = shard
        self._previous: bytes | None = first
        self._position = 0
        self._report = report
        self._witness = witness

    def step(self, row: Row) -> None:
        self._report.rows += 1
        position, hashed = row["position"], row["hash"]
        if position > self._position + 1:
            self._missing(self._position + 1, position - 1)
        elif position <= self._position:
            self._find("doubled", row, "another row stands at the same position")
        if self._previous is not None and self._link(self._previous, row) != hashed:
            self._find("changed", row, "its hash does not follow: this row was changed, or the one before it together with its hash")
        self._compare_id(row)
        if self._witness is not None:
            self._witness.see(position, hashed, row["stored_at"])
        self._previous, self._position = hashed, position

    def end(self, head: Any) -> None:
        if self._position < head["position"]:
            self._missing(self._position + 1, head["position"])
        elif self._previous != head["hash"]:
            self._report.find("head-differs", self._shard, self._position, None, "the head's hash is not that of the last row")
        if self._witness is not None:
            self._hear(self._witness)

    def _hear(self, witness: Witness) -> None:
        for found in witness.disagreements(self._position):
            self._report.find(found.kind, self._shard, found.first, None, found.says, found.last)
        if witness.uncovered_since is not None:
            left = Uncovered(rows=self._position - witness.agrees_to, since=witness.uncovered_since)
            self._report.uncovered[self._shard] = left

    @staticmethod
    def _link(previous: bytes, row: Any) -> bytes:
        return link(previous, row[PLACE], row[KEPT], row["commitment"], row["sealed"])

    def _missing(self, first: int, last: int) -> None:
        says = "this row was removed" if first == last else f"rows {first} to {last} were removed"
        self._report.find("removed", self._shard, first, None, says, last)
        self._previous = None  # what the next row should follow is gone

    def _compare_id(self, row: Row) -> None:
        known = (row["id_shard"], row["id_position"], row["id_stored_at"])
        if known[0] is None:
            self._find("id-missing", row, "the id table does not know its event")
        elif known != (row["shard"], row["position"], row["stored_at"]):
            self._find("moved", row, f"the id table says that its event stands in shard {known[0]} at position {known[1]}")

    def _find(self, kind: str, row: Row, says: str) -> None:
        self._report.find(kind, self._shard, row["position"], row["event_id"], says)


async def _rows(db: "asyncpg.Connection[Any]", shard: int, last: int) -> AsyncGenerator[Sequence[Row], None]:
    """The database looks for the next rows while these are hashed."""

    def after(position: int, stored_at: datetime) -> "asyncio.Task[list[Any]]":
        return asyncio.create_task(db.fetch(SQL["verify_entries"], shard, position, stored_at, last, ROWS_AT_ONCE))

    coming = after(0, LONG_AGO)
    try:
        while rows := await coming:
            coming = after(rows[-1]["position"], rows[-1]["stored_at"])
            await asyncio.sleep(0)  # lets the question go out before the hashing begins
            yield rows
    finally:
        coming.cancel()
        await asyncio.wait({coming})


async def _open(db: "asyncpg.Connection[Any]", keyring: Keyring, rows: Sequence[Row], report: Report) -> None:
    sealed = [row for row in rows if row["sealed"] is not None]
    keys = await _keys(db, keyring, {row["thread_id"]: row for row in sealed}, report)
    for row in sealed:
        key = keys.get(row["thread_id"])
        if key is None:
            report.destroyed += 1
            continue
        try:
            plaintext = unseal(key, row["sealed"], row["event_id"].bytes)
        except BrokenSeal:
            report.find("seal-broken", row["shard"], row["position"], row["event_id"], "its seal does not open with its thread's key")
            continue
        report.opened += 1
        if commitment(key, row["sealed"], plaintext) != row["commitment"]:
            says = "it opens to something that it was not chained as"
            report.find("opens-otherwise", row["shard"], row["position"], row["event_id"], says)


async def _keys(db: "asyncpg.Connection[Any]", keyring: Keyring, threads: Mapping[UUID, Row], report: Report) -> dict[UUID, bytes]:
    keys = await keyring.of(db, threads)
    for thread in await keyring.damaged(db, threads.keys() - keys.keys()):
        row = threads[thread]
        report.find("key-not-opened", row["shard"], row["position"], row["event_id"], "the master key does not open its thread's key")
    return keys


def _miss_signatures(report: Report, signed_before: datetime) -> None:
    """Without this, heads that were cut at the end would leave rows that anybody may have rewritten, and no word of it."""
    for shard, left in report.uncovered.items():
        if left.since < signed_before:
            last = report.heads[shard]
            says = f"no signature covers these rows, the first is of {at(left.since)}: the signer stood still, or signed heads are missing"
            report.find("not-signed", shard, last - left.rows + 1, None, says, last)


async def _compare_ids(db: "asyncpg.Connection[Any]", report: Report) -> None:
    for row in await db.fetch(SQL["verify_ids"], MOST_FINDINGS):
        report.find("id-without-row", row["shard"], row["position"], row["event_id"], "the id table names a row that is not there")
    for row in await db.fetch(SQL["verify_beyond"], MOST_FINDINGS):
        report.find("beyond-head", row["shard"], row["position"], row["event_id"], "a row that no append has made")
