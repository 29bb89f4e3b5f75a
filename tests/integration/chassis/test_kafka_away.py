"""Kafka is stopped and started once, and everybody who uses it is asked how that was (R-3, R-4)."""

import asyncio
from dataclasses import dataclass, field

import pytest

from libs.chassis.bus.consumers import SILENT_SECONDS, Consumers
from libs.chassis.ops.stop import Stopping
from libs.events.topics import Topic
from tests.integration.chassis.chassis import Chassis, MovedClock, emptied, kafka_stopped, note, running
from tests.integration.chassis.notes import Noted, published
from tests.integration.chassis.test_consumers import alive, is_ready
from tests.integration.chassis.test_subscriber import done, reached, send, unready
from tests.stack import Database, eventually

KEYS, EACH = 3, 20


@dataclass
class Seen:
    """What the outage looked like."""

    pending_meanwhile: int = 0
    beats_meanwhile: int = 0
    sent: list[int] = field(default_factory=list)
    unready: list[bool] = field(default_factory=list)
    alive: list[bool] = field(default_factory=list)
    effects: list[int] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(chassis_database: Database) -> Seen:
    return asyncio.run(_outage(chassis_database))


async def _outage(database: Database) -> Seen:
    seen = Seen()
    async with emptied(database) as chassis:
        topic, heard = await chassis.topic(partitions=2), await chassis.topic()
        old, new = chassis.again(), chassis.again()
        clock = MovedClock()
        connected, late = consumers(old, heard, clock), consumers(new, heard, clock)
        async with running(connected):
            await send(chassis, heard, 1)
            await eventually(lambda: done(chassis, 1))
            async with kafka_stopped(database):
                stopping = Stopping()
                relays = [chassis.relay(shard, beat=lambda: seen_beat(seen)).run(stopping) for shard in range(2)]
                loops = [asyncio.create_task(loop) for loop in (*relays, late.run(stopping))]
                await _what_it_is_like(chassis, topic, seen, clock, [(old, connected), (new, late)])
            await eventually(lambda: is_ready(connected))
            await eventually(lambda: is_ready(late))
            await send(chassis, heard, 2)
            await eventually(lambda: done(chassis, 1, 2))
            await eventually(lambda: reached(lambda: seen.pending_meanwhile))
            await eventually(lambda: nothing_pending(chassis))
            stopping.request()
            await asyncio.gather(*loops)
        async with chassis.tap(topic) as tap:
            await tap.to_the_end()
        seen.sent, seen.effects = tap.numbers_once(), await chassis.effects()
    return seen


def consumers(chassis: Chassis, topic: Topic, clock: MovedClock) -> Consumers:
    return chassis.consumers(chassis.subscription(topic, take=chassis.effect_once(chassis.count).take), now=clock)


async def _what_it_is_like(chassis: Chassis, topic: Topic, seen: Seen, clock: MovedClock, pairs: list[tuple[Chassis, Consumers]]) -> None:
    for n in range(EACH):
        facts = {str(key): Noted(number=key * 1000 + n) for key in range(KEYS)}
        await chassis.append(*(note(f"{key}-{n}", fact, category=published(topic), key=key) for key, fact in facts.items()))
    for _, consumer in pairs:
        seen.unready.append(await eventually(lambda consumer=consumer: unready(consumer)))  # type: ignore[misc]
    clock.seconds += 2 * SILENT_SECONDS
    for parts, _ in pairs:
        seen.alive.append(await eventually(lambda parts=parts: reached(lambda: alive(parts))))  # type: ignore[misc]
    before = seen.beats_meanwhile
    await eventually(lambda: reached(lambda: seen.beats_meanwhile > before + 2))
    seen.pending_meanwhile = await chassis.pending()


def seen_beat(seen: Seen) -> None:
    seen.beats_meanwhile += 1


async def nothing_pending(chassis: Chassis) -> bool:
    return await chassis.pending() == 0


@pytest.mark.requirement("R-4", "R-3", "D-13")
def test_work_is_taken_while_kafka_is_away(seen: Seen) -> None:
    assert seen.pending_meanwhile == KEYS * EACH


@pytest.mark.requirement("R-4", "R-3", "D-5", "D-15")
def test_what_was_taken_meanwhile_arrives_in_order_when_it_comes_back(seen: Seen) -> None:
    for key in range(KEYS):
        assert [number % 1000 for number in seen.sent if number // 1000 == key] == list(range(EACH))


@pytest.mark.requirement("R-4", "D-3")
def test_a_consumer_that_lost_kafka_and_one_that_never_had_it_are_not_ready_and_alive(seen: Seen) -> None:
    assert seen.unready == [True, True]
    assert seen.alive == [True, True], "a process that is started anew does not bring Kafka back"


@pytest.mark.requirement("R-4", "D-5", "D-14")
def test_both_hear_again_when_it_comes_back_and_each_effect_is_once(seen: Seen) -> None:
    assert seen.effects == [1, 2]
