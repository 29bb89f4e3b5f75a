"""Stored events are published again: the same records in the same order, once for whoever hears them (R-12, D-20)."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from libs.chassis.bus.repair import Repair
from libs.chassis.ops import logs
from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.database import Pool
from libs.chassis.store.destruction import destroy
from libs.chassis.store.events import Category, Recorded
from libs.chassis.store.republishing import ALL, Published, Republisher, last_recorded
from libs.chassis.store.republishing import published as kind
from libs.events.contracts.history_events import HistoryGapDetected
from libs.events.envelope import decode
from libs.events.topics import Topic
from tests.integration.chassis.chassis import MOMENT, SERVICE, Chassis, about, note, number_in, running
from tests.integration.chassis.notes import NOTES, Erased, Noted, published
from tests.integration.chassis.test_subscriber import done
from tests.stack import Database, eventually

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


def _point(row: Recorded) -> str:
    return str(row.envelope.point)


@pytest.mark.requirement("R-12")
async def test_of_several_kinds_each_event_goes_to_its_own_topic_under_its_own_key_and_a_gap_is_looked_for_in_the_right_one(
    chassis: Chassis,
) -> None:
    notes, site, mail = [await chassis.topic() for _ in range(3)]
    replies = {topic.name: Category(name=f"reply-{name}", registry=NOTES, topic=topic) for name, topic in (("site", site), ("mail", mail))}

    def of_stream(stream: str) -> Category:
        return next(category for category in replies.values() if stream.startswith(category.stream("")))

    several = Republisher(
        store=chassis.store,
        outbox=chassis.outbox,
        clock=chassis.clock,
        kinds=[
            kind(published(notes), _point),
            Published(prefix="reply-", of_stream=of_stream, of_topic=replies.get, key=_point),
            kind(Category(name="hidden", registry=NOTES)),
        ],
    )
    for number, category in enumerate([published(notes), *replies.values(), Category(name="hidden", registry=NOTES)]):
        await chassis.append(note("1", Noted(number=number), category=category, context=about(point=f"at-{number}")))
    await chassis.pool.execute("DELETE FROM outbox")
    assert [several.stream_of(topic.name, "1") for topic in (notes, site, mail)] == ["note-1", "reply-site-1", "reply-mail-1"]
    assert several.stream_of("another.v1", "1") is None
    async with chassis.pool.acquire() as db, db.transaction():
        assert await several.publish(db, []) == 0
        assert await several.publish(db, [("hidden-1", 1, ALL)]) == 0, "what was never published is not published again"
    assert sum([count async for count in several.since(chassis.pool, LONG_AGO)]) == 3
    async with chassis.relaying():
        for number, topic in enumerate([notes, site, mail]):
            async with chassis.tap(topic) as tap:
                await tap.until(1)
            assert [(record.key, number_in(record.value)) for record in tap.records] == [(f"at-{number}".encode(), number)]


@pytest.mark.requirement("R-12", "R-17")
async def test_events_whose_key_was_destroyed_stay_are_told_by_their_ids_and_hold_up_none_of_the_others(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]", log_lines: io.StringIO
) -> None:
    topic, stream = await chassis.topic(), str(uuid4())
    recorded = [
        row for n in range(1, 10) for row in await chassis.append(note(stream, Noted(number=n), category=published(topic), after=n - 1))
    ]
    gone = [row.envelope for row in recorded if row.version in (3, 7)]
    await destroy(superuser, {each.thread_id for each in gone})
    await chassis.pool.execute("DELETE FROM outbox")
    logs.configure(service="test", stream=log_lines)
    assert await all_since(chassis.again(), topic, LONG_AGO) == 7
    told = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert [(line["level"], line["event_id"]) for line in told] == [("warning", str(each.event_id)) for each in gone]
    assert all("not published" in line["event"] for line in told)
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(7)
    assert tap.numbers() == [1, 2, 4, 5, 6, 8, 9]


@pytest.mark.requirement("R-12", "R-17")
@pytest.mark.parametrize("damaged", [False, True])
async def test_an_open_event_of_a_thread_without_a_good_key_stays_too_and_makes_no_new_key(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]", damaged: bool
) -> None:
    topic = await chassis.topic()
    gone, good = (note(name, Erased(number=n), category=published(topic)) for n, name in enumerate(("1", "2")))
    [erased] = await chassis.append(gone)
    await chassis.append(good)
    thread = erased.envelope.thread_id
    if damaged:
        await superuser.execute("UPDATE thread_keys SET wrapped = '\\x00' WHERE thread_id = $1", thread)
    else:
        await destroy(superuser, {thread})
    await chassis.pool.execute("DELETE FROM outbox")
    keys = "SELECT thread_id, wrapped FROM thread_keys ORDER BY thread_id"
    before = await superuser.fetch(keys)
    assert await all_since(chassis.again(), topic, LONG_AGO) == 1
    assert await superuser.fetch(keys) == before
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(1)
    assert tap.numbers() == [1]


@pytest.mark.requirement("R-12")
async def test_a_look_at_the_whole_store_may_take_longer_than_other_queries(
    chassis: Chassis, chassis_database: Database, superuser: "asyncpg.Connection[Any]"
) -> None:
    topic = await chassis.topic()
    await chassis.append(note("1", Noted(number=1), category=published(topic)))

    async def streams(pool: Pool) -> int:
        return sum([count async for count in republisher(chassis, topic).since(pool, LONG_AGO, topic="another.v1")])

    async with asyncpg.create_pool(chassis_database.dsn(SERVICE), min_size=0, command_timeout=1) as impatient:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            looks = asyncio.gather(last_recorded(impatient), streams(impatient))
            await eventually(lambda: _wait_longer(chassis, looks))
        newest, count = await looks
    assert newest is not None
    assert count == 0


async def _wait_longer(chassis: Chassis, looks: "asyncio.Future[Any]") -> bool:
    waiting = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1.5 s'"""
    return looks.done() or await chassis.pool.fetchval(waiting) == 2
