"""Registrations over HTTP by the real intake process, its relay sending meanwhile; beside it a bare process that only inserts."""

from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import asyncpg

from bench import indexes
from bench.figures import INTAKE_HTTP
from bench.load import Order, send
from bench.measuring import FLOOR, OURS, Round, by_turns
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Service, Stage
from bench.waiting import until
from libs.chassis.store.queries import queries

SQL = queries(__file__)
CONNECTIONS = 32
WARM_SECONDS = 1.0
DRAIN_SECONDS = 60.0
GROUP = "bench-intake-http"
GENERATOR_LIMIT = 0.9  # of a core: with more the generator itself may be what is measured


@dataclass
class _Run:
    stage: Stage
    plan: Plan
    db: "asyncpg.Connection[Any]"
    registered: int = 0
    left: list[int] = field(default_factory=list)  # outbox rows when a load ends
    generator: list[float] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    async def load(self, service: Service, name: str, seconds: float) -> Round:
        report = await send(
            Order(
                port=service.port,
                key=self.stage.keys["site"],
                prefix=f"{name}-{next(self.numbers)}",
                seconds=seconds,
                connections=CONNECTIONS,
                watch=self.stage.pids(**{name: service}),
            )
        )
        if report.created != sum(report.answers.values()):
            raise WrongRun(f"not every message was registered: answers by status {report.answers}")
        self.generator.append(report.cores["generator"])
        if name == "intake":
            await self.drained(report.created)
        return Round(rate=report.rate, latencies_ms=report.latencies_ms, cores=report.cores)

    async def drained(self, created: int) -> None:
        """What the load left to the relay and the consumer must not weigh on the next round."""
        self.registered += created
        waiting: list[int] = []

        async def all_sent() -> bool:
            row = await self.db.fetchrow(SQL["outbox_rows"])
            if row is None:
                raise WrongRun("the outbox can't be asked")
            waiting.append(row["waiting"])
            return not row["waiting"] and row["came_back"] >= self.registered

        await until(all_sent, DRAIN_SECONDS, "the relay has not sent all that the load left")
        self.left.append(waiting[0])


async def measure(stage: Stage, plan: Plan) -> Measured:
    database = await stage.new_database()
    await indexes.check(database, "intake")
    await stage.begin([GROUP])
    db = await asyncpg.connect(database)
    run = _Run(stage, plan, db)
    bare_environment = {"OTKLIK_POSTGRES_DSN": database}
    try:
        async with (
            stage.running("intake", database, GROUP) as intake,
            stage.process("bare", "bench.bare_intake", bare_environment) as bare,
        ):
            for service, name in ((intake, "intake"), (bare, "bare")):
                await run.load(service, name, WARM_SECONDS)
            run.left.clear()
            ours, floor = partial(run.load, intake, "intake", plan.seconds), partial(run.load, bare, "bare", plan.seconds)
            rounds = await by_turns(plan.rounds, {OURS: ours, FLOOR: floor}, plan.tell)
    finally:
        await db.close()
    return Measured(rounds=rounds, notes=_notes(run))


def _notes(run: _Run) -> dict[str, Any]:
    notes: dict[str, Any] = {"outbox rows when the load ends": run.left}
    if max(run.generator) > GENERATOR_LIMIT:
        notes["attention"] = f"the generator took up to {max(run.generator)} of a core: {INTAKE_HTTP.name} may be bounded by it"
    return notes
