"""The broker and the database come and go under the relay; what was taken arrives, in order (R-3, R-4)."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from time import monotonic

import pytest

from libs.chassis.bus.relay import Pace
from libs.chassis.ops.stop import Background, Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.events import Append
from tests.integration.chassis.chassis import BRISK, Chassis, kafka_frozen, note
from tests.integration.chassis.notes import Noted, published
from tests.stack import Database, eventually


@pytest.mark.requirement("R-3", "R-4", "D-28")
async def test_a_frozen_broker_costs_the_time_limit_and_what_it_missed_arrives_in_order(
    chassis: Chassis, chassis_database: Database
) -> None:
    topic = await chassis.topic()
    beats: list[float] = []
    pace = Pace(lease=2.0, renew=0.4, send=0.5, poll=0.05, from_zero=0.2, again=0.1)
    shard = chassis.outbox.shard_of("k")
    stopping = Stopping()
    relay = asyncio.create_task(chassis.relay(shard, pace=pace, beat=lambda: beats.append(monotonic())).run(stopping))
    async with chassis.tap(topic) as tap:
        await chassis.append(note("1", Noted(number=0), category=published(topic), key="k"))
        await tap.until(1)
        async with kafka_frozen(chassis_database):
            await chassis.append(note("2", *[Noted(number=n) for n in range(1, 6)], category=published(topic), key="k"))
            beats.clear()
            await eventually(lambda: reached(lambda: len(beats) >= 3))
            assert await chassis.pending() == 5
        await chassis.append(note("3", Noted(number=6), category=published(topic), key="k"))
        await eventually(lambda: reached_pending(chassis))
        await tap.to_the_end()
    assert max(later - earlier for earlier, later in pairwise(beats)) < 15, "a turn is bounded"
    assert tap.numbers_once() == list(range(7))
    stopping.request()
    await relay


@pytest.mark.requirement("D-28", "R-4")
async def test_a_process_stops_within_its_limit_while_the_broker_is_frozen(chassis: Chassis, chassis_database: Database) -> None:
    topic = await chassis.topic()
    background, stopping = Background(), Stopping()
    relay = chassis.relay(chassis.outbox.shard_of("k"))
    background.add("relay", relay.run)
    tasks = asyncio.create_task(background.run(stopping, stop_seconds=1.0))
    async with chassis.tap(topic) as tap:
        await chassis.append(note("1", Noted(number=0), category=published(topic), key="k"))
        await tap.until(1)
        async with kafka_frozen(chassis_database):
            await chassis.append(note("2", Noted(number=1), category=published(topic), key="k"))
            started = monotonic()
            stopping.request()
            await tasks
            assert monotonic() - started < 1.0 + 5.0
    assert await chassis.pool.fetchval("SELECT count(*) FROM outbox_leases WHERE expires_at > clock_timestamp()") == 0
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(2)
        assert tap.numbers_once() == [0, 1]


@pytest.mark.requirement("R-3", "R-4")
async def test_a_relay_outlives_a_restart_of_the_database(chassis: Chassis, chassis_database: Database) -> None:
    topic = await chassis.topic()
    postgres = chassis_database.stack.parts.postgres
    async with chassis.relaying(pace=BRISK), chassis.tap(topic) as tap:
        await chassis.append(note("1", Noted(number=1), category=published(topic)))
        await eventually(lambda: reached_pending(chassis))
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)
        await eventually(lambda: appended(chassis, note("2", Noted(number=2), category=published(topic))))
        await eventually(lambda: reached_pending(chassis))
        await tap.to_the_end()
    assert tap.numbers_once() == [1, 2]


async def appended(chassis: Chassis, append: Append) -> bool:
    try:
        await chassis.append(append)
    except INFRASTRUCTURE_ERRORS:
        return False
    return True


async def reached(condition: Callable[[], bool]) -> bool:
    return condition()


async def reached_pending(chassis: Chassis) -> bool:
    return await chassis.pending() == 0
