"""A consumer whose records are gone from Kafka stops, says what to run, and goes on when it was run (R-12)."""

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from libs.chassis.bus.consumers import ASK_SECONDS
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.losses import OFFSET_GONE, Losses, OffsetGone
from libs.chassis.bus.standing import Loss
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops import logs
from libs.chassis.store.places import Place, Places
from libs.events.topics import OUTBOUND, Topic
from tests.integration.chassis.chassis import Chassis, note, running
from tests.integration.chassis.notes import Noted, published
from tests.integration.chassis.test_consumers import is_ready
from tests.integration.chassis.test_subscriber import done, reached, send
from tests.stack import eventually

SESSION_MS = 6_000
MANY = 150


def losses(chassis: Chassis) -> Losses:
    return Losses(service="intake", bootstrap=chassis.kafka, places=Places(chassis.pool), clock=chassis.clock)


def subscribed(chassis: Chassis, topic: Topic, group: str = "") -> Subscription:
    name = group or f"test-{uuid4().hex}"
    take = chassis.effect_once(chassis.count).take
    return chassis.subscription(topic, take=take, group=name, static_member=f"{name}-1", session_timeout_ms=SESSION_MS)


async def delete_records(chassis: Chassis, topic: Topic, before: int) -> None:
    async with chassis.admin() as admin:
        await admin.delete_records({TopicPartition(topic.name, 0): RecordsToDelete(before_offset=before)})


async def make_anew(chassis: Chassis, topic: Topic) -> None:
    async with chassis.admin() as admin:
        await admin.delete_topics([topic.name])
        await eventually(lambda: _gone(chassis, topic))
    await eventually(lambda: _made(chassis, topic))


async def _gone(chassis: Chassis, topic: Topic) -> bool:
    async with chassis.admin() as admin:
        return topic.name not in await admin.list_topics()


async def _made(chassis: Chassis, topic: Topic) -> bool:
    try:
        await chassis.make(topic.name, topic.partitions)
    except KafkaError:
        return False
    return True


async def resumed(chassis: Chassis, subscription: Subscription) -> bool:
    try:
        await losses(chassis).resume(subscription)
    except KafkaError:
        return False  # the old session of the static member lasts
    return True


async def kept(chassis: Chassis, subscription: Subscription, next_offset: int) -> bool:
    places = await Places(chassis.pool).of(subscription.group)
    return any(place.next_offset == next_offset for place in places.values())


@pytest.mark.requirement("R-12", "D-20")
async def test_who_was_away_while_its_records_were_deleted_stops_says_what_to_run_and_goes_on_after_it(
    chassis: Chassis, log_lines: io.StringIO
) -> None:
    topic = await chassis.topic()
    subscription = subscribed(chassis, topic)
    await send(chassis, topic, *range(3))
    async with running(chassis.consumers(subscription)):
        await eventually(lambda: done(chassis, 0, 1, 2))
        await eventually(lambda: kept(chassis, subscription, 3))
    await send(chassis, topic, *range(3, 9))
    await delete_records(chassis, topic, 6)
    logs.configure(service="test", level="INFO", stream=log_lines)
    again = chassis.consumers(subscription)
    async with running(again):
        await eventually(lambda: reached(lambda: chassis.halted))
        assert chassis.halted == {"consumers": OFFSET_GONE}
        with pytest.raises(OffsetGone):
            await again.ready()
        assert await chassis.effects() == [0, 1, 2]
        assert all(loop.alive for loop in chassis.health.loops), "a new process would not help"
        await eventually(lambda: resumed(chassis, subscription))
        await eventually(lambda: done(chassis, 6, 7, 8))
        await eventually(lambda: is_ready(again))
        assert chassis.halted == {}
    told = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    [critical] = [line for line in told if line["level"] == "critical"]
    assert critical["code"] == OFFSET_GONE
    assert critical["run"].endswith("otklik topics resume intake")


async def has_coordinators(chassis: Chassis) -> bool:
    """A new cluster makes room for the places of groups when it is first asked."""
    try:
        await losses(chassis).look(subscribed(chassis, await chassis.topic()))
    except GroupCoordinatorNotAvailableError:
        return False
    return True


@pytest.mark.requirement("R-12", "R-14")
async def test_a_service_with_the_topics_of_fifty_frontends_is_through_with_its_look_within_its_own_limit(chassis: Chassis) -> None:
    await eventually(lambda: has_coordinators(chassis))
    family = replace(await chassis.topic(), name=f"many-{uuid4().hex}.<frontend>.v1")
    names = [family.of(f"f{number}") for number in range(MANY)]
    subscription = subscribed(chassis, family)
    async with chassis.admin() as admin:
        await admin.create_topics([NewTopic(name, 1, 1) for name in names])
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await losses(chassis).look(subscription)
        finally:
            await admin.delete_topics(names)
    assert len(await Places(chassis.pool).of(subscription.group)) == MANY


@pytest.mark.requirement("R-12")
async def test_records_that_are_deleted_under_a_consumer_that_is_behind_are_not_stepped_over(chassis: Chassis) -> None:
    topic = await chassis.topic()
    mended, offered = False, list[int]()

    async def take(batch: Sequence[Delivery]) -> None:
        offered.extend(delivery.offset for delivery in batch)
        if not mended:
            raise ConnectionRefusedError
        await effect.take(batch)

    effect = chassis.effect_once(chassis.count)
    subscription = chassis.subscription(topic, take=take, session_timeout_ms=SESSION_MS, max_records=1)
    async with running(chassis.consumers(subscription, watch_seconds=3.0)):
        await send(chassis, topic, *range(9))
        await eventually(lambda: reached(lambda: len(offered) >= 2))
        await delete_records(chassis, topic, 6)
        await eventually(lambda: reached(lambda: chassis.halted))
        assert set(offered) == {0}, "nothing that lies behind what is gone"
        mended = True
        assert await chassis.effects() == []
        await eventually(lambda: resumed(chassis, subscription))
        await eventually(lambda: done(chassis, 6, 7, 8))


@pytest.mark.requirement("R-12", "D-20")
async def test_a_topic_that_was_made_anew_under_a_running_consumer_stops_it_and_then_loses_nothing(chassis: Chassis) -> None:
    topic = await chassis.topic()
    subscription = subscribed(chassis, topic)
    consumers = chassis.consumers(subscription)
    async with running(consumers):
        await send(chassis, topic, *range(3))
        await eventually(lambda: done(chassis, 0, 1, 2))
        await eventually(lambda: kept(chassis, subscription, 3))
        await make_anew(chassis, topic)
        await send(chassis, topic, *range(10, 20))
        await eventually(lambda: reached(lambda: chassis.halted))
        await eventually(lambda: resumed(chassis, subscription))
        await eventually(lambda: done(chassis, *range(10, 20)))
        await eventually(lambda: is_ready(consumers))
    assert await chassis.effects() == [0, 1, 2, *range(10, 20)], "each once"


@pytest.mark.requirement("R-12")
async def test_an_offset_that_expired_costs_nothing_while_the_records_are_there_and_stops_when_they_are_not(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await send(chassis, topic, *range(9))
    new = subscribed(chassis, topic)
    await losses(chassis).look(new)
    [(partition, place)] = (await Places(chassis.pool).of(new.group)).items()
    there, gone = subscribed(chassis, topic), subscribed(chassis, topic)
    for subscription, following in ((there, 6), (gone, 2)):
        await Places(chassis.pool).keep(
            subscription.group, {partition: Place(topic_id=place.topic_id, next_offset=following, caught_up_at=None)}
        )
    await delete_records(chassis, topic, 5)
    async with running(chassis.consumers(there)):
        await eventually(lambda: done(chassis, 5, 6, 7, 8))
    assert await losses(chassis).resume(gone) == {partition: Loss.DELETED}
    await losses(chassis).look(gone)


@pytest.mark.requirement("R-12", "R-14")
async def test_a_new_group_begins_where_the_topic_begins_without_an_alarm(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await send(chassis, topic, *range(9))
    await delete_records(chassis, topic, 5)
    async with running(chassis.consumers(subscribed(chassis, topic))):
        await eventually(lambda: done(chassis, 5, 6, 7, 8))
    assert chassis.halted == {}


@pytest.mark.requirement("R-12", "D-15", "D-20")
async def test_added_partitions_lose_nothing(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=2)
    consumers = chassis.consumers(subscribed(chassis, topic))
    async with running(consumers):
        await send(chassis, topic, 0, partition=0)
        await eventually(lambda: done(chassis, 0))
        async with chassis.admin() as admin:
            await admin.create_partitions({topic.name: NewPartitions(total_count=4)})
        await eventually(lambda: _sent(chassis, topic, 3))
        await send(chassis, topic, 1, partition=1)
        await eventually(lambda: done(chassis, 0, 1, 3))
        await consumers.ready()
    assert chassis.halted == {}


async def _sent(chassis: Chassis, topic: Topic, partition: int) -> bool:
    try:
        await send(chassis, topic, 3, partition=partition)
    except AssertionError:  # aiokafka has not heard of the partition yet
        return False
    return True


@pytest.mark.requirement("R-14", "D-15", "R-3")
async def test_our_own_records_stay_in_the_partitions_of_the_topic_table_when_some_are_added(chassis: Chassis) -> None:
    topic = Topic(name=OUTBOUND.of(f"t{uuid4().hex[:8]}"), contract="test", key="id", producers=(), consumers=("test",))
    await chassis.make(topic.name, OUTBOUND.partitions + 5)
    appends = [note(f"{number}-{uuid4().hex}", Noted(number=number), category=published(topic)) for number in range(120)]
    await chassis.append(*appends)
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(120)
    used = {record.partition for record in tap.records}
    assert used == set(range(OUTBOUND.partitions))
