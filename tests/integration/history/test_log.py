"""The log on a real PostgreSQL: each event once, at gap-free positions, whoever else writes and wherever it is killed."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.database import Connection
from libs.events.topics import INBOUND
from services.history.domain.chain import SHARDS, shard_of
from services.history.handlers import LANE, STRETCH
from services.history.store import Log
from tests.integration.history.keeping import Keeping
from tests.stack import WAIT_SECONDS, eventually
from tests.unit.history.told import delivered, envelope, message, registered, request_of

IN_VK = INBOUND.of("vk")


def many(count: int) -> list[Any]:
    return [delivered(envelope(message()), IN_VK) for _ in range(count)]


def gap_free(positions: dict[int, list[int]]) -> bool:
    return all(found == list(range(1, len(found) + 1)) for found in positions.values())


@pytest.mark.requirement("D-19", "R-16", "N-4.4")
async def test_every_event_of_a_batch_stands_in_the_log_at_gap_free_positions(history: Keeping) -> None:
    batch = many(100)
    await history.take(*batch)
    rows = await history.rows()
    assert {row["kafka_offset"] for row in rows} == {delivery.offset for delivery in batch}
    assert all(row["shard"] == shard_of(row["thread_id"]) for row in rows)
    positions = await history.positions()
    assert len(positions) == SHARDS
    assert gap_free(positions)
    heads = await history.rows("SELECT shard, position FROM history.log_heads")
    assert {row["shard"]: row["position"] for row in heads} == {shard: found[-1] for shard, found in positions.items()}


@pytest.mark.requirement("D-14", "R-6", "R-16")
async def test_what_was_seen_before_is_not_kept_again(history: Keeping) -> None:
    batch = many(50)
    await history.take(*batch[:30], *batch[:10])
    await history.take(*batch)
    again = [replace(delivery, partition=9, offset=delivery.offset + 1_000_000) for delivery in batch]
    await history.take(*again)  # the topic was made again: other coordinates, the same events
    assert await history.count() == 50
    assert gap_free(await history.positions())
    assert (await history.verified()).sound


@pytest.mark.requirement("R-16")
async def test_the_events_of_a_thread_keep_their_order(history: Keeping) -> None:
    thread = uuid4()
    told = [envelope(message(), thread_id=thread, seq=number) for number in range(1, 21)]
    for first in range(0, 20, 5):
        await history.take(*(delivered(each, IN_VK) for each in told[first : first + 5]))
    assert [row["seq"] for row in await history.rows("SELECT seq FROM history.log ORDER BY position")] == list(range(1, 21))


class Interrupted(Exception):
    """What a test breaks a transaction with."""


class Breaking(Log):
    """A log whose transaction dies after the rows were copied."""

    async def _add_links(self, db: Connection, links: object) -> None:
        assert await db.fetchval("SELECT count(*) FROM log") > 0
        raise OSError("the connection is gone") from Interrupted()


@pytest.mark.requirement("D-14", "R-6", "R-16")
async def test_a_batch_broken_off_in_the_middle_leaves_nothing_and_comes_again_whole(history: Keeping) -> None:
    batch = many(40)
    before = await history.rows("SELECT * FROM history.log_heads ORDER BY shard")
    breaking = replace(history.keeper, log=Breaking(history.process.keyring))
    with pytest.raises(OSError, match="gone"):
        await breaking.take(batch)
    assert [await history.count(table) for table in ("log", "log_ids", "thread_keys", "thread_links")] == [0, 0, 0, 0]
    assert await history.rows("SELECT * FROM history.log_heads ORDER BY shard") == before
    await history.take(*batch)
    assert await history.count() == 40
    assert gap_free(await history.positions())


@pytest.mark.requirement("D-14", "R-6", "R-16")
async def test_two_consumers_with_the_same_batch_keep_it_once(history: Keeping) -> None:
    batch = many(200)
    batches: list[Sequence[Any]] = [batch, list(reversed(batch)), batch[100:] + batch[:100], batch]
    await asyncio.gather(*(history.keeper.take(each) for each in batches))
    assert await history.count() == 200
    assert await history.count("log_ids") == 200
    assert gap_free(await history.positions())
    assert (await history.verified()).sound


@pytest.mark.requirement("R-16")
async def test_two_consumers_with_different_batches_leave_no_gap(history: Keeping) -> None:
    await asyncio.gather(*(history.keeper.take(many(60)) for _ in range(6)))
    assert await history.count() == 360
    assert gap_free(await history.positions())
    assert (await history.verified()).sound


@pytest.mark.requirement("R-6", "R-16")
async def test_a_batch_of_many_lanes_that_broke_off_stands_once_and_in_order_when_it_comes_again(history: Keeping) -> None:
    """Whatever was written by then is recognised, in whichever lane and stretch; the same ids twice in it change nothing."""
    dialogues = [f"{number:032x}".encode() for number in range(40)]
    batch = [delivered(envelope(message()), IN_VK, key=dialogues[n % len(dialogues)]) for n in range(2 * STRETCH + LANE)]
    again = [*batch, *(replace(delivery, offset=delivery.offset + 1_000_000) for delivery in reversed(batch[:LANE]))]
    taking = asyncio.create_task(history.keeper.take(again))
    async with asyncio.timeout(WAIT_SECONDS):
        while not await history.count():  # at once, before the other lanes are done too
            pass
    taking.cancel()
    await asyncio.wait({taking})
    assert taking.cancelled()
    assert 0 < await history.count() < len(batch)
    await history.keeper.take(again)
    rows = await history.rows()
    assert len(rows) == len(batch)
    assert gap_free(await history.positions())
    for thread in {row["thread_id"] for row in rows}:
        offsets = [row["kafka_offset"] for row in rows if row["thread_id"] == thread]
        assert offsets == sorted(offsets)
    assert (await history.verified()).sound


async def somebody_waits(history: Keeping) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await history.process.pool.fetchval(asked))


@pytest.mark.requirement("R-16")
async def test_whoever_comes_second_waits_for_the_head_and_then_finds_the_ids_taken(history: Keeping) -> None:
    batch = many(5)
    async with history.process.pool.acquire() as db, db.transaction():
        await db.execute("SELECT 1 FROM log_heads FOR UPDATE")
        second = asyncio.create_task(history.keeper.take(batch))
        await eventually(lambda: somebody_waits(history), what="the second waits for the head")
        assert not second.done()
        await history.log.append(db, [history.keeper._entry(delivery) for delivery in batch], datetime.now(UTC))
    await second
    assert await history.count() == 5


@pytest.mark.requirement("N-4.4", "R-16")
async def test_another_event_under_an_id_that_is_taken_is_kept_and_flagged(history: Keeping) -> None:
    """A frontend that gives two messages one id must not lose the second."""
    first = envelope(message())
    second = envelope(message(text="другое сообщение"), event_id=first.event_id, thread_id=first.thread_id)
    await history.take(delivered(first, IN_VK), delivered(second, IN_VK))
    await history.take(delivered(second, IN_VK))
    rows = await history.rows("SELECT type, open FROM history.log ORDER BY type")
    assert [(row["type"], row["open"]) for row in rows if row["type"] == "Unreadable"] == [
        ("Unreadable", '{"reason":"event-id-taken"}')
    ] * 2
    assert len(rows) == 3  # the first, and the second once for each of the two records that carried it
    await history.take(delivered(first, IN_VK))
    assert await history.count() == 3


@pytest.mark.requirement("N-4.4", "R-16")
async def test_of_two_events_under_one_id_in_different_dialogues_both_are_kept(history: Keeping) -> None:
    """Which of them bears the id is open, for the shards are written side by side."""
    first = envelope(message())
    others = [envelope(message(), event_id=first.event_id) for _ in range(20)]
    await history.take(*(delivered(told, IN_VK) for told in (first, *others)))
    rows = await history.rows("SELECT type FROM history.log")
    assert sorted(row["type"] for row in rows) == ["MessageReceived", *["Unreadable"] * 20]


FORBIDDEN = ("UPDATE {} SET shard = 0", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "ALTER TABLE {} ADD extra text")


@pytest.mark.requirement("N-4.7", "D-19")
async def test_the_applications_role_can_neither_change_nor_remove_an_entry(history: Keeping) -> None:
    await history.take(*many(3))
    tables = ("log", "log_ids", "log_default", f"log_{datetime.now(UTC):%Y%m}")
    await refused(history, *(act.format(table) for table in tables for act in FORBIDDEN))
    assert await history.count() == 3


@pytest.mark.requirement("N-4.7", "D-19")
async def test_the_applications_role_can_remove_neither_a_head_nor_a_key(history: Keeping) -> None:
    await refused(history, "DELETE FROM log_heads", "INSERT INTO log_heads VALUES (9, 0, sha256(''))", "DELETE FROM thread_keys")
    await refused(history, "UPDATE thread_keys SET wrapped = ''", "TRUNCATE thread_links", "SET ROLE history_owner")


async def refused(history: Keeping, *acts: str) -> None:
    """Each of them, by the database itself."""
    async with history.process.pool.acquire() as db:
        for act in acts:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(act)


@pytest.mark.requirement("D-19")
async def test_entries_lie_in_the_partition_of_the_month_in_which_they_were_stored(history: Keeping) -> None:
    now = datetime.now(UTC)
    next_month = (now.replace(day=1) + timedelta(days=32)).replace(day=15)
    await history.take(*many(3))
    await replace(history.keeper, clock=FixedClock(next_month)).take(many(2))
    found = await history.rows("SELECT tableoid::regclass::text AS name, count(*) AS n FROM history.log GROUP BY 1 ORDER BY 1")
    assert [(row["name"], row["n"]) for row in found] == [(f"history.log_{now:%Y%m}", 3), (f"history.log_{next_month:%Y%m}", 2)]
    assert (await history.verified()).sound


@pytest.mark.requirement("D-19")
async def test_the_application_makes_the_months_ahead_and_a_month_nobody_made_loses_nothing(history: Keeping) -> None:
    far = datetime(2040, 5, 15, tzinfo=UTC)
    later = replace(history.keeper, clock=FixedClock(far + timedelta(days=90)))
    await later.take(many(2))
    async with history.process.pool.acquire() as db:
        await history.log.make_months(db, far.date())
        await history.log.make_months(db, far.date())
        await history.log.make_months(db, (far + timedelta(days=90)).date())  # that month's rows lie in the default partition and stay
    months = await history.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'history' AND tablename LIKE 'log_2040%' ORDER BY 1")
    assert [row["tablename"] for row in months] == ["log_204005", "log_204006", "log_204007", "log_204009", "log_204010"]
    assert await history.count("log_default") == 2
    assert (await history.verified()).sound


@pytest.mark.requirement("R-16", "R-6")
async def test_a_whole_request_is_kept_with_what_belongs_to_it(history: Keeping) -> None:
    client = uuid4()
    await history.take(*request_of(client))
    rows = await history.rows("SELECT * FROM history.log WHERE client_id = $1 ORDER BY seq", client)
    assert [row["type"] for row in rows] == ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]
    assert rows[0]["request_id"] == rows[0]["aggregate_id"]
    assert (rows[0]["channel"], rows[0]["topic"], rows[0]["kafka_partition"]) == ("site", "intake.requests.v1", 0)


@pytest.mark.requirement("R-21", "R-6")
async def test_a_record_that_the_database_refuses_costs_its_batch_nothing(history: Keeping) -> None:
    batch = many(30)
    impossible = delivered(envelope(registered(random.Random(1).randbytes(20_000).hex())))  # no index takes so long a number
    await history.take(*batch[:11], impossible, *batch[11:])
    rows = await history.rows("SELECT open FROM history.log WHERE type = 'Unreadable'")
    assert [row["open"] for row in rows] == ['{"reason":"cannot-be-stored"}']
    assert await history.count() == 31
    await history.take(*batch, impossible)
    assert await history.count() == 31
    assert (await history.verified()).sound
