"""What consumers tell of themselves: ready, alive, behind; and what makes them halt (R-4, R-5)."""

import asyncio
import io
import json
from collections.abc import Sequence
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError

from libs.chassis.bus.consumers import SILENT_SECONDS, Consumers
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops import logs
from libs.chassis.ops.stop import Background, Halted, Stopping
from libs.events.topics import Topic
from tests.integration.chassis.chassis import Chassis, MovedClock, running
from tests.integration.chassis.test_subscriber import done, reached, send, unready
from tests.stack import eventually


def alive(chassis: Chassis) -> bool:
    return all(loop.alive for loop in chassis.health.loops)


async def nothing(_batch: Sequence[Delivery]) -> None:
    """A handler that is done at once."""


@pytest.mark.requirement("R-14", "D-15")
async def test_a_topic_with_another_number_of_partitions_halts_the_consumer_and_readiness_says_so(chassis: Chassis) -> None:
    made = await chassis.topic(partitions=3)
    table = Topic(name=made.name, contract="test", key="id", producers=(), consumers=("test",), partitions=12)
    heard: list[Delivery] = []

    async def take(batch: Sequence[Delivery]) -> None:
        heard.extend(batch)

    clock = MovedClock()
    consumers = chassis.consumers(chassis.subscription(table, take=take), now=clock)
    background, stopping = Background(), Stopping()
    background.add("consumers", consumers.run)
    loops = asyncio.create_task(background.run(stopping, stop_seconds=5))
    await send(chassis, made, 1)
    await eventually(lambda: reached(lambda: background.halted))
    assert background.halted == {"consumers": "partition-count-differs"}
    with pytest.raises(Halted, match="partition-count-differs"):
        await background.check()
    assert await unready(consumers)
    clock.seconds = 10 * SILENT_SECONDS
    assert alive(chassis), "another start would not help, and the other doors of the process work"
    assert heard == []
    stopping.request()
    await loops


@pytest.mark.requirement("R-14", "D-15")
async def test_a_topic_that_differs_later_halts_the_consumer_too(chassis: Chassis) -> None:
    family = Topic(
        name=f"test-{uuid4().hex[:12]}.<frontend>.v1", contract="test", key="id", producers=(), consumers=("test",), partitions=2
    )
    await chassis.make(family.of("site"), 2)
    background, stopping = Background(), Stopping()
    consumers = chassis.consumers(chassis.subscription(family, take=nothing))
    background.add("consumers", consumers.run)
    loops = asyncio.create_task(background.run(stopping, stop_seconds=5))
    await eventually(lambda: is_ready(consumers))
    await chassis.make(family.of("vk"), 1)
    await eventually(lambda: reached(lambda: background.halted))
    stopping.request()
    await loops


@pytest.mark.requirement("R-4", "D-15")
async def test_a_consumer_that_its_library_has_given_up_is_started_anew_and_loses_nothing(chassis: Chassis) -> None:
    """As after a kill of Kafka at the worst moment: the library's own task is dead, and all that it says from then on is that."""
    topic = await chassis.topic()
    heard: list[int] = []

    async def take(batch: Sequence[Delivery]) -> None:
        heard.extend(delivery.offset for delivery in batch)

    consumers = chassis.consumers(chassis.subscription(topic, take=take))
    async with running(consumers):
        await send(chassis, topic, 1, 2, 3)
        await eventually(lambda: reached(lambda: heard == [0, 1, 2]))
        [subscriber] = consumers._subscribers.values()
        before = subscriber.consumer
        before._coordinator._coordination_task.cancel()
        before._coordinator._coordination_task = asyncio.get_running_loop().create_future()
        before._coordinator._coordination_task.set_exception(KafkaError("Unexpected error during coordination"))
        await eventually(lambda: reached(lambda: subscriber.consumer not in (None, before)))
        await send(chassis, topic, 4, 5, 6)
        await eventually(lambda: reached(lambda: heard[-1] == 5))
    assert heard == list(range(6))
    assert before._closed


@pytest.mark.requirement("R-4", "R-14")
async def test_a_consumer_waits_for_its_topics_to_be_made(chassis: Chassis) -> None:
    topic = Topic(name=f"test-{uuid4().hex}.v1", contract="test", key="id", producers=(), consumers=("test",), partitions=2)
    consumers = chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(chassis.count).take))
    async with running(consumers):
        await eventually(lambda: unready(consumers))
        await chassis.make(topic.name, 2)
        await send(chassis, topic, 1)
        await eventually(lambda: done(chassis, 1))
        await consumers.ready()


@pytest.mark.requirement("D-3", "D-28")
async def test_a_consumer_that_hangs_with_its_last_batch_in_hand_is_dead(chassis: Chassis) -> None:
    topic = await chassis.topic()
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def take(_batch: Sequence[Delivery]) -> None:
        in_hand.set()
        await go_on.wait()

    clock = MovedClock()
    quiet = chassis.subscription(await chassis.topic(), take=nothing)
    consumers = chassis.consumers(chassis.subscription(topic, take=take), quiet, now=clock)
    async with running(consumers):
        await eventually(lambda: is_ready(consumers))
        clock.seconds += 2 * SILENT_SECONDS
        await eventually(lambda: reached(lambda: alive(chassis)), what="nothing to do is no sign of death")
        await send(chassis, topic, 1)
        await in_hand.wait()
        clock.seconds += 2 * SILENT_SECONDS
        hanging, idle = chassis.health.loops
        await eventually(lambda: reached(lambda: idle.alive))
        assert not hanging.alive
        go_on.set()
        await eventually(lambda: reached(lambda: alive(chassis)))


@pytest.mark.requirement("D-3", "R-6")
async def test_a_consumer_that_waits_for_its_database_is_alive(chassis: Chassis) -> None:
    topic = await chassis.topic()
    clock = MovedClock()
    tries = 0

    async def take(_batch: Sequence[Delivery]) -> None:
        nonlocal tries
        tries += 1
        clock.seconds += SILENT_SECONDS * 0.9
        raise ConnectionRefusedError

    consumers = chassis.consumers(chassis.subscription(topic, take=take), now=clock)
    async with running(consumers):
        await send(chassis, topic, 1)
        await eventually(lambda: reached(lambda: tries >= 3))
        assert alive(chassis)


@pytest.mark.requirement("E-16", "D-5")
async def test_lag_is_told_for_each_partition_and_forgotten_for_those_that_another_reads(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=2)
    for partition in (0, 1):
        await send(chassis, topic, *range(5), partition=partition)
    group = f"test-{uuid4().hex}"
    go_on = asyncio.Event()

    async def take(_batch: Sequence[Delivery]) -> None:
        await go_on.wait()

    first = chassis.consumers(chassis.subscription(topic, take=take, group=group, max_records=1, session_timeout_ms=6_000))
    async with running(first):
        await eventually(lambda: reached(lambda: sorted(lags(chassis, group)) == [4, 5]))
        go_on.set()
        await eventually(lambda: reached(lambda: lags(chassis, group) == [0, 0]))
        assert chassis.figure("otklik_consumer_last_progress_timestamp_seconds", consumer=group) > 1.7e9
        other = chassis.again()
        async with running(other.consumers(other.subscription(topic, take=nothing, group=group, session_timeout_ms=6_000))):
            await eventually(lambda: reached(lambda: len(lags(chassis, group)) == len(lags(other, group)) == 1))


@pytest.mark.requirement("E-16", "R-12")
async def test_a_consumer_that_has_finished_nothing_since_its_start_is_told_of_all_the_same(chassis: Chassis) -> None:
    group = f"test-{uuid4().hex}"
    chassis.consumers(chassis.subscription(await chassis.topic(), take=nothing, group=group))
    assert chassis.registry.get_sample_value("otklik_consumer_last_progress_timestamp_seconds", {"consumer": group}) == 0


@pytest.mark.requirement("E-14", "R-21")
async def test_faststream_tells_no_value_of_an_exception_and_nothing_past_our_formatter(
    chassis: Chassis, log_lines: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    topic = await chassis.topic()
    logs.configure(service="test", level="DEBUG", stream=log_lines)
    tries = 0

    async def take(_batch: Sequence[Delivery]) -> None:
        nonlocal tries
        tries += 1
        raise TimeoutError("Иванова Анна")

    async with running(chassis.consumers(chassis.subscription(topic, take=take))):
        await send(chassis, topic, 1)
        await eventually(lambda: reached(lambda: tries >= 2))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    told = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert "Иванова" not in log_lines.getvalue()
    assert any(line["logger"] == "bus" and line["level"] == "warning" for line in told)
    assert not [line for line in told if line.get("withheld")]


def lags(chassis: Chassis, group: str) -> list[float]:
    return [
        sample.value
        for metric in chassis.registry.collect()
        for sample in metric.samples
        if sample.name == "otklik_consumer_lag_records" and sample.labels["consumer"] == group
    ]


async def is_ready(consumers: Consumers) -> bool:
    try:
        await consumers.ready()
    except Exception:
        return False
    return True
