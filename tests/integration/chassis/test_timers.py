"""Durable timers on a real PostgreSQL: run once, in due order, after a downtime, whoever else runs them and wherever it is killed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest

from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection
from libs.chassis.store.timers import LONGEST_PAUSE, Effect, Timer, Timers, cancel_timers, pause_after, set_timers
from tests.integration.chassis.chassis import MOMENT, SERVICE, Chassis, running
from tests.integration.chassis.killable import IN_HAND
from tests.integration.chassis.test_killed import heard, killable
from tests.stack import Database, eventually

HOUR = timedelta(hours=1)
KIND = "remind"


def timer(number: int, due_at: datetime = MOMENT, kind: str = KIND) -> Timer:
    return Timer(kind=kind, key=f"n-{number}", due_at=due_at, payload={"number": str(number)})


async def note(db: Connection, due: Timer) -> None:
    """An effect that can be counted; its ids grow with time."""
    await db.execute("INSERT INTO effects (number, event_id) VALUES ($1, uuidv7())", int(due.payload["number"]))


class Town:
    """One service's timers; each `replica` stands for a process of it, all with one clock."""

    def __init__(self, chassis: Chassis) -> None:
        self.clock = FixedClock(MOMENT)
        self.chassis = Chassis(pool=chassis.pool, kafka=chassis.kafka, clock=self.clock)

    def replica(self, effect: Effect = note, kind: str = KIND) -> Timers:
        made = Timers(self.chassis.pool, self.clock, self.chassis.metrics)
        made.on(kind, effect)
        return made

    async def set(self, *timers: Timer) -> None:
        async with self.chassis.pool.acquire() as db, db.transaction():
            await set_timers(db, timers)

    async def run(self, timers: Timers) -> None:
        """Until nothing is due."""
        while await timers.turn():
            pass

    async def waiting(self) -> list[str]:
        return [row["key"] for row in await self.chassis.pool.fetch("SELECT key FROM timers ORDER BY due_at, key")]

    async def done(self) -> list[int]:
        """In the order in which they were done."""
        return [row["number"] for row in await self.chassis.pool.fetch("SELECT number FROM effects ORDER BY event_id")]


@pytest.fixture
async def town(chassis: Chassis, superuser: "asyncpg.Connection[asyncpg.Record]") -> Town:
    await superuser.execute("TRUNCATE timers")
    return Town(chassis)


@pytest.mark.requirement("R-10")
async def test_a_timer_runs_when_it_is_due_and_not_before_and_once(town: Town) -> None:
    await town.set(timer(1, MOMENT + HOUR))
    replica = town.replica()
    await town.run(replica)
    assert await town.done() == []
    town.clock.move(HOUR)
    await town.run(replica)
    await town.run(town.replica())
    assert await town.done() == [1]
    assert await town.waiting() == []


@pytest.mark.requirement("R-10")
async def test_what_fell_due_during_a_downtime_runs_at_the_next_start_in_due_order(town: Town) -> None:
    await town.set(*(timer(number, MOMENT + number * HOUR) for number in (3, 1, 4, 2, 9)))
    town.clock.move(5 * HOUR)
    async with running(town.replica()):
        await eventually(lambda: _as_many(town, 4))
    assert await town.done() == [1, 2, 3, 4]
    assert await town.waiting() == ["n-9"]


@pytest.mark.requirement("R-10")
async def test_a_timer_that_is_set_again_moves_and_a_cancelled_one_never_runs(town: Town) -> None:
    await town.set(timer(1), timer(2), timer(3))
    async with town.chassis.pool.acquire() as db, db.transaction():
        await set_timers(db, [timer(1, MOMENT + HOUR)])
        await cancel_timers(db, KIND, ["n-2", "n-7"])
    await town.run(town.replica())
    assert await town.done() == [3]
    town.clock.move(HOUR)
    await town.run(town.replica())
    assert await town.done() == [3, 1]


@pytest.mark.requirement("R-10")
async def test_setting_and_cancelling_belong_to_the_callers_transaction(town: Town) -> None:
    await town.set(timer(1))
    async with town.chassis.pool.acquire() as db:
        transaction = db.transaction()
        await transaction.start()
        await set_timers(db, [timer(2)])
        await cancel_timers(db, KIND, ["n-1"])
        await transaction.rollback()
    assert await town.waiting() == ["n-1"]


@pytest.mark.requirement("R-10", "R-6")
async def test_replicas_that_race_for_the_same_timers_run_each_of_them_once(town: Town) -> None:
    await town.set(*(timer(number) for number in range(120)))
    both = asyncio.Barrier(2)

    async def first_waits_for_the_other(db: Connection, due: Timer) -> None:
        if due.key in ("n-0", "n-1"):  # the two that are in hand first, so the replicas do run at once
            await both.wait()
        await note(db, due)

    await asyncio.gather(*(town.run(town.replica(first_waits_for_the_other)) for _ in range(2)))
    assert sorted(await town.done()) == list(range(120))


@pytest.mark.requirement("R-10")
async def test_an_effect_may_set_its_own_timer_anew(town: Town) -> None:
    async def again(db: Connection, due: Timer) -> None:
        await note(db, due)
        await set_timers(db, [timer(1, due.due_at + HOUR)])

    await town.set(timer(1))
    for _ in range(3):
        await town.run(town.replica(again))
        town.clock.move(HOUR)
    assert await town.done() == [1, 1, 1]
    assert await town.waiting() == ["n-1"]


@pytest.mark.requirement("R-10", "R-7")
async def test_a_timer_that_always_fails_waits_longer_each_time_leaves_no_trace_and_holds_up_nobody(town: Town) -> None:
    tries = []

    async def poison(db: Connection, due: Timer) -> None:
        await note(db, due)
        if due.key == "n-1":
            tries.append(town.clock.now())
            await db.execute("SELECT 1 / 0")

    await town.set(timer(1), timer(2), timer(3))
    replica = town.replica(poison)
    for _ in range(600):
        await town.run(replica)
        town.clock.move(timedelta(seconds=1))
    assert await town.done() == [2, 3]
    assert [(later - before).total_seconds() for before, later in pairwise(tries)] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert town.chassis.figure("otklik_timers_overdue_age_seconds", kind=KIND) == 600
    await town.run(town.replica(note))
    town.clock.move(LONGEST_PAUSE)
    await town.run(town.replica(note))
    assert await town.done() == [2, 3, 1], "once it is mended it runs"


@pytest.mark.requirement("R-10")
def test_the_pause_after_a_failure_grows_to_an_hour_and_no_further() -> None:
    assert [pause_after(failures).total_seconds() for failures in (1, 2, 3)] == [2, 4, 8]
    assert pause_after(10_000) == LONGEST_PAUSE


@pytest.mark.requirement("R-10", "R-7")
async def test_even_what_looks_like_a_failure_of_the_database_does_not_block_the_other_timers(town: Town) -> None:
    async def slow(db: Connection, due: Timer) -> None:
        if due.key == "n-1":
            raise TimeoutError
        await note(db, due)

    await town.set(timer(1), timer(2))
    await town.run(town.replica(slow))
    assert await town.done() == [2]


@pytest.mark.requirement("R-10", "R-11")
async def test_a_timer_of_a_kind_that_this_release_does_not_know_waits(town: Town) -> None:
    await town.set(timer(1, kind="newer"), timer(2))
    await town.run(town.replica())
    assert await town.done() == [2]
    await town.run(town.replica(kind="newer"))
    assert await town.done() == [2, 1]


@pytest.mark.requirement("R-10", "D-14")
async def test_who_is_killed_in_the_middle_of_an_effect_has_done_nothing_and_the_next_process_does_it(
    town: Town, chassis_database: Database
) -> None:
    await town.set(timer(1), timer(2))
    async with killable(chassis_database, "timers") as process:
        await heard(process, IN_HAND)
        assert await town.done() == []
        process.kill()
        await process.wait()
    async with running(town.replica()):
        await eventually(lambda: _as_many(town, 2))
    assert await town.done() == [1, 2]


@pytest.mark.requirement("R-10")
async def test_timers_go_on_after_the_database_threw_their_connections_out(
    town: Town, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with running(town.replica()):
        await town.set(timer(1))
        await eventually(lambda: _as_many(town, 1))
        await superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", SERVICE)
        await eventually(lambda: _set(town, timer(2)))
        await eventually(lambda: _as_many(town, 2))


async def _set(town: Town, *timers: Timer) -> bool:
    """The pool may still hold a connection that was thrown out."""
    try:
        await town.set(*timers)
    except INFRASTRUCTURE_ERRORS:
        return False
    return True


async def _as_many(town: Town, count: int) -> bool:
    done: Sequence[int] = await town.done()
    return len(done) == count
