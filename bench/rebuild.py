"""Intake's read models made again by `otklik rebuild intake`, as an operator runs it; the floor is a COPY of the rows it made."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from bench import indexes, messages
from bench.measuring import Round, by_turns, cores_of
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Stage
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.chassis.store.queries import queries
from libs.events.envelope import encode
from libs.events.topics import INBOUND
from local.places import ROOT
from local.processes import AUTHORITY

SQL = queries(__file__)
REQUESTS_A_SECOND = 1_000  # of the plan's seconds; each has some three events
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.2
TOLD = re.compile(r"\d+ events in ([\d.]+) s")  # a line of the command for each read model
GROUP = "bench-rebuild"
FRONTEND = "vk"

Tables = Sequence[tuple[str, Sequence[Any]]]


class _Run:
    def __init__(self, stage: Stage, database: str, events: int, tables: Tables) -> None:
        self._stage = stage
        self._database = database
        self._events = events
        self._tables = tables

    async def ours(self) -> Round:
        """The command's own seconds; it ends with another code than 0 when the rows became others."""
        environment = self._stage.environment("intake", self._database, GROUP, http_port=0)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "rebuild", "intake"),
            cwd=ROOT,
            env={**os.environ, **environment, "OTKLIK_ADMIN_DSN": self._database},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
        seconds = [float(each) for each in TOLD.findall(said)]
        if process.returncode or not seconds:
            raise WrongRun(f"otklik rebuild ended with {process.returncode}: {said[-2000:]}")
        return Round(rate=self._events / sum(seconds))

    async def floor(self) -> Round:
        db = await asyncpg.connect(self._stage.dsn(await self._stage.new_database(), "intake"))
        try:
            with cores_of(self._stage.pids()) as cores:
                began = time.perf_counter()
                for table, rows in self._tables:
                    await db.copy_records_to_table(table, records=map(tuple, rows), columns=tuple(rows[0].keys()))
                seconds = time.perf_counter() - began
        finally:
            await db.close()
        return Round(rate=self._events / seconds, cores=cores.busy)


async def measure(stage: Stage, plan: Plan) -> Measured:
    database = await stage.new_database()
    await indexes.check(database, "intake")
    db = await asyncpg.connect(database)
    try:
        await _register(stage, database, db, max(1, int(plan.seconds * REQUESTS_A_SECOND)))
        events = int(await db.fetchval(SQL["events_of_models"]))
        tables = [(table, await _rows(db, table)) for table in sorted({line.partition(":")[0] for line in indexes.READ_MODELS})]
    finally:
        await db.close()
    run = _Run(stage, database, events, [(table, rows) for table, rows in tables if rows])
    rounds, floors = await by_turns(plan.rounds, run.ours, run.floor, plan.tell)
    return Measured(rounds=rounds, floor_rounds=floors, notes={"events": events, "rows": {table: len(rows) for table, rows in tables}})


async def _register(stage: Stage, database: str, db: "asyncpg.Connection[Any]", requests: int) -> None:
    """Events as intake itself writes them, by its Kafka door."""
    await stage.begin([GROUP], await stage.fill(_records(requests)))
    async with stage.running("intake", database, GROUP):
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    if await db.fetchval(SQL["requests"]) >= requests:
                        return
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise WrongRun(f"intake has not registered {requests} requests within {PATIENCE_SECONDS:g} s") from None


def _records(requests: int) -> Iterator[tuple[str, str, bytes]]:
    authority, ids = load_authority(AUTHORITY).code, TimeOrderedIds()
    for number in range(requests):
        record = messages.inbound(FRONTEND, "rebuild", number, datetime.now(UTC), authority, ids)
        yield INBOUND.of(FRONTEND), record.aggregate_id, encode(record)


async def _rows(db: "asyncpg.Connection[Any]", table: str) -> Sequence[Any]:
    return await db.fetch(f"SELECT * FROM intake.{table}")  # noqa: S608 - a name of ours
