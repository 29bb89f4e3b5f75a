"""The outbox has a partition for each day: made ahead, dropped when empty, and nobody waits for that (R-3)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.outbox import OutboxShard
from tests.integration.chassis.chassis import Chassis, note
from tests.integration.chassis.notes import Noted, published
from tests.stack import eventually

TODAY = date(2031, 5, 17)


@pytest.fixture(autouse=True)
async def without_days(superuser: "asyncpg.Connection[Any]", chassis: Chassis) -> None:
    for name in await days(superuser):
        await superuser.execute(f"DROP TABLE {name}")


async def days(superuser: "asyncpg.Connection[Any]") -> list[str]:
    rows = await superuser.fetch("SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'outbox'::regclass")
    return sorted(row["relname"] for row in rows if row["relname"] != "outbox_default")


def named(*steps: int) -> list[str]:
    return [f"outbox_{TODAY + timedelta(days=step):%Y%m%d}" for step in steps]


async def put(chassis: Chassis, day: date, number: int) -> None:
    """A row of that day."""
    chassis.clock = FixedClock(datetime(day.year, day.month, day.day, tzinfo=UTC))
    chassis.store._clock = chassis.clock
    topic = published(await chassis.topic())
    await chassis.append(note(str(number), Noted(number=number), category=topic))


@pytest.mark.requirement("R-3")
async def test_days_are_made_ahead_and_those_that_are_over_and_empty_are_dropped(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    shard = OutboxShard(chassis.pool, chassis.keyring, 0, "me")
    await shard.rotate(TODAY)
    assert await days(superuser) == named(0, 1, 2)
    await put(chassis, TODAY, 1)
    await put(chassis, TODAY + timedelta(days=1), 2)
    assert await superuser.fetchval("SELECT count(*) FROM outbox_default") == 0
    await shard.rotate(TODAY + timedelta(days=3))
    assert await days(superuser) == named(0, 1, 2, 3, 4, 5), "rows that still wait keep their day, and yesterday stays"
    await chassis.pool.execute("DELETE FROM outbox")
    await shard.rotate(TODAY + timedelta(days=3))
    assert await days(superuser) == named(2, 3, 4, 5)


@pytest.mark.requirement("R-3")
async def test_a_relay_makes_the_days_as_soon_as_it_runs(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    chassis.clock = FixedClock(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC))

    async def made() -> bool:
        return await days(superuser) == named(0, 1, 2)

    async with chassis.relaying():
        await eventually(made, what="today and two days ahead")


@pytest.mark.requirement("R-3")
async def test_a_row_of_a_day_without_a_partition_is_not_lost_and_does_not_stop_the_next_days(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    await put(chassis, TODAY, 1)
    assert await superuser.fetchval("SELECT count(*) FROM outbox_default") == 1
    await OutboxShard(chassis.pool, chassis.keyring, 0, "me").rotate(TODAY)
    assert await days(superuser) == named(1, 2)
    assert await chassis.pending() == 1
    await chassis.pool.execute("DELETE FROM outbox")
    await OutboxShard(chassis.pool, chassis.keyring, 0, "me").rotate(TODAY)
    assert await days(superuser) == named(0, 1, 2)


@pytest.mark.requirement("R-3")
async def test_rows_that_are_added_while_their_day_is_made_are_all_kept(chassis: Chassis) -> None:
    topic = published(await chassis.topic())
    shards = [OutboxShard(chassis.pool, chassis.keyring, number, "me") for number in range(2)]
    for step in range(0, 60, 3):
        day = TODAY + timedelta(days=step)
        chassis.store._clock = FixedClock(datetime(day.year, day.month, day.day, tzinfo=UTC))
        writing = [chassis.append(note(f"{step}-{n}", Noted(number=n), category=topic)) for n in range(4)]
        await asyncio.gather(*writing[:2], *(shard.rotate(day) for shard in shards), *writing[2:])
    assert await chassis.pending() == 80


@pytest.mark.requirement("R-3")
async def test_rotation_waits_for_nobody_and_nobody_waits_for_it(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    shard = OutboxShard(chassis.pool, chassis.keyring, 0, "me")
    await shard.rotate(TODAY)
    async with chassis.pool.acquire() as reader:
        held = reader.transaction(isolation="repeatable_read")
        await held.start()
        await reader.fetch("SELECT * FROM outbox")  # a backup holds every partition like this
        await shard.rotate(TODAY + timedelta(days=9))
        assert set(named(0, 1, 2)) <= set(await days(superuser)), "what is being read is not dropped"
        await held.rollback()
    await shard.rotate(TODAY + timedelta(days=9))
    assert await days(superuser) == named(9, 10, 11)


@pytest.mark.requirement("R-3", "D-2")
async def test_the_service_may_do_no_more_to_its_tables_than_rotate_them(chassis: Chassis) -> None:
    await OutboxShard(chassis.pool, chassis.keyring, 0, "me").rotate(TODAY)
    for attempt in (f"DROP TABLE {named(0)[0]}", f"TABLE {named(0)[0]}", "CREATE TABLE mine (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await chassis.pool.execute(attempt)


@pytest.mark.requirement("D-2")
async def test_a_table_of_the_same_name_in_a_session_is_not_taken_for_the_outbox(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    await OutboxShard(chassis.pool, chassis.keyring, 0, "me").rotate(TODAY)
    async with chassis.pool.acquire() as db:
        await db.execute("CREATE TEMPORARY TABLE outbox (day date) PARTITION BY RANGE (day)")
        await db.execute("SELECT outbox_rotate($1)", TODAY + timedelta(days=9))
        await db.execute("DROP TABLE pg_temp.outbox")
    assert await days(superuser) == named(9, 10, 11)
