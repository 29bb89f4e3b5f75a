"""What the producer promises: the broker has each batch once, on all replicas in sync, and nobody waits for ever (R-3, R-4)."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from libs.chassis.bus.sending import Batch, Fate, Sending
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.outbox import Record, Waiting
from libs.events.topics import Topic
from tests.integration.chassis.chassis import MOMENT, Chassis, kafka_frozen
from tests.stack import Database

SECONDS = 1.0
PRODUCER_ID = struct.Struct(
    ">43xq"
)  # of a record batch, format 2; -1 unless the producer is idempotent, which it can't be without acks=all


@pytest.fixture
async def sending(chassis: Chassis) -> AsyncIterator[Sending]:
    made = Sending(bootstrap=chassis.kafka, client_id="test", seconds=SECONDS, telemetry=Telemetry())
    yield made
    await made.drop()


async def batch(sending: Sending, topic: Topic) -> Batch:
    """One record, ready to go."""
    record = Record(topic=topic.name, key="k", event_id=uuid4(), thread_id=uuid4(), value=b"{}")
    assert await sending.known({topic.name}) == {topic.name}
    [made], _ = await sending.batches([Waiting(day=MOMENT.date(), id=1, record=record, created_at=MOMENT)])
    return made


@pytest.mark.requirement("R-3", "D-14")
async def test_the_broker_can_tell_a_batch_that_was_sent_again(chassis: Chassis, sending: Sending, chassis_database: Database) -> None:
    topic = await chassis.topic()
    one = await batch(sending, topic)
    await sending.send([one])
    assert one.fate is Fate.ACKNOWLEDGED
    [producer_id] = PRODUCER_ID.unpack_from(first_segment(chassis_database.stack.parts.directory, topic).read_bytes())
    assert producer_id >= 0


@pytest.mark.requirement("R-4")
async def test_a_broker_that_freezes_while_records_are_on_their_way_costs_no_more_than_the_limit(
    chassis: Chassis, sending: Sending, chassis_database: Database
) -> None:
    one = await batch(sending, await chassis.topic())
    async with kafka_frozen(chassis_database):
        async with asyncio.timeout(SECONDS * 10):
            await sending.send([one])
        assert one.fate is Fate.UNKNOWN


def first_segment(directory: Path, topic: Topic) -> Path:
    """Where the broker keeps a topic's first partition."""
    [path] = directory.rglob(f"{topic.name}-0/*.log")
    return path
