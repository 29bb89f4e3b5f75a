"""The search for gaps on a real log: what is missing is told after a while, asked for until it came, and nothing else is."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from typer.testing import CliRunner

from cli.main import app as otklik
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.clock import FixedClock, SystemClock
from libs.chassis.store.database import Connection
from libs.chassis.store.timers import Timers
from libs.events.envelope import Envelope, encode
from libs.events.topics import CLIENTS, HISTORY, INBOUND, REQUESTS
from services.history.domain.gaps import Aggregate
from services.history.gap_store import GapStore, Stretch
from services.history.gaps import TIMER
from services.history.main import build, gaps
from services.history.settings import HistorySettings
from tests.integration.history.keeping import Keeping, environment
from tests.running import running, settings_of
from tests.stack import Database, eventually, producer
from tests.unit.history.told import AT, IDS, delivered, envelope, identified, message, registered

GRACE = timedelta(seconds=30)
ROOT = Path(__file__).parents[3]


def numbered(aggregate: UUID, seq: int, topic: str = REQUESTS.name, **more: Any) -> Envelope:
    fact = identified() if topic == CLIENTS.name else registered(f"ЗИ-{seq}/2026")
    return envelope(fact, thread_id=aggregate, seq=seq, **more)


def events(aggregate: UUID, *seqs: int, topic: str = REQUESTS.name, **more: Any) -> list[Delivery]:
    return [delivered(numbered(aggregate, seq, topic, **more), topic) for seq in seqs]


class Search:
    """The search and its reminders, by hand and with a clock that a test moves."""

    def __init__(self, history: Keeping) -> None:
        self.history = history
        self.clock = FixedClock(AT)
        self.gaps = replace(gaps(history.process, history.settings), clock=self.clock)

    def timers(self) -> Timers:
        made = Timers(self.history.process.pool, self.clock, self.history.process.metrics)
        made.on(TIMER, self.gaps.remind)
        return made

    async def look(self, *deliveries: Delivery) -> None:
        """At what has come, to its end."""
        if deliveries:
            await self.history.take(*deliveries)
        while await self.gaps.look():
            pass

    async def after(self, pause: timedelta) -> None:
        """So much later: what is due by then is done."""
        self.clock.move(pause)
        timers = self.timers()
        while await timers.turn():
            pass
        await self.look()

    async def open(self) -> list[tuple[str, int, int]]:
        rows = await self.history.rows("SELECT * FROM history.gaps ORDER BY aggregate_id, from_seq")
        return [(row["aggregate_id"], row["from_seq"], row["to_seq"]) for row in rows]

    async def told(self) -> list[tuple[str, int, int]]:
        """What stands in the log of it, in order."""
        rows = await self.history.rows("SELECT open FROM history.log WHERE type = 'HistoryGapDetected' ORDER BY event_id")
        facts = [orjson.loads(row["open"]) for row in rows]
        return [(fact["aggregate_id"], fact["from_seq"], fact["to_seq"]) for fact in facts]

    async def waiting(self) -> int:
        [row] = await self.history.rows("SELECT count(*) AS n FROM history.timers")
        return int(row["n"])

    def figure(self) -> float | None:
        return self.history.process.health.registry.get_sample_value("otklik_history_gaps")


@pytest.fixture
async def search(history: Keeping) -> Search:
    return Search(history)


@pytest.mark.requirement("D-18", "R-12")
async def test_a_removed_event_is_told_after_the_grace_in_the_log_on_the_topic_and_as_a_figure(search: Search) -> None:
    request = IDS.new()
    await search.look(*events(request, 1, 2, 5))
    assert await search.open() == [(str(request), 3, 4)]
    await search.after(GRACE - timedelta(seconds=1))
    assert await search.told() == []
    assert search.figure() == 0
    await search.after(timedelta(seconds=1))
    assert await search.told() == [(str(request), 3, 4)]
    assert search.figure() == 1
    [sent] = await search.history.rows("SELECT topic, key FROM history.outbox")
    assert sent == {"topic": HISTORY.name, "key": str(Aggregate("intake", REQUESTS.name, str(request)).thread_id)}
    [entry] = await search.history.rows("SELECT producer, topic, sealed FROM history.log WHERE type = 'HistoryGapDetected'")
    assert entry == {"producer": "history", "topic": None, "sealed": None}
    assert (await search.history.verified()).sound


@pytest.mark.requirement("D-18")
async def test_what_comes_out_of_order_or_late_or_again_is_no_gap(search: Search) -> None:
    request, client = IDS.new(), IDS.new()
    await search.look(*events(request, 4, 2, 2))
    await search.look(*events(client, 2, topic=CLIENTS.name), *events(request, 1))
    await search.look(*events(client, 1, topic=CLIENTS.name), *events(request, 3, 3))
    assert await search.open() == []
    assert await search.waiting() == 0
    await search.after(timedelta(days=2))
    assert await search.told() == []


@pytest.mark.requirement("D-18")
async def test_an_aggregate_whose_first_events_never_came_has_a_gap(search: Search) -> None:
    request = IDS.new()
    await search.look(*events(request, 3))
    await search.after(GRACE)
    assert await search.told() == [(str(request), 1, 2)]


@pytest.mark.requirement("D-18", "R-12")
async def test_a_gap_is_asked_for_at_growing_pauses_until_it_is_filled(search: Search) -> None:
    request = IDS.new()
    await search.look(*events(request, 1, 6))
    for pause in (GRACE, 2 * GRACE, 4 * GRACE):
        await search.after(pause - timedelta(seconds=1))
        before = len(await search.told())
        await search.after(timedelta(seconds=1))
        assert len(await search.told()) == before + 1
    await search.look(*events(request, 3, 5))
    assert await search.open() == [(str(request), 2, 2), (str(request), 4, 4)]
    await search.after(8 * GRACE)
    assert (await search.told())[3:] == [(str(request), 2, 2), (str(request), 4, 4)]
    assert search.figure() == 2
    await search.look(*events(request, 2, 4))
    assert (await search.open(), await search.waiting(), search.figure()) == ([], 0, 0)
    await search.after(timedelta(days=9))
    assert len(await search.told()) == 5


@pytest.mark.requirement("D-18")
async def test_a_second_gap_of_an_aggregate_does_not_wait_for_the_long_pause_of_the_first(search: Search) -> None:
    request = IDS.new()
    await search.look(*events(request, 2))
    for pause in (GRACE, 2 * GRACE, 4 * GRACE, 8 * GRACE):
        await search.after(pause)
    await search.look(*events(request, 4))
    before = len(await search.told())
    await search.after(GRACE)
    assert (await search.told())[before:] == [(str(request), 3, 3)]


@pytest.mark.requirement("D-18", "R-8")
async def test_numbers_of_a_frontend_and_events_without_numbers_are_no_gaps(search: Search) -> None:
    in_vk = INBOUND.of("vk")
    stranger = delivered(envelope(message(), seq=7, producer="vk"), in_vk)
    posing = delivered(numbered(IDS.new(), 7, producer="vk"))
    await search.look(stranger, posing, delivered(envelope(registered(), seq=None)))
    assert await search.open() == []


@pytest.mark.requirement("D-18")
@pytest.mark.parametrize("seed", range(3))
async def test_of_many_aggregates_in_any_order_and_batches_exactly_what_was_removed_is_missing(search: Search, seed: int) -> None:
    search.gaps = replace(search.gaps, rows_of_a_shard=7)
    chance = random.Random(seed)
    aggregates = [IDS.new() for _ in range(25)]
    every = [(aggregate, seq) for aggregate in aggregates for seq in range(1, chance.randint(2, 15))]
    removed = {pair for pair in every if chance.random() < 0.2}
    told = [pair for pair in every if pair not in removed]
    chance.shuffle(told)
    for start in range(0, len(told), 20):
        batch = [delivery for aggregate, seq in told[start : start + 20] for delivery in events(aggregate, seq)]
        await search.history.take(*batch)
        if chance.random() < 0.5:
            await search.gaps.look()
    await search.look()
    highest = {aggregate: max((seq for other, seq in told if other == aggregate), default=0) for aggregate in aggregates}
    found = {(name, seq) for name, first, last in await search.open() for seq in range(first, last + 1)}
    assert found == {(str(aggregate), seq) for aggregate, seq in removed if seq < highest[aggregate]}


@pytest.mark.requirement("D-18", "R-6")
async def test_searches_of_two_replicas_at_once_and_a_reminder_meanwhile_find_each_gap_once(search: Search) -> None:
    requests = [IDS.new() for _ in range(40)]
    other = Search(search.history)
    for seqs in ((1, 3), (5,), (4,)):
        await search.history.take(*(delivery for request in requests for delivery in events(request, *seqs)))
        search.clock.move(GRACE)
        other.clock.move(GRACE)
        await asyncio.gather(search.look(), other.look(), search.after(timedelta()), other.after(timedelta()))
    await search.look()
    assert await search.open() == [(str(request), 2, 2) for request in sorted(requests)]
    assert await search.waiting() == len(requests)


class Breaking(GapStore):
    """A search whose transaction dies when all but the last step is done."""

    async def move(self, db: Connection, stretches: Sequence[Stretch], highest: Any) -> None:
        raise OSError("the connection is gone")


@pytest.mark.requirement("D-18", "R-6")
async def test_a_search_that_broke_off_has_done_nothing_and_is_done_again(search: Search) -> None:
    request = IDS.new()
    await search.history.take(*events(request, 1, 3))
    with pytest.raises(OSError, match="the connection is gone"):
        await replace(search.gaps, store=Breaking()).look()
    assert (await search.open(), await search.waiting()) == ([], 0)
    await search.look()
    assert await search.open() == [(str(request), 2, 2)]


@pytest.mark.requirement("D-18", "D-14")
async def test_a_search_that_is_killed_in_the_middle_goes_on_where_it_stood(search: Search, database: Database) -> None:
    requests = [IDS.new() for _ in range(300)]
    await search.history.take(*(delivery for request in requests for delivery in events(request, 1, 2, 4)))
    told = {**os.environ, **environment(database)}
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.history.killable_search", cwd=ROOT, stdout=PIPE, env=told
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(60):
            assert await program.stdout.readline() == b"in-hand\n"
    finally:
        program.kill()
        await program.wait()
    [before] = await search.history.rows("SELECT sum(position) AS n FROM history.gap_places")
    assert 0 < before["n"] < 900, "it was killed between two turns"
    await search.look()
    assert await search.open() == [(str(request), 3, 3) for request in sorted(requests)]
    search.clock.move_to(SystemClock().now())  # the time of the one that was killed
    await search.after(GRACE)
    assert sorted(await search.told()) == await search.open()


@pytest.mark.requirement("D-18")
async def test_while_much_of_the_log_is_unread_nothing_is_told(search: Search) -> None:
    search.gaps = replace(search.gaps, rows_of_a_shard=1)
    request, others = IDS.new(), [IDS.new() for _ in range(20)]
    await search.look(*events(request, 2))
    await search.history.take(*events(request, 1), *(delivery for other in others for delivery in events(other, 1)))
    search.clock.move(GRACE)
    timers = search.timers()
    while await timers.turn():
        pass
    assert await search.told() == []
    await search.look()
    await search.after(GRACE)
    assert (await search.told(), await search.open()) == ([], [])


@pytest.mark.requirement("D-18", "N-4.7")
async def test_what_the_search_knows_is_made_from_the_log_alone(search: Search) -> None:
    requests = [IDS.new() for _ in range(20)]
    await search.look(*(delivery for request in requests for delivery in events(request, 4, 1)))
    heads = await search.history.rows("SELECT * FROM history.aggregate_heads ORDER BY aggregate_id")
    before = await search.open()
    await search.history.tamper("DELETE FROM gaps", "DELETE FROM aggregate_heads", "UPDATE gap_places SET position = 0")
    await search.look()
    assert await search.open() == before
    assert await search.history.rows("SELECT * FROM history.aggregate_heads ORDER BY aggregate_id") == heads


@pytest.mark.requirement("D-18", "R-12", "R-14")
async def test_on_a_real_broker_a_missing_event_is_asked_for_on_historys_topic_and_the_gap_closes_when_it_comes(
    fresh_kafka: str, database: Database
) -> None:
    settings = settings_of(HistorySettings, environment(database, gap_grace_seconds=0.2))
    request = IDS.new()
    listener = AIOKafkaConsumer(HISTORY.name, bootstrap_servers=fresh_kafka, auto_offset_reset="latest")
    await listener.start()
    try:
        await listener.seek_to_end()
        async with producer(fresh_kafka) as kafka, running("history", settings, build), database.superuser() as db:
            for seq in (1, 3):
                await kafka.send_and_wait(REQUESTS.name, encode(numbered(request, seq)), key=str(request).encode())
            async with asyncio.timeout(60):
                payload = None
                while payload is None or payload.get("aggregate_id") != str(request):
                    payload = orjson.loads((await listener.getone()).value)["payload"]
            place = {"producer": "intake", "topic": REQUESTS.name, "aggregate_id": str(request)}
            assert payload == {**place, "from_seq": 2, "to_seq": 2}
            assert await db.fetchval("SELECT count(*) FROM history.gaps") == 1
            await kafka.send_and_wait(REQUESTS.name, encode(numbered(request, 2)), key=str(request).encode())

            async def closed() -> bool:
                return not await db.fetchval("SELECT EXISTS (SELECT FROM history.gaps)")

            await eventually(closed, what="the gap is closed")
    finally:
        await listener.stop()


@pytest.mark.requirement("D-18", "R-12")
async def test_otklik_gaps_lists_what_is_missing_since_when_and_ends_with_1(
    search: Search, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(database).items():
        monkeypatch.setenv(name, value)
    request = IDS.new()
    await search.history.take(*events(request, 1))
    unread = await asyncio.to_thread(CliRunner().invoke, otklik, ["gaps"])
    assert (unread.exit_code, "1" in unread.output) == (0, True), unread.output
    await search.look()
    none = await asyncio.to_thread(CliRunner().invoke, otklik, ["gaps"])
    assert (none.exit_code, none.output.strip()) == (0, "no gaps"), none.output
    await search.look(*events(request, 4))
    some = await asyncio.to_thread(CliRunner().invoke, otklik, ["gaps"])
    assert some.exit_code == 1
    assert f"{AT:%Y-%m-%d %H:%M:%S} UTC  intake  intake.requests.v1  {request}  2–3" in some.output
    assert f"\notklik republish intake --stream request-{request}\n" in some.output
