"""The Kafka door on a real broker: every topic, odd headers, a restart, and a process that is killed in mid-batch."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import Process as Started
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.contracts.dead_letters import MessageRejected
from libs.events.contracts.notifier_deliveries import NotificationSent
from libs.events.envelope import Envelope, encode
from libs.events.topics import CLIENTS, DELIVERIES, DESK, INBOUND, OUTBOUND, RECEIPTS, REQUESTS, TOPICS, dead_letter_topic, wanted
from services.history.consumers import heard
from services.history.main import build
from services.history.settings import HistorySettings
from tests.integration.history.keeping import Keeping, environment, keeping
from tests.running import running, settings_of
from tests.stack import Database, eventually, producer
from tests.unit.history.told import IN_SITE, envelope, identified, message, received

ROOT = Path(__file__).parents[3]


@pytest.mark.requirement("D-18", "N-4.4", "R-14")
def test_history_hears_every_topic_of_the_table_and_every_dead_letter_topic() -> None:
    pattern = re.compile("|".join(topic.pattern for topic in heard()))
    names = {row.name for row in wanted(("site", "vk", "another-one"))}
    assert {name for name in names if not pattern.match(name)} == {"history.events.v1"}
    assert {topic.name for topic in TOPICS} - {topic.name for topic in heard()} == {"history.events.v1"}
    assert not pattern.match("survey.answers.v1")
    assert not pattern.match("survey.invitations.v1")


async def log_of(history: Keeping, *events: Envelope) -> list[str]:
    """Types of these events in the log, once for each row; empty until all are there."""
    ids = [event.event_id for event in events]
    rows = await history.rows("SELECT type FROM history.log WHERE event_id = ANY($1::uuid[]) ORDER BY type", ids)
    return [row["type"] for row in rows] if len(rows) >= len(events) else []


@pytest.mark.requirement("D-18", "N-4.4", "R-14")
async def test_an_event_of_each_topic_gets_into_the_log(fresh_kafka: str, history: Keeping) -> None:
    told = {
        IN_SITE: envelope(message()),
        INBOUND.of("vk"): envelope(message()),
        INBOUND.of(DESK): envelope(message()),
        RECEIPTS.of("vk"): envelope(MessageAccepted(external_id="1", reference="ABCDEFGHJK", status="registered")),
        OUTBOUND.of("vk"): envelope(ReplyHandedOver(notice_id="n", dialogue="d", text="Здравствуйте")),
        REQUESTS.name: envelope(received()),
        CLIENTS.name: envelope(identified()),
        DELIVERIES.name: envelope(NotificationSent(notice_id=uuid4(), request_id="r", channel="email")),
        dead_letter_topic(IN_SITE): envelope(
            MessageRejected(consumer="intake", source_topic=IN_SITE, source_partition=0, source_offset=1, reason="not-json")
        ),
        dead_letter_topic(REQUESTS.name): envelope(
            MessageRejected(consumer="notifier", source_topic=REQUESTS.name, source_partition=0, source_offset=1, reason="newer-version")
        ),
    }
    async with producer(fresh_kafka) as kafka, running("history", history.settings, build):
        for topic, event in told.items():
            await kafka.send_and_wait(topic, encode(event), key=b"key")
        await eventually(lambda: log_of(history, *told.values()), what="all ten in the log")
    rows = {row["topic"]: row["event_id"] for row in await history.rows()}
    assert rows == {topic: event.event_id for topic, event in told.items()}
    assert (await history.verified()).sound


@pytest.mark.requirement("R-5", "R-21")
async def test_odd_headers_and_null_values_cost_a_batch_nothing_and_nothing_is_answered(fresh_kafka: str, history: Keeping) -> None:
    headers: list[list[tuple[str, bytes | None]]] = [
        [("reply_to", b"channel.receipts.vk.v1")],
        [("schema", None)],
        [("\u0436", b"\xff\xfe")],
        [("traceparent", b"00-1"), ("traceparent", b"\xff")],
        [("content-type", b"\xff\x00"), ("content-type", b"text/plain")],
    ]
    told = [envelope(message()) for _ in headers]
    ends = await end_of(fresh_kafka, RECEIPTS.of("vk"))
    async with producer(fresh_kafka) as kafka, running("history", history.settings, build):
        for event, odd in zip(told, headers, strict=True):
            await kafka.send_and_wait(IN_SITE, encode(event), key=b"key", headers=odd)
        await kafka.send_and_wait(IN_SITE, None, key=b"key")
        await eventually(lambda: log_of(history, *told), what="all of them in the log")
        await eventually(lambda: history.rows("SELECT 1 FROM history.log WHERE open::text LIKE '%empty-value%'"), what="the null value")
    assert await end_of(fresh_kafka, RECEIPTS.of("vk")) == ends


async def end_of(bootstrap: str, topic: str) -> int:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        return sum((await consumer.end_offsets(consumer.assignment())).values())
    finally:
        await consumer.stop()


@pytest.mark.requirement("D-14", "R-6", "R-16")
async def test_what_came_while_history_was_down_is_kept_when_it_is_back(fresh_kafka: str, history: Keeping) -> None:
    first, second = [envelope(message()) for _ in range(20)], [envelope(message()) for _ in range(20)]
    async with producer(fresh_kafka) as kafka:
        for told in (first, second):
            for event in told:
                await kafka.send_and_wait(IN_SITE, encode(event), key=event.event_id.bytes)
            async with running("history", history.settings, build):
                await eventually(lambda told=told: log_of(history, *told), what="a batch in the log")  # type: ignore[misc]
    assert await history.count() == 40
    assert (await history.verified()).sound


@pytest.mark.requirement("R-4", "D-25")
async def test_the_http_door_is_open_while_kafka_is_not(database: Database) -> None:
    told = environment(database, kafka_bootstrap="127.0.0.1:1")
    async with running("history", settings_of(HistorySettings, told), build) as service:
        ready = await service.http.get("/health/ready")
        assert ready.status_code == 200
        assert not ready.json()["doors"]["kafka"]["ready"]
        assert (await service.http.get("/health/ready/kafka")).status_code == 503
        assert (await service.http.get("/health/live")).status_code == 200


@asynccontextmanager
async def process(database: Database) -> AsyncIterator[Started]:
    """History as `main` runs it, in a process of its own."""
    variables = {**os.environ, **environment(database), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "services.history.main"]
    started = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=variables, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(started.wait(), 30) == 0


@pytest.mark.requirement("D-14", "R-6", "R-16", "D-28")
async def test_history_killed_in_mid_batch_and_started_again_keeps_each_event_once(database: Database, fresh_kafka: str) -> None:
    told = [envelope(message()) for _ in range(200)]
    async with keeping(database) as history, producer(fresh_kafka) as kafka, database.superuser() as admin:
        for event in told:
            await kafka.send(IN_SITE, encode(event), key=event.event_id.bytes)
        await kafka.flush()
        async with process(database) as first, admin.transaction():
            await admin.execute("LOCK TABLE history.log IN SHARE MODE")  # heads are locked and ids written, the rows must wait
            backend = await eventually(lambda: waiting(history, "COPY"), seconds=60, what="history in the middle of a batch")
            first.send_signal(signal.SIGKILL)
            await first.wait()
            await admin.fetchval("SELECT pg_terminate_backend($1)", backend)
        assert [await history.count(table) for table in ("log", "log_ids", "thread_keys")] == [0, 0, 0]
        async with process(database):
            await eventually(lambda: log_of(history, *told), seconds=90, what="all of them in the log")
        assert await history.count() == 200
        assert (await history.verified()).sound


async def waiting(history: Keeping, statement: str) -> int | None:
    """The backend of history that waits for a lock in this statement."""
    rows = await history.rows(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'history' AND datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE $1 || '%'",
        statement,
    )
    return rows[0]["pid"] if rows else None
