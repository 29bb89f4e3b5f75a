"""The outbox and its relay, on real Kafka and PostgreSQL: nothing is skipped, nothing overtakes (R-3)."""

from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest

from libs.chassis.bus.relay import Pace
from libs.chassis.store.database import IN_ORDER_OF_INDEX
from libs.chassis.store.outbox import SQL as QUERIES
from libs.chassis.store.outbox import OutboxShard
from libs.events.topics import Topic
from tests.integration.chassis.chassis import BRISK, Chassis, about, note, running
from tests.integration.chassis.notes import Erased, Noted, published
from tests.stack import eventually


@pytest.mark.requirement("R-3", "D-14")
async def test_what_was_appended_arrives_in_its_envelope_and_leaves_the_outbox(chassis: Chassis) -> None:
    topic = await chassis.topic()
    [recorded] = await chassis.append(note("77", Noted(number=5, text="Ж"), category=published(topic), key="its-key"))
    async with chassis.relaying(), chassis.tap(topic) as tap:
        [record] = await tap.until(1)
        await eventually(lambda: empty(chassis))
    assert record.key == b"its-key"
    assert dict(record.headers) == {"schema": b"Noted/1"}
    assert orjson.loads(record.value or b"") == recorded.envelope.model_dump(mode="json")


@pytest.mark.requirement("R-3", "R-4")
@pytest.mark.parametrize("snapshot", [False, True], ids=["", "with-a-snapshot-held-open"])
async def test_two_commits_that_interleave_skip_nothing(chassis: Chassis, snapshot: bool) -> None:
    topic = await chassis.topic()
    slow = await chassis.pool.acquire()
    reader = await chassis.pool.acquire()
    held, open_ = slow.transaction(), reader.transaction(isolation="repeatable_read")
    if snapshot:
        await open_.start()
        await reader.fetch("SELECT * FROM outbox")
    await held.start()
    await chassis.store.append(slow, [note("a", Noted(number=1), category=published(topic), key="k")])
    async with chassis.relaying(pace=Pace(poll=0.05, from_zero=0.5)), chassis.tap(topic) as tap:
        await chassis.append(note("b", Noted(number=2), category=published(topic), key="k"))
        await tap.until(1)
        await eventually(lambda: empty(chassis))
        await held.commit()
        await tap.until(2)
    assert tap.numbers() == [2, 1]
    if snapshot:
        await open_.rollback()
    await chassis.pool.release(slow)
    await chassis.pool.release(reader)


@pytest.mark.requirement("R-3", "D-15")
async def test_what_follows_a_slow_commit_in_its_stream_does_not_overtake_it(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=1)
    category = published(topic)
    slow = await chassis.pool.acquire()
    held = slow.transaction()
    await held.start()
    await chassis.store.append(slow, [note("slow", Noted(number=1), category=category, key="k")])
    never_from_zero = Pace(poll=0.05, from_zero=600.0)
    shard = chassis.outbox.shard_of("k")
    other = next(str(n) for n in range(99) if chassis.outbox.shard_of(str(n)) == shard)
    async with running(chassis.relay(shard, pace=never_from_zero)), chassis.tap(topic) as tap:
        await chassis.append(note("other", Noted(number=100), category=category, key=other))
        await tap.until(1)
        await eventually(lambda: empty(chassis))
        await held.commit()
        await chassis.append(note("slow", Noted(number=2), after=1, category=category, key="k"))
        await tap.until(3)
    assert tap.numbers() == [100, 1, 2]
    await chassis.pool.release(slow)


@pytest.mark.requirement("R-3", "R-17")
async def test_a_damaged_key_of_one_thread_holds_up_nobody_else(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    topic = await chassis.topic(partitions=1)
    bad, good = about(), about()
    await chassis.append(
        note("bad", Noted(number=1), category=published(topic), context=bad, key="bad"),
        note("good", Noted(number=2), category=published(topic), context=good, key="good"),
    )
    await superuser.execute(
        "UPDATE thread_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE thread_id = $1", bad.thread_id
    )
    reader = chassis.again()
    async with reader.relaying(), reader.tap(topic) as tap:
        await tap.until(1)
        await eventually(lambda: parked(chassis, 1))
    assert tap.numbers() == [2]
    assert await chassis.pool.fetch("SELECT key, reason FROM outbox_parked") == [("bad", "no-key")]


@pytest.mark.requirement("R-3", "D-15")
async def test_events_of_one_key_keep_their_order_in_batches_of_any_size(chassis: Chassis) -> None:
    topic = await chassis.topic(partitions=3)
    keys, each = 7, 120
    for key in range(keys):
        facts = [Noted(number=key * 1000 + n, text="ы" * (2_000 if n % 3 else 20_000)) for n in range(each)]
        await chassis.append(note(str(key), *facts, category=published(topic)))
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(keys * each)
        await eventually(lambda: empty(chassis))
    for key in range(keys):
        assert [number % 1000 for number in tap.numbers() if number // 1000 == key] == list(range(each))


@pytest.mark.requirement("R-3", "D-14")
async def test_a_holder_of_the_lease_that_died_is_replaced_and_one_that_lives_is_not(chassis: Chassis) -> None:
    topic = await chassis.topic()
    dead = OutboxShard(chassis.pool, chassis.keyring, 0, "dead")
    assert await dead.lease(1.0)
    assert not await OutboxShard(chassis.pool, chassis.keyring, 0, "rival").lease(1.0)
    key = next(str(n) for n in range(99) if chassis.outbox.shard_of(str(n)) == 0)
    await chassis.append(note("1", Noted(number=1), category=published(topic), key=key))
    started = monotonic()
    async with running(chassis.relay(0)), chassis.tap(topic) as tap:
        await tap.until(1)
    assert monotonic() - started > 0.5
    assert await dead.lease(1.0), "a relay that stops lets the next one in at once"


@pytest.mark.requirement("R-3", "D-15")
async def test_of_two_relays_of_one_shard_one_sends(chassis: Chassis) -> None:
    topic = await chassis.topic()
    async with chassis.relaying(), chassis.relaying(), chassis.tap(topic) as tap:
        for n in range(30):
            await chassis.append(note(str(n), Noted(number=n), category=published(topic), key="k"))
        await tap.until(30)
        await eventually(lambda: empty(chassis))
        await tap.to_the_end()
    assert tap.numbers() == list(range(30))


@pytest.mark.requirement("R-3")
async def test_a_commit_rings_and_its_record_leaves_long_before_the_next_poll(chassis: Chassis) -> None:
    topic = await chassis.topic()
    slow = Pace(poll=20.0, from_zero=60.0)
    async with chassis.relaying(pace=slow), chassis.tap(topic) as tap:
        for n in range(6):  # keys of both shards
            await chassis.append(note(str(n), Noted(number=n), category=published(topic)))
            chassis.bell.ring()
            await tap.until(n + 1, seconds=10.0)
    assert {chassis.outbox.shard_of(str(n)) for n in range(6)} == {0, 1}


@pytest.mark.requirement("R-3", "R-21")
async def test_a_record_that_the_broker_refuses_parks_its_key_and_all_others_go_on(chassis: Chassis) -> None:
    small, wide = await chassis.topic(max_message_bytes="3000"), await chassis.topic()
    big, *others = keys_of_shard(chassis, 0, 4)
    await chassis.append(note("1", Noted(number=1), Noted(number=2, text="ы" * 4000), category=published(small), key=big))
    await chassis.append(*(note(f"o{key}", Noted(number=10), Noted(number=11), category=published(small), key=key) for key in others))
    await chassis.append(note("1", Noted(number=3), after=2, category=published(small), key=big))
    await chassis.append(note("w", Noted(number=20), category=published(wide), key=big))
    async with chassis.relaying(), chassis.tap(small) as tap, chassis.tap(wide) as open_tap:
        await open_tap.until(1)
        await tap.until(1 + 2 * len(others))
        await eventually(lambda: parked(chassis))
        later = [note(f"l{n}", Noted(number=30 + n), category=published(small), key=key) for n, key in enumerate([big, *others])]
        await chassis.append(*later)
        await tap.until(1 + 3 * len(others))
    sent = [(record.key, number) for record, number in zip(tap.records, tap.numbers(), strict=True)]
    assert [number for key, number in sent if key == big.encode()] == [1]
    assert await parked(chassis) == [(small.name, big, "MessageSizeTooLargeError")]
    assert await chassis.pending() == 3
    assert chassis.figure("otklik_parked_keys", where="outbox") == 1


@pytest.mark.requirement("R-3", "D-15")
@pytest.mark.parametrize("last", [1, 2, 3])
async def test_nothing_of_a_key_overtakes_a_batch_that_was_refused(chassis: Chassis, last: int) -> None:
    topic = await chassis.topic(max_message_bytes="4000")
    facts = [Noted(number=n, text="ы" * 1_000) for n in range(60 + last)]
    await chassis.append(note("h", *facts, category=published(topic), key="k"))
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(60 + last)
        await eventually(lambda: empty(chassis))
    assert tap.numbers_once() == list(range(60 + last))


@pytest.mark.requirement("R-3", "R-14")
async def test_a_missing_topic_stops_nobody_else_and_its_records_wait_for_it_in_order(chassis: Chassis) -> None:
    there = await chassis.topic()
    missing = Topic(name=f"test-{uuid4().hex}.v1", contract="test", key="id", producers=(), consumers=(), partitions=1)
    await chassis.append(note("m", *[Noted(number=n) for n in range(600)], category=published(missing), key="0"))
    await chassis.append(note("t", Noted(number=1), category=published(there), key="0"))
    started = monotonic()
    async with chassis.relaying(), chassis.tap(there) as tap:
        await tap.until(1)
        assert monotonic() - started < 5.0
        await chassis.append(note("m", Noted(number=600), after=600, category=published(missing), key="0"))
        await chassis.make(missing.name, 1)
        async with chassis.tap(missing) as late:
            await late.until(601)
    assert late.numbers() == list(range(601))


@pytest.mark.requirement("R-3", "R-17")
async def test_a_row_that_can_not_be_opened_parks_its_key_and_stops_nobody_else(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    topic = await chassis.topic()
    broken, gone, whole = keys_of_shard(chassis, 0, 3)
    thread = uuid4()
    await chassis.append(note("1", Noted(number=1), Noted(number=2), category=published(topic), key=broken))
    await chassis.append(note("2", Noted(number=3), category=published(topic), key=gone, context=about(thread)))
    await chassis.append(note("3", Noted(number=4), Erased(number=5), category=published(topic), key=whole))
    await superuser.execute("UPDATE outbox SET sealed = sealed || '\\x00' WHERE key = $1 AND id = (SELECT min(id) FROM outbox)", broken)
    await superuser.execute("DELETE FROM thread_keys WHERE thread_id = $1", thread)
    chassis = chassis.again()
    async with chassis.relaying(), chassis.tap(topic) as tap:
        await tap.until(2)
        assert await eventually(lambda: parked(chassis, 2)) == [
            (topic.name, *each) for each in sorted([(broken, "broken-seal"), (gone, "no-key")])
        ]
        await tap.to_the_end()
    assert tap.numbers() == [4, 5]


@pytest.mark.requirement("R-3")
async def test_a_parked_key_that_somebody_released_goes_on_in_order(chassis: Chassis) -> None:
    topic = await chassis.topic()
    await chassis.pool.execute("INSERT INTO outbox_parked (topic, key, reason) VALUES ($1, 'k', 'test')", topic.name)
    await chassis.append(note("1", Noted(number=1), Noted(number=2), category=published(topic), key="k"))
    async with chassis.relaying(pace=BRISK), chassis.tap(topic) as tap:
        await chassis.append(note("2", Noted(number=3), category=published(topic), key="other"))
        await tap.until(1)
        await chassis.pool.execute("DELETE FROM outbox_parked")
        await tap.until(3)
    assert tap.numbers() == [3, 1, 2]


@pytest.mark.requirement("R-3", "E-16")
async def test_what_waits_and_how_long_is_told_to_prometheus(chassis: Chassis) -> None:
    topic = Topic(name="test-missing.v1", contract="test", key="id", producers=(), consumers=())
    shard = chassis.outbox.shard_of("k")
    await chassis.append(note("1", Noted(number=1), Noted(number=2), category=published(topic), key="k"))
    async with chassis.relaying():
        await eventually(lambda: told(chassis, shard))
    assert chassis.figure("otklik_outbox_pending_rows", shard=str(1 - shard)) == 0
    assert chassis.figure("otklik_outbox_oldest_age_seconds", shard=str(shard)) > 0


@pytest.mark.requirement("R-3")
async def test_however_much_waits_the_next_rows_are_found_without_sorting(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    """On a day of which the planner knows nothing yet, it would read and sort all that waits, round after round."""
    await superuser.execute("ALTER TABLE outbox_default SET (autovacuum_enabled = off)")
    await superuser.execute(
        "INSERT INTO outbox (day, shard, topic, key, event_id, thread_id, headers, sealed, created_at)"
        " SELECT '2001-01-01', 0, 't', n::text, gen_random_uuid(), gen_random_uuid(), '{}', '', now() FROM generate_series(1, 20000) AS n"
    )
    for name, value in IN_ORDER_OF_INDEX.items():
        await superuser.execute(f"SET {name} = {value}")
    plan = await plan_of(superuser, "pending_outbox", 0, 9_000, [], 500)
    assert "Sort" not in plan.replace("Sort Key", "")
    assert "key_id_idx" in await plan_of(superuser, "left_behind_outbox", 9_000, ["t"] * 300, [str(n) for n in range(300)])


async def plan_of(db: "asyncpg.Connection[Any]", query: str, *arguments: Any) -> str:
    return "\n".join(row[0] for row in await db.fetch(f"EXPLAIN {QUERIES[query]}", *arguments))


async def told(chassis: Chassis, shard: int) -> bool:
    return chassis.figure("otklik_outbox_pending_rows", shard=str(shard)) == 2


async def empty(chassis: Chassis) -> bool:
    return await chassis.pending() == 0


async def parked(chassis: Chassis, at_least: int = 1) -> list[tuple[str, str, str]]:
    rows = await chassis.pool.fetch("SELECT topic, key, reason FROM outbox_parked ORDER BY key")
    return [tuple(row) for row in rows] if len(rows) >= at_least else []


def keys_of_shard(chassis: Chassis, shard: int, count: int) -> list[str]:
    found = (str(n) for n in range(1000) if chassis.outbox.shard_of(str(n)) == shard)
    return [next(found) for _ in range(count)]
