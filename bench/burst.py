"""A burst as a portal lives through when it is named on television: all at once through Kafka, and when each part had the last of them."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
REGISTERED = "registered"
PARTS = (REGISTERED, "in_history", "handed_over")
LONGEST_SECONDS = 1_800.0
LOOK_SECONDS = 0.5
GROUP = "bench-burst"


async def reached(db: "asyncpg.Connection[Any]", count: int, parts: Sequence[str]) -> Mapping[str, int | None]:
    """How much of a burst of so many each of these parts has; None: surely not all."""
    [row] = await db.fetch(SQL["reached"], count, parts)
    return dict(row)


async def worked_off(
    ask: Callable[[Sequence[str]], Awaitable[Mapping[str, int | None]]],
    count: int,
    note: Callable[[str], None],
    *,
    every: float = LOOK_SECONDS,
) -> None:
    """Notes each part when it has all of them; the others are asked for once all are registered."""
    left = list(PARTS)

    async def all_done() -> bool:
        asked = left[:1] if REGISTERED in left else left[:]
        found = await ask(asked)
        for part in asked:
            if found.get(part) == count:
                left.remove(part)
                note(part)
        return not left

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
                sent = list(records.inbound(FRONTEND, f"burst{self._round}", self._count))
                with cores_of(self._stage.pids(**ours.services) | {"bench": os.getpid()}) as cores:
                    began = time.perf_counter()
                    await self._stage.fill(sent)
                    await worked_off(
                        lambda parts: reached(db, self._count, parts),
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
