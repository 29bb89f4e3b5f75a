"""Registrations from a frontend's topic by the real intake process, its relay sending meanwhile; the floor is a COPY of what it wrote."""

import time
from typing import Any

import asyncpg

from bench import indexes, records
from bench.copies import Tables, copied, rows_of
from bench.measuring import FLOOR, OURS, Round, by_turns, cores_of
from bench.plan import Measured, Plan
from bench.stage import Offsets, Stage
from bench.waiting import until
from libs.chassis.store.queries import queries

SQL = queries(__file__)
MESSAGES_A_SECOND = 1_500  # of the plan's seconds: enough that the first batch, which does not count, is a small part
PATIENCE_SECONDS = 180.0
FRONTEND = "vk"
GROUP = "bench-intake-kafka"
LOOK_SECONDS = 0.02


class _Run:
    def __init__(self, stage: Stage, count: int) -> None:
        self._stage = stage
        self._count = count
        self._round = 0
        self.start: Offsets = {}
        self.tables: Tables = ()
        self.left: list[int] = []  # outbox rows when the last message is registered

    async def ours(self) -> Round:
        """From the first batch in the register to the last."""
        self._round += 1
        database, group = await self._stage.new_database(), f"{GROUP}-{self._round}"
        await self._stage.begin([group], self.start)
        db = await asyncpg.connect(database)
        try:
            async with self._stage.running("intake", database, group) as intake:
                with cores_of(self._stage.pids(intake=intake)) as cores:
                    began, before = await self._registered(db, 1)
                    ended, after = await self._registered(db, self._count)
                [row] = await db.fetch(SQL["outbox_rows"])
                self.left.append(row["waiting"])
            self.tables = self.tables or await rows_of(db, "intake", indexes.tables_of((*indexes.EVENTS, *indexes.READ_MODELS)))
        finally:
            await db.close()
        return Round(rate=(after - before) / (ended - began), cores=cores.busy)

    async def floor(self) -> Round:
        return await copied(self._stage, "intake", self.tables, self._count)

    async def _registered(self, db: "asyncpg.Connection[Any]", count: int) -> tuple[float, int]:
        """When at least so many were, and how many were then."""
        there = 0

        async def enough() -> bool:
            nonlocal there
            there = int(await db.fetchval(SQL["requests"]))
            return there >= count

        await until(enough, PATIENCE_SECONDS, f"intake has not registered {count} requests", every=LOOK_SECONDS)
        return time.perf_counter(), there


async def measure(stage: Stage, plan: Plan) -> Measured:
    messages = max(1, int(plan.seconds * MESSAGES_A_SECOND))
    run = _Run(stage, messages)
    await indexes.check(await stage.new_database(), "intake")
    run.start = await stage.fill(records.inbound(FRONTEND, "intake", messages))
    rounds = await by_turns(plan.rounds, {OURS: run.ours, FLOOR: run.floor}, plan.tell)
    return Measured(rounds=rounds, notes={"outbox rows when the last is registered": run.left})
