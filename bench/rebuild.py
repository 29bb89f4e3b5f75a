"""Intake's read models made again by `otklik rebuild intake`, as an operator runs it; the floor is a COPY of the rows it made."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import asyncpg

from bench import indexes
from bench.load import Order, send
from bench.measuring import Round, by_turns, cores_of
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Stage
from libs.chassis.store.queries import queries
from local.places import ROOT

SQL = queries(__file__)
LOAD = 2.0  # as long as so many rounds, requests are registered to have events
TOLD = re.compile(r"\d+ events in ([\d.]+) s")  # a line of the command for each read model
GROUP = "bench-rebuild"

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
    await stage.begin([GROUP])
    async with stage.running("intake", database, GROUP) as intake:
        await send(Order(port=intake.port, key=stage.keys["site"], prefix="rebuild", seconds=LOAD * plan.seconds))
    db = await asyncpg.connect(database)
    try:
        events = int(await db.fetchval(SQL["events_of_models"]))
        tables = [(table, await _rows(db, table)) for table in sorted({line.partition(":")[0] for line in indexes.READ_MODELS})]
    finally:
        await db.close()
    run = _Run(stage, database, events, [(table, rows) for table, rows in tables if rows])
    rounds, floors = await by_turns(plan.rounds, run.ours, run.floor, plan.tell)
    return Measured(rounds=rounds, floor_rounds=floors, notes={"events": events, "rows": {table: len(rows) for table, rows in tables}})


async def _rows(db: "asyncpg.Connection[Any]", table: str) -> Sequence[Any]:
    return await db.fetch(f"SELECT * FROM intake.{table}")  # noqa: S608 - a name of ours
