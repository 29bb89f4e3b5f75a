"""Stored events are published again: the same records in the same order, once for whoever hears them (R-12, D-20)."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.chassis.bus.repair import Repair
from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.republishing import Republisher, last_recorded
from libs.chassis.store.republishing import published as kind
from libs.events.contracts.history_events import HistoryGapDetected
from libs.events.envelope import decode
from libs.events.topics import Topic
from tests.integration.chassis.chassis import MOMENT, Chassis, note, running
from tests.integration.chassis.notes import Noted, published
from tests.integration.chassis.test_subscriber import done
from tests.stack import eventually

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def republisher(chassis: Chassis, *topics: Topic) -> Republisher:
    return Republisher(store=chassis.store, outbox=chassis.outbox, clock=chassis.clock, kinds=[kind(published(topic)) for topic in topics])


async def all_since(chassis: Chassis, topic: Topic, moment: datetime, only: str | None = None) -> int:
    return sum([count async for count in republisher(chassis, topic).since(chassis.pool, moment, topic=only)])


@pytest.mark.requirement("R-12", "D-20")
async def test_what_kafka_lost_comes_again_with_the_same_ids_keys_and_order_and_has_its_effect_once(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=2)
    streams = [str(uuid4()) for _ in range(250)]
    await chassis.append(
        *(note(each, Noted(number=2 * n), Noted(number=2 * n + 1), category=published(topic)) for n, each in enumerate(streams))
    )
    subscription = chassis.subscription(topic, take=chassis.effect_once(chassis.count).take)
    async with chassis.relaying(), chassis.tap(topic) as tap, running(chassis.consumers(subscription)):
        await tap.until(500)
        assert await all_since(chassis, topic, LONG_AGO) == 500
        await tap.until(1_000)
        await eventually(lambda: done(chassis, *range(500)))
        await eventually(lambda: _seen_before(chassis, 500))
    first, again = tap.records[:500], tap.records[500:]
    by_id = {decode(record.value).event_id: record for record in first}
    for record in again:
        before = by_id[decode(record.value).event_id]
        assert (record.key, record.partition, decode(record.value)) == (before.key, before.partition, decode(before.value))
    for key in {record.key for record in again}:
        assert [decode(record.value).seq for record in again if record.key == key] == [1, 2]
    assert await chassis.effects() == list(range(500))


async def _seen_before(chassis: Chassis, records: int) -> bool:
    return chassis.figure("otklik_records_handled_total", consumer="test", outcome="seen-before") >= records


@pytest.mark.requirement("R-12")
async def test_only_what_was_recorded_since_then_is_published_again_and_only_to_the_topic_asked_for(chassis: Chassis) -> None:
    topic = await chassis.topic()
    old, new = str(uuid4()), str(uuid4())
    await chassis.append(note(old, Noted(number=1), category=published(topic)))
    moment = datetime.now(UTC)
    await chassis.append(note(new, Noted(number=2), category=published(topic)))
    await chassis.append(note(old, Noted(number=3), category=published(topic), after=1))
    await chassis.pool.execute("DELETE FROM outbox")
    assert await all_since(chassis, topic, moment, only="another.v1") == 0
    assert await all_since(chassis, topic, moment) == 2
    newest = await last_recorded(chassis.pool)
    assert newest is not None
    assert timedelta() < datetime.now(UTC) - newest < timedelta(minutes=1)
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(2)
    assert set(tap.numbers()) == {2, 3}


@pytest.mark.requirement("R-12", "D-15")
async def test_beside_the_running_service_neither_new_events_nor_copies_overtake(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=2)
    streams = [str(uuid4()) for _ in range(4)]
    for each in streams:
        await chassis.append(note(each, *[Noted(number=n) for n in range(20)], category=published(topic)))

    async def go_on() -> None:
        for n in range(20, 60):
            await chassis.append(*(note(each, Noted(number=n), category=published(topic), after=n) for each in streams))

    async with chassis.relaying(), chassis.tap(topic) as tap:
        await asyncio.gather(go_on(), all_since(chassis, topic, LONG_AGO))
        await eventually(lambda: _empty(chassis))
        await tap.to_the_end()
    for each in streams:
        seqs = [decode(record.value).seq or 0 for record in tap.records if record.key == each.encode()]
        assert list(dict.fromkeys(seqs)) == list(range(1, 61)), "each comes first in its order"
        copies = [seq for n, seq in enumerate(seqs) if seq in seqs[:n]]
        assert copies == sorted(copies)
        assert len(copies) >= 20


async def _empty(chassis: Chassis) -> bool:
    return await chassis.pending() == 0


@pytest.mark.requirement("R-12", "D-18")
async def test_a_gap_is_answered_once_a_minute_with_just_what_is_missing_and_only_by_its_producer(chassis: Chassis) -> None:
    topic, stream = await chassis.topic(), str(uuid4())
    await chassis.append(note(stream, *[Noted(number=n) for n in range(1, 10)], category=published(topic)))
    await chassis.pool.execute("DELETE FROM outbox")
    clock = FixedClock(MOMENT)

    async def ask(*gaps: HistoryGapDetected) -> int:
        repair = Repair(name="intake", republisher=republisher(chassis, topic), clock=clock)
        async with chassis.pool.acquire() as db, db.transaction():
            await repair.answer(db, gaps)
        return await chassis.pending()

    def gap(producer: str = "intake", name: str = topic.name, first: int = 3, last: int = 5) -> HistoryGapDetected:
        return HistoryGapDetected(producer=producer, topic=name, aggregate_id=stream, from_seq=first, to_seq=last)

    assert await ask(gap(producer="notifier"), gap(name="another.v1")) == 0
    assert await ask(gap(), gap()) == 3
    assert await ask(gap()) == 3, "the first answer is on its way"
    clock.move(timedelta(seconds=61))
    assert await ask(gap()) == 6
    assert await ask(gap(first=9, last=99)) == 7, "what does not exist is not made up"
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(7)
    assert tap.numbers() == [3, 4, 5, 3, 4, 5, 9]
