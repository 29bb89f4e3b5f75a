"""Events from Kafka into the log by the real history process; the floor is a COPY of what it wrote, in the batches in which it wrote."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import asyncpg

from bench import indexes, messages
from bench.measuring import Round, by_turns, cores_of
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Offsets, Stage
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.chassis.store.queries import queries
from libs.events.envelope import encode
from libs.events.topics import REQUESTS
from local.processes import AUTHORITY

SQL = queries(__file__)
EVENTS_A_SECOND = 4_000  # of the plan's seconds: enough that the start of the process does not count
EVENTS_OF_A_REQUEST = 3
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 180.0

Batch = list[tuple[Any, ...]]


class _Run:
    def __init__(self, stage: Stage, events: int) -> None:
        self._stage = stage
        self._events = events
        self._round = 0
        self.start: Offsets = {}
        self.written: list[Batch] = []
        self.columns: tuple[str, ...] = ()

    async def ours(self) -> Round:
        """From the first batch in the log to the last; the start of the process does not count."""
        self._round += 1
        database = await self._stage.new_database()
        group = f"bench-history-{self._round}"
        await self._stage.begin([group], self.start)
        db = await asyncpg.connect(database)
        try:
            async with self._stage.running("history", database, group) as history:
                with cores_of(self._stage.pids(history=history)) as cores:
                    began, before = await _reached(db, 1)
                    ended, after = await _reached(db, self._events)
                if after != self._events:
                    raise WrongRun(f"{after} entries of {self._events} events")
            if not self.written:
                rows = await db.fetch(SQL["log_rows"])
                self.columns, self.written = tuple(rows[0].keys()), _batches(rows)
        finally:
            await db.close()
        return Round(rate=(after - before) / (ended - began), cores=cores.busy)

    async def floor(self) -> Round:
        database = await self._stage.new_database()
        db = await asyncpg.connect(self._stage.dsn(database, "history"))
        try:
            with cores_of(self._stage.pids()) as cores:
                began = time.perf_counter()
                for batch in self.written:
                    async with db.transaction():
                        await db.copy_records_to_table("log", records=batch, columns=self.columns)
                seconds = time.perf_counter() - began
        finally:
            await db.close()
        return Round(rate=self._events / seconds, cores=cores.busy)


async def measure(stage: Stage, plan: Plan) -> Measured:
    requests = max(1, int(plan.seconds * EVENTS_A_SECOND) // EVENTS_OF_A_REQUEST)
    run = _Run(stage, requests * EVENTS_OF_A_REQUEST)
    await indexes.check(await stage.new_database(), "history")
    run.start = await stage.fill(_records(requests))
    rounds, floors = await by_turns(plan.rounds, run.ours, run.floor, plan.tell)
    sizes = sorted(map(len, run.written))
    return Measured(
        rounds=rounds,
        floor_rounds=floors,
        notes={"events": requests * EVENTS_OF_A_REQUEST, "batches": len(sizes), "median batch": sizes[len(sizes) // 2]},
    )


def _records(requests: int) -> Iterator[tuple[str, str, bytes]]:
    make = partial(messages.request_events, at=datetime.now(UTC), authority=load_authority(AUTHORITY).code, ids=TimeOrderedIds())
    for envelope in chain.from_iterable(map(make, range(1, requests + 1))):
        yield REQUESTS.name, envelope.aggregate_id, encode(envelope)


def _batches(rows: Sequence[Any]) -> list[Batch]:
    return [list(map(tuple, batch)) for _, batch in groupby(rows, key=itemgetter("stored_at"))]


async def _reached(db: "asyncpg.Connection[Any]", length: int) -> tuple[float, int]:
    """When the log was at least so long, and how long it was then."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                there = int(await db.fetchval(SQL["log_length"]))
                if there >= length:
                    return time.perf_counter(), there
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise WrongRun(f"the log has not {length} entries within {PATIENCE_SECONDS:g} s") from None
