"""A subscriber on a real broker: whatever lies in a topic, the rest of its batch goes on (R-5)."""

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Received
from libs.chassis.store.database import Connection
from libs.events.envelope import MAX_RECORD_BYTES, encode
from libs.events.topics import Topic
from tests.integration.chassis.chassis import Chassis, envelope, running
from tests.integration.chassis.notes import Noted
from tests.stack import Database, eventually, producer

TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def send(chassis: Chassis, topic: Topic | str, *numbers: int, partition: int | None = None) -> None:
    """Notes as another process would send them."""
    name = topic if isinstance(topic, str) else topic.name
    async with producer(chassis.kafka) as kafka:
        sent = [await kafka.send(name, encode(envelope(Noted(number=number))), key=b"k", partition=partition) for number in numbers]
        await asyncio.gather(*sent)


async def done(chassis: Chassis, *numbers: int) -> bool:
    return set(await chassis.effects()) >= set(numbers)


@pytest.mark.requirement("R-5", "R-21")
async def test_odd_headers_null_values_and_missing_keys_cost_their_batch_nothing(chassis: Chassis) -> None:
    topic, reply = await chassis.topic(dead_letters=True), await chassis.topic()
    traces: list[str | None] = []

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        traces.extend(item.delivery.traceparent for item in batch)
        await chassis.count(db, batch)

    odd: list[list[tuple[str, Any]]] = [
        [("a", None)],
        [("b", b"\xff\xfe\x00")],
        [("c", b"1"), ("c", b"2"), ("c", None)],
        [("reply_to", reply.name.encode()), ("correlation_id", b"\xff")],
        [("content-type", b"application/octet-stream"), ("message_id", None)],
        [("traceparent", None), ("traceparent", b"\xff"), ("traceparent", TRACE)],
        [("traceparent", b"00-not-a-trace")],
        [("", b""), ("ключ", "значение".encode())],
        [],
    ]
    async with producer(chassis.kafka) as kafka:
        for number, headers in enumerate(odd):
            await kafka.send(topic.name, encode(envelope(Noted(number=number))), key=None if number % 2 else b"", headers=headers)
        await kafka.send(topic.name, None, key=b"k")
        await kafka.send_and_wait(topic.name, encode(envelope(Noted(number=99))), key=b"k")
    subscription = chassis.subscription(topic, take=chassis.effect_once(handle).take)
    async with running(chassis.consumers(subscription)), chassis.tap(reply) as answers:
        await eventually(lambda: done(chassis, *range(len(odd)), 99))
        await eventually(chassis.reasons)
        assert await answers.to_the_end() == [], "a reply_to header is never answered"
    assert await chassis.effects() == [*range(len(odd)), 99]
    assert await chassis.reasons() == ["empty-value"]
    assert [trace for trace in traces if trace] == [TRACE.decode()]


@pytest.mark.requirement("R-21", "D-17")
async def test_a_value_over_the_limit_is_set_aside_where_the_topic_lets_it_in(chassis: Chassis) -> None:
    topic = await chassis.topic(dead_letters=True, max_message_bytes=str(8 * 2**20))
    await send(chassis, topic, 1)
    async with producer(chassis.kafka) as small:
        small._max_request_size = 8 * 2**20
        await small.send_and_wait(topic.name, encode(envelope(Noted(text="x" * 3 * MAX_RECORD_BYTES))))
    await send(chassis, topic, 2)
    async with running(chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(chassis.count).take))):
        await eventually(lambda: done(chassis, 1, 2))
    assert await chassis.reasons() == ["too-large"]


@pytest.mark.requirement("R-6", "R-7", "D-14")
async def test_a_database_that_is_down_is_no_poison_the_batch_waits_and_goes_on(chassis: Chassis, chassis_database: Database) -> None:
    topic = await chassis.topic(partitions=2)
    postgres = chassis_database.stack.parts.postgres
    tries = 0

    async def take(batch: Sequence[Delivery]) -> None:
        nonlocal tries
        tries += 1
        await effect.take(batch)

    effect = chassis.effect_once(chassis.count)
    async with running(chassis.consumers(chassis.subscription(topic, take=take))):
        await send(chassis, topic, 1, partition=0)
        await eventually(lambda: done(chassis, 1))
        await asyncio.to_thread(postgres.stop)
        before = tries
        for partition in (0, 1):
            await send(chassis, topic, *range(10 + 10 * partition, 20 + 10 * partition), partition=partition)
        await eventually(lambda: reached(lambda: tries >= before + 3))
        await asyncio.to_thread(postgres.start)
        await eventually(lambda: done(chassis, 1, *range(10, 30)))
    assert await chassis.effects() == [1, *range(10, 30)]
    assert await chassis.reasons() == []


@pytest.mark.requirement("R-6", "R-12")
async def test_a_batch_that_a_mistake_of_ours_stops_comes_again_with_pauses_and_is_never_passed_over(chassis: Chassis) -> None:
    topic = await chassis.topic()
    tries: list[float] = []
    mended = asyncio.Event()

    async def take(batch: Sequence[Delivery]) -> None:
        tries.append(monotonic())
        if not mended.is_set():
            raise KeyError("a mistake")
        await effect.take(batch)

    effect = chassis.effect_once(chassis.count)
    async with running(chassis.consumers(chassis.subscription(topic, take=take))):
        await send(chassis, topic, 1, 2)
        await eventually(lambda: reached(lambda: len(tries) >= 3))
        assert tries[2] - tries[0] > 0.1 + 0.2, "each pause is longer"
        mended.set()
        await eventually(lambda: done(chassis, 1, 2))


@pytest.mark.requirement("D-23", "R-14")
async def test_a_new_frontends_topics_are_heard_without_a_restart_and_from_their_beginning(chassis: Chassis) -> None:
    family = Topic(
        name=f"test-{uuid4().hex[:12]}.<frontend>.v1", contract="test", key="id", producers=(), consumers=("test",), partitions=2
    )
    await chassis.make(family.of("site"), 2)
    group = f"test-{uuid4().hex}"
    subscription = chassis.subscription(family, take=chassis.effect_once(chassis.count).take, group=group, static_member=f"{group}-1")
    async with running(chassis.consumers(subscription)):
        await send(chassis, family.of("site"), 1)
        await eventually(lambda: done(chassis, 1))
        await chassis.make(family.of("vk"), 2)
        await chassis.make(family.of("ok").replace(".v1", ".dlq.v1"), 1)
        await send(chassis, family.of("vk"), 2)
        await send(chassis, family.of("ok").replace(".v1", ".dlq.v1"), 3)
        await send(chassis, family.of("site"), 4)
        await eventually(lambda: done(chassis, 1, 2, 4))
    assert await chassis.effects() == [1, 2, 4], "a dead-letter topic of the family is none of it"


@pytest.mark.requirement("D-28", "D-14")
async def test_a_stop_finishes_the_batch_in_hand_and_commits_it(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await send(chassis, topic, 1, 2)
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        in_hand.set()
        await go_on.wait()
        await chassis.count(db, batch)

    group = f"test-{uuid4().hex}"
    async with running(chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(handle).take, group=group))) as stopping:
        await in_hand.wait()
        stopping.request()
        go_on.set()
    assert await chassis.effects() == [1, 2]
    await send(chassis, topic, 3)
    async with running(chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(chassis.count).take, group=group))):
        await eventually(lambda: done(chassis, 3))
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="seen-before") == 0, "its offsets were committed"


@pytest.mark.requirement("D-28")
async def test_a_stop_does_not_wait_for_the_pause_of_a_batch_that_failed(chassis: Chassis) -> None:
    topic = await chassis.topic()
    tries = 0

    async def take(_batch: Sequence[Delivery]) -> None:
        nonlocal tries
        tries += 1
        raise TimeoutError

    async with running(chassis.consumers(chassis.subscription(topic, take=take))):
        await send(chassis, topic, 1)
        await eventually(lambda: reached(lambda: tries >= 4))
        started = monotonic()
    assert monotonic() - started < 2.0


@pytest.mark.requirement("D-28", "D-5")
async def test_a_static_member_that_starts_again_hears_at_once(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=3)
    group = f"test-{uuid4().hex}"
    for number in range(3):
        await send(chassis, topic, number)
        effect = chassis.effect_once(chassis.count)
        subscription = chassis.subscription(topic, take=effect.take, group=group, static_member=f"{group}-1")
        started = monotonic()
        async with running(chassis.consumers(subscription)):
            await eventually(lambda wanted=number: done(chassis, wanted))  # type: ignore[misc]
        assert monotonic() - started < 10, "far less than the session of 45 s"


@pytest.mark.requirement("D-28", "D-27", "D-14")
async def test_members_that_come_and_go_under_load_have_each_effect_once(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=4)
    group = f"test-{uuid4().hex}"
    total = 400

    def member() -> Any:
        own = chassis.again()
        take = own.effect_once(chassis.count).take
        return own.consumers(own.subscription(topic, take=take, group=group, session_timeout_ms=6_000, max_records=5))

    async def load() -> None:
        async with producer(chassis.kafka) as kafka:
            for number in range(total):
                await kafka.send_and_wait(topic.name, encode(envelope(Noted(number=number))), key=str(number).encode())

    loading = asyncio.create_task(load())
    async with running(member()):
        await eventually(lambda: some(chassis, 20))
        async with running(member()):
            await eventually(lambda: some(chassis, 150))
        await loading
        await eventually(lambda: some(chassis, total))
    assert await chassis.effects() == list(range(total))


async def unready(consumers: Any) -> bool:
    try:
        await consumers.ready()
    except Exception as error:
        return getattr(error, "code", "") == "kafka-not-connected"
    return False


async def some(chassis: Chassis, count: int) -> bool:
    return len(set(await chassis.effects())) >= count


async def reached(condition: Any) -> bool:
    return bool(condition())
