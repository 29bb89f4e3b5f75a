"""Waiting and replay while records go on coming: on a real broker, beside each other, killed in the middle (R-7)."""

import asyncio
from uuid import uuid4

import pytest

from libs.chassis.bus.consumers import Consumers
from libs.chassis.bus.effect_once import EffectOnce
from libs.chassis.ops.stop import Stopping
from libs.events.envelope import encode
from libs.events.topics import Topic, dead_letter_topic
from tests.integration.chassis.chassis import Chassis, envelope, running
from tests.integration.chassis.killable import IN_HAND
from tests.integration.chassis.mending import Mendable, ask, in_order, of_key, open_lanes, unsettled
from tests.integration.chassis.notes import Noted
from tests.integration.chassis.test_killed import heard, killable
from tests.stack import Database, eventually, producer

pytestmark = pytest.mark.requirement("D-17", "R-7")
KEYS, BAD = 100, 342  # the poison is the fourth record of key 42


async def send(chassis: Chassis, topic: Topic, *numbers: int) -> None:
    """Notes under a hundred keys, as another process would send them."""
    async with producer(chassis.kafka) as kafka:
        sent = [await kafka.send(topic.name, encode(envelope(Noted(number=n))), key=str(n % KEYS).encode()) for n in numbers]
        await asyncio.gather(*sent)


async def settled(chassis: Chassis, done: int, waiting: int) -> bool:
    return (len(await chassis.effects()), len(await unsettled(chassis))) == (done, waiting)


async def of_poisoned_key(chassis: Chassis) -> list[int]:
    return [number for number in await in_order(chassis) if number % KEYS == BAD % KEYS]


@pytest.mark.requirement("D-15")
async def test_one_bad_of_a_thousand_the_others_are_done_but_for_those_of_its_key_which_follow_in_order(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=3, dead_letters=True)
    handler = Mendable(chassis, BAD)
    effect = chassis.effect_once(handler)
    await send(chassis, topic, *range(1000))
    async with chassis.relaying(), running(chassis.consumers(chassis.subscription(topic, take=effect.take)), effect.replay):
        await eventually(lambda: settled(chassis, 1000 - 7, 7))
        assert await unsettled(chassis) == ["not-yet", *["waits"] * 6]
        assert await of_poisoned_key(chassis) == [42, 142, 242]
        async with chassis.tap(dead_letter_topic(topic.name)) as tap:
            await tap.until(1)
            await tap.to_the_end()
        assert len(tap.records) == 1
        handler.bad.clear()
        await ask(chassis)
        await send(chassis, topic, 1042, 1043)
        await eventually(lambda: settled(chassis, 1002, 0))
    assert await of_poisoned_key(chassis) == [*range(42, 1000, 100), 1042]
    assert await open_lanes(chassis) == 0


@pytest.mark.requirement("D-14", "D-28")
async def test_another_replica_that_gets_the_partition_keeps_the_key_waiting_and_can_replay_it(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=2)
    group = f"test-{uuid4().hex}"
    handler, other = Mendable(chassis, BAD), chassis.again()

    def replica(of: Chassis, effect: EffectOnce) -> Consumers:
        return of.consumers(of.subscription(topic, take=effect.take, group=group, session_timeout_ms=6_000))

    first, second = chassis.effect_once(handler), other.effect_once(handler)
    async with running(replica(chassis, first)):
        await send(chassis, topic, *range(500))
        await eventually(lambda: settled(chassis, 498, 2))
    async with running(replica(other, second), second.replay):
        await send(chassis, topic, *range(500, 1000))
        await eventually(lambda: settled(chassis, 993, 7))
        assert await of_poisoned_key(chassis) == [42, 142, 242]
        handler.bad.clear()
        await ask(chassis)
        async with running(replica(chassis, first), first.replay):
            await send(chassis, topic, *range(1000, 1500))
            await eventually(lambda: settled(chassis, 1500, 0))
    assert await of_poisoned_key(chassis) == list(range(42, 1500, 100))


@pytest.mark.requirement("D-15", "D-28")
async def test_while_a_lane_is_emptied_by_many_new_records_of_its_key_overtake_nobody(chassis: Chassis) -> None:
    handler = Mendable(chassis, 0)
    effect = chassis.effect_once(handler)
    await effect.take(of_key("anna", *range(30)))
    handler.bad.clear()
    await ask(chassis)
    stopping = Stopping()

    async def live() -> None:
        for number in range(30, 200, 2):
            await effect.take([*of_key("anna", number, number + 1), *of_key("boris", 1000 + number)])
        stopping.request()

    async def empty(replica: Chassis) -> None:
        replay = replica.effect_once(handler).replay
        while not stopping.requested:
            await replay.round(Stopping())

    await asyncio.gather(live(), *(empty(chassis.again()) for _ in range(3)))
    await effect.replay.round(Stopping())
    assert [number for number in await in_order(chassis) if number < 1000] == list(range(200))
    assert (await unsettled(chassis), await open_lanes(chassis)) == ([], 0)
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="done") > 85, "some had to wait, some had not"


@pytest.mark.requirement("D-14", "R-6")
async def test_a_replay_that_is_killed_in_the_middle_loses_and_doubles_nothing(chassis: Chassis, chassis_database: Database) -> None:
    await chassis.effect_once(Mendable(chassis, 0)).take(of_key("anna", *range(250)))
    await ask(chassis)
    async with killable(chassis_database, "replay", after=100) as process:
        await heard(process, IN_HAND)
        process.kill()
    assert await in_order(chassis) == list(range(100)), "what it had in hand went with it"
    assert len(await unsettled(chassis)) == 150
    effect = chassis.effect_once(chassis.count)
    async with running(effect.replay):
        await eventually(lambda: settled(chassis, 250, 0))
    assert await in_order(chassis) == list(range(250))


@pytest.mark.requirement("D-14", "R-6")
async def test_a_consumer_that_is_killed_between_the_culprit_and_what_is_behind_it_loses_and_doubles_nothing(
    chassis: Chassis, chassis_database: Database
) -> None:
    topic, group, bad = await chassis.topic(), f"test-{uuid4().hex}", 106
    options = {"topic": topic.name, "group": group, "member": f"{group}-1", "hang": IN_HAND, "bad": bad}
    await send(chassis, topic, *range(100, 110), *range(200, 210))
    async with killable(chassis_database, "consumer", **options) as process:
        await heard(process, IN_HAND)
        process.kill()
    assert await in_order(chassis) == list(range(100, bad))
    assert await unsettled(chassis) == ["not-yet"]
    handler = Mendable(chassis, bad)
    effect = chassis.effect_once(handler)
    own = chassis.subscription(topic, take=effect.take, group=group, static_member=f"{group}-1")
    async with running(chassis.consumers(own), effect.replay):
        await eventually(lambda: settled(chassis, 18, 2))
        assert await unsettled(chassis) == ["not-yet", "waits"]
        handler.bad.clear()
        await ask(chassis)
        await eventually(lambda: settled(chassis, 20, 0))
    assert [number for number in await in_order(chassis) if number in (bad, bad + KEYS)] == [bad, bad + KEYS]


@pytest.mark.requirement("D-14", "R-6")
async def test_two_owners_of_one_batch_that_judge_it_differently_keep_the_order(chassis: Chassis) -> None:
    batch = of_key("anna", *range(20))
    owners = [chassis.again().effect_once(Mendable(chassis, *bad)) for bad in ((5,), (5, 9), ())]
    await asyncio.gather(*(owner.take(batch) for owner in owners))
    for _ in range(2):
        await ask(chassis)
        await chassis.effect_once(chassis.count).replay.round(Stopping())
    assert sorted(await in_order(chassis)) == list(range(20)), "each once"
    assert await unsettled(chassis) == []
