"""A burst as a portal lives through when it is named on television: all at once through Kafka, and when each part had the last of them."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg

from bench import records
from bench.measuring import OURS, Round, by_turns, cores_of
from bench.plan import BURST, Measured, Plan, WrongRun
from bench.stage import Stage
from bench.town import town
from bench.waiting import until
from libs.chassis.store.queries import queries
from libs.events.topics import INBOUND

SQL = queries(__file__)
FRONTEND = "vk"
PARTS = ("registered", "in_history", "handed_over")
LONGEST_SECONDS = 1_800.0
LOOK_SECONDS = 0.5
GROUP = "bench-burst"


async def reached(db: "asyncpg.Connection[Any]", count: int) -> Mapping[str, int]:
    """How much of a burst of so many each part has."""
    [row] = await db.fetch(SQL["reached"], count)
    return dict(row)


async def worked_off(
    ask: Callable[[], Awaitable[Mapping[str, int]]], count: int, note: Callable[[str], None], *, every: float = LOOK_SECONDS
) -> None:
    """Notes each part when it has all of them."""
    open_parts = set(PARTS)

    async def all_done() -> bool:
        found = await ask()
        for part in PARTS:
            if part in open_parts and found.get(part) == count:
                open_parts.remove(part)
                note(part)
        return not open_parts

    await until(all_done, LONGEST_SECONDS, f"not all of {count} messages were worked off", every=every)


class _Run:
    def __init__(self, stage: Stage, count: int) -> None:
        self._stage = stage
        self._count = count
        self._round = 0

    async def burst(self) -> Round:
        """The time counts from the first message's sending. A smaller burst is told as if it had been the whole one."""
        self._round += 1
        async with town(self._stage, f"{GROUP}-{self._round}") as ours:
            db = await asyncpg.connect(ours.database)
            seconds: dict[str, float] = {}
            try:
                with cores_of(self._stage.pids(**ours.services) | {"bench": os.getpid()}) as cores:
                    began = time.perf_counter()
                    await self._stage.fill(records.inbound(FRONTEND, f"burst{self._round}", self._count))
                    await worked_off(
                        lambda: reached(db, self._count),
                        self._count,
                        lambda part: seconds.update({part: time.perf_counter() - began}),
                    )
            finally:
                await db.close()
            if ours.sink.letters < self._count:
                raise WrongRun(f"{ours.sink.letters} letters of {self._count} messages in {INBOUND.of(FRONTEND)}")
        marks = {f"{part}_s": round(passed * BURST / self._count, 1) for part, passed in seconds.items()}
        return Round(rate=self._count / max(seconds.values()), cores=cores.busy, marks=marks)


async def measure(stage: Stage, plan: Plan) -> Measured:
    run = _Run(stage, plan.burst)
    rounds = await by_turns(plan.rounds, {OURS: run.burst}, plan.tell)
    return Measured(rounds=rounds, notes={"messages": plan.burst, "seconds of each round": [dict(each.marks) for each in rounds[OURS]]})
