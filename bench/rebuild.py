"""Intake's read models made again by `otklik rebuild intake`, as an operator runs it; the floor is a COPY of the rows it made."""

import asyncio
import os
import re
import subprocess
import sys
from functools import partial
from typing import Any

import asyncpg

from bench import indexes, records
from bench.copies import copied, rows_of
from bench.measuring import FLOOR, OURS, Round, by_turns
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Stage
from bench.waiting import until
from libs.chassis.store.queries import queries
from local.places import ROOT

SQL = queries(__file__)
REQUESTS_A_SECOND = 1_000  # of the plan's seconds; each has some three events
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.2
TOLD = re.compile(r"\d+ events in ([\d.]+) s(?!.*request_words)")  # a line of the command for each read model, but for the index of words
GROUP = "bench-rebuild"
FRONTEND = "vk"


async def measure(stage: Stage, plan: Plan) -> Measured:
    database = await stage.new_database()
    await indexes.check(database, "intake")
    db = await asyncpg.connect(database)
    try:
        await _register(stage, database, db, max(1, int(plan.seconds * REQUESTS_A_SECOND)))
        events = int(await db.fetchval(SQL["events_of_models"]))
        tables = await rows_of(db, "intake", indexes.tables_of(indexes.READ_MODELS))
    finally:
        await db.close()
    measures = {OURS: partial(_rebuilt, stage, database, events), FLOOR: partial(copied, stage, "intake", tables, events)}
    rounds = await by_turns(plan.rounds, measures, plan.tell)
    return Measured(rounds=rounds, notes={"events": events, "rows": {table: len(rows) for table, rows in tables}})


async def _register(stage: Stage, database: str, db: "asyncpg.Connection[Any]", requests: int) -> None:
    """Events as intake itself writes them, by its Kafka door."""

    async def registered() -> bool:
        return bool(await db.fetchval(SQL["requests"]) >= requests)

    await stage.begin([GROUP], await stage.fill(records.inbound(FRONTEND, "rebuild", requests)))
    async with stage.running("intake", database, GROUP):
        await until(registered, PATIENCE_SECONDS, f"intake has not registered {requests} requests", every=LOOK_SECONDS)


async def _rebuilt(stage: Stage, database: str, events: int) -> Round:
    """By the command's own seconds; it ends with another code than 0 when the rows became others."""
    environment = stage.environment("intake", database, GROUP, http_port=0)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "rebuild", "intake"),
        cwd=ROOT,
        env={**os.environ, **environment, "OTKLIK_ADMIN_DSN": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    seconds = [float(each) for each in TOLD.findall(said)]
    if process.returncode or not seconds:
        raise WrongRun(f"otklik rebuild ended with {process.returncode}: {said[-2000:]}")
    return Round(rate=events / sum(seconds))
