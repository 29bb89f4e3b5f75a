"""Killed in the middle and started again: nothing is lost, nothing overtakes, each effect once (R-3, R-6)."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from libs.events.topics import Topic
from tests.integration.chassis.chassis import SERVICE, Chassis, note, running
from tests.integration.chassis.killable import COMMITTED, IN_HAND
from tests.integration.chassis.notes import Noted, published
from tests.stack import ROOT, Database, eventually

KEYS, EACH = 3, 150


@asynccontextmanager
async def killable(database: Database, what: str, **options: object) -> AsyncIterator[Process]:
    """The process; it is killed at the end if the test did not do it."""
    options = {"dsn": database.dsn(SERVICE), "kafka": database.stack.parts.kafka_bootstrap} | options
    arguments = [f"--{name}={value}" for name, value in options.items() if value is not None]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.chassis.killable", what, *arguments, cwd=ROOT, stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def heard(process: Process, word: str) -> None:
    """Wait until the process says so."""
    assert process.stdout is not None
    async with asyncio.timeout(120):  # a busy machine is slow to start a process
        async for line in process.stdout:
            if line.decode().strip() == word:
                return
    raise AssertionError(f"the process ended without {word}")


@pytest.mark.requirement("R-3", "D-14", "D-15")
async def test_a_relay_that_is_killed_in_the_middle_loses_nothing_and_keeps_the_order(chassis: Chassis, chassis_database: Database) -> None:
    topic = await chassis.topic(partitions=2)
    for key in range(KEYS):
        facts = [Noted(number=key * 1000 + n, text="ы" * 8_000) for n in range(EACH)]
        await chassis.append(note(str(key), *facts, category=published(topic)))
    async with chassis.tap(topic) as tap:
        async with killable(chassis_database, "relay") as process:
            await tap.until(1)
            process.kill()
        left = await chassis.pending()
        async with chassis.relaying():
            await eventually(lambda: _empty(chassis))
        await tap.to_the_end()
    assert left > 0, "the relay was killed too late to prove anything"
    for key in range(KEYS):
        assert [number % 1000 for number in tap.numbers_once() if number // 1000 == key] == list(range(EACH))


@pytest.mark.requirement("D-14", "R-6", "D-28")
async def test_a_consumer_that_is_killed_before_or_after_its_commit_has_each_effect_once(
    chassis: Chassis, chassis_database: Database
) -> None:
    topic: Topic = await chassis.topic(partitions=3)
    group = f"test-{uuid4().hex}"
    options = {"topic": topic.name, "partitions": 3, "group": group, "member": f"{group}-1"}
    await chassis.append(*(note(str(n), Noted(number=n), category=published(topic)) for n in range(60)))
    async with chassis.relaying():
        await eventually(lambda: _empty(chassis))
    for moment in (IN_HAND, COMMITTED):
        async with killable(chassis_database, "consumer", **options, hang=moment) as process:
            await heard(process, moment)
            process.kill()
        assert (await chassis.effects() == []) is (moment == IN_HAND)
    own = chassis.subscription(topic, take=chassis.effect_once(chassis.count).take, group=group, static_member=f"{group}-1")
    async with running(chassis.consumers(own)), chassis.relaying():
        await chassis.append(note("last", Noted(number=60), category=published(topic)))
        await eventually(lambda: _all(chassis, 61))
    assert await chassis.effects() == list(range(61))
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="seen-before") > 0, "what was killed came again"


async def _empty(chassis: Chassis) -> bool:
    return await chassis.pending() == 0


async def _all(chassis: Chassis, count: int) -> bool:
    return len(set(await chassis.effects())) == count
