"""One client's 200 entries found and opened in logs of several sizes, five years of months each: buffers touched, times warm and cold.

What surrounds the client's entries was never sealed: it is only passed over, and is made in the database by the month.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from bench import indexes, messages
from bench.measuring import OURS, Round, by_turns, percentile
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Stage
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.store.database import Pool, open_pool
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from services.history.domain.entries import Entry, entry_of
from services.history.domain.questions import Question, Sight
from services.history.store import SQL as HISTORY_SQL
from services.history.store import Log

SQL = queries(__file__)
CLIENTS = 50
REQUESTS = 67  # of each client, with three events each: 201 entries
LIMIT = 200
MONTHS = 60
MONTH = timedelta(days=30.4375)
MASTER = b"bench".ljust(32, b"-")
NO_FILTER = (None,) * 10


class _IdsOf:
    """Time-ordered ids of a time long past: where a thread stands in an index depends on when it began."""

    def __init__(self, at: datetime) -> None:
        self._milliseconds = int(at.timestamp() * 1000)

    def new(self) -> UUID:
        return UUID(int=(self._milliseconds << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62))


@dataclass
class _Filled:
    """A log of a size. Keys are not remembered between reads: who asks for a client was seldom asked just before."""

    size: int
    database: str
    clients: Sequence[UUID]
    buffers: int = 0
    log: Log = field(default_factory=lambda: Log(Keyring(MASTER, "bench", cached=1)))


async def measure(stage: Stage, plan: Plan) -> Measured:
    await indexes.check(await stage.new_database(), "history")
    filled = [await _fill(stage, size, plan) for size in sorted(plan.entries)]
    notes: dict[str, Any] = {}
    for each in filled:
        cold = await _cold(stage, each)
        warm = await _warm(stage, each, plan.seconds)
        each.buffers = await _buffers(stage, each)
        notes[f"{each.size:,} entries"] = {"buffers": each.buffers, "warm": _times(warm), "cold": _times(cold)}
    growth = filled[-1].buffers / filled[0].buffers

    async def ours() -> Round:
        times = await _warm(stage, filled[-1], plan.seconds)
        return Round(rate=len(times) / sum(times) * 1000, latencies_ms=times, marks={"buffers_growth": growth})

    return Measured(rounds=await by_turns(plan.rounds, {OURS: ours}, plan.tell), notes=notes)


async def _fill(stage: Stage, size: int, plan: Plan) -> _Filled:
    """Month by month, the clients' entries among all others, as the years would have left them."""
    database, ids = await stage.new_database(), TimeOrderedIds()
    clients = [ids.new() for _ in range(CLIENTS)]
    began, log, first = time.perf_counter(), Log(Keyring(MASTER, "bench")), datetime.now(UTC) - MONTHS * MONTH
    admin = await asyncpg.connect(database)
    try:
        async with _pool(stage, database) as pool:
            for month in range(MONTHS):
                at = first + month * MONTH
                await admin.execute(SQL["fill_month"], at.date())
                await admin.execute(SQL["fill_log"], month * size // MONTHS, (month + 1) * size // MONTHS - 1, at, MONTH)
                entries = [entry for client in clients for entry in _entries(client, month, at)]
                Random(month).shuffle(entries)  # noqa: S311 - an order, not a secret
                async with pool.acquire() as db, db.transaction():
                    await log.append(db, entries, at)
        await admin.execute(SQL["fill_links"])
        await admin.execute("VACUUM ANALYZE")
    finally:
        await admin.close()
    plan.tell(f"{size:,} entries in {time.perf_counter() - began:,.0f} s")
    return _Filled(size, database, clients)


def _entries(client: UUID, month: int, at: datetime) -> Iterator[Entry]:
    for number in range(REQUESTS):
        if number * MONTHS // REQUESTS == month:
            for event in messages.request_events(number, at, "demo", _IdsOf(at), client):
                yield entry_of(event, None)


@asynccontextmanager
async def _pool(stage: Stage, database: str) -> AsyncIterator[Pool]:
    """As the service opens it, with its role."""
    pool = await open_pool(stage.dsn(database, "history"), size=1)
    try:
        yield pool
    finally:
        await pool.close()


async def _warm(stage: Stage, of: _Filled, seconds: float) -> list[float]:
    async with _pool(stage, of.database) as pool:
        for client in of.clients:
            await _read(pool, of.log, client)
        times: list[float] = []
        while sum(times) < seconds * 1000 or len(times) < 2 * CLIENTS:
            times += [await _read(pool, of.log, client) for client in of.clients]
    return times


async def _cold(stage: Stage, of: _Filled) -> list[float]:
    """Each client once after a restart of PostgreSQL whose files the operating system was told to forget."""
    postgres = stage.parts.postgres
    await asyncio.to_thread(postgres.stop)
    await asyncio.to_thread(_forget, Path(postgres.program.argv[postgres.program.argv.index("-D") + 1]))
    await asyncio.to_thread(postgres.start)
    async with _pool(stage, of.database) as pool:
        return [await _read(pool, of.log, client) for client in of.clients]


def _forget(directory: Path) -> None:
    for path in (each for each in directory.rglob("*") if each.is_file()):
        file = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)


async def _read(pool: Pool, log: Log, client: UUID) -> float:
    """Milliseconds until all entries of the page were found and opened."""
    async with pool.acquire() as db:
        began = time.perf_counter()
        async with db.transaction():
            found = await log.find(db, Question(sight=Sight.ALL, client=client, limit=LIMIT))
        took = (time.perf_counter() - began) * 1000
    if len(found) != LIMIT + 1 or any(each.destroyed for each in found):
        raise WrongRun(f"{len(found)} entries of a client, {sum(each.destroyed for each in found)} of them closed")
    return took


async def _buffers(stage: Stage, of: _Filled) -> int:
    """Pages that the two queries of a read touch: the threads of a client, and their entries."""
    async with _pool(stage, of.database) as pool, pool.acquire() as db, db.transaction():
        await db.execute(HISTORY_SQL["plan_anew"])
        threads = [row["thread_id"] for row in await db.fetch(HISTORY_SQL["threads_of"], [of.clients[0]], None)]
        asked = ((HISTORY_SQL["threads_of"], [of.clients[0]], None), (HISTORY_SQL["find_entries"], threads, *NO_FILTER, LIMIT + 1))
        plans = [await db.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *arguments) for query, *arguments in asked]
    return sum(_touched(orjson.loads(plan)[0]["Plan"]) for plan in plans)


def _touched(plan: Mapping[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _times(milliseconds: Sequence[float]) -> str:
    return ", ".join(f"p{percent} {percentile(milliseconds, percent):,.1f} ms" for percent in (50, 99))
