"""What the notifier told comes again: facts of notices under their keys, and replies that frontends were handed (R-12)."""

from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from libs.events.envelope import decode
from libs.events.topics import DELIVERIES, OUTBOUND
from libs.events.vocabulary import Status
from services.notifier.main import PUBLISHED
from tests.integration.notifier.conftest import Notifying
from tests.integration.notifier.test_notices import email
from tests.stack import eventually
from tests.unit.notifier.examples import by_vk

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.requirement("R-12", "D-20")
async def test_facts_of_notices_and_replies_to_frontends_are_published_again(notifying: Notifying, fresh_kafka: str) -> None:
    heard: list[ConsumerRecord[bytes, bytes]] = []
    listener = AIOKafkaConsumer(bootstrap_servers=fresh_kafka, enable_auto_commit=False)
    await listener.start()
    partitions = [TopicPartition(topic, n) for topic in (DELIVERIES.name, OUTBOUND.of("vk")) for n in range(12)]
    listener.assign(partitions)
    await listener.seek_to_end()

    async def so_many(count: int) -> bool:
        for records in (await listener.getmany(timeout_ms=50)).values():
            heard.extend(records)
        return len(heard) >= count

    try:
        async with notifying.running() as service:
            await notifying.changed("again", Status.REGISTERED, by_vk, email("again@example.org"))
            await notifying.become("again", "accepted", "accepted")
            await eventually(lambda: so_many(5))
            republisher = service.process.republisher(PUBLISHED)
            count = sum([batch async for batch in republisher.since(service.process.pool, LONG_AGO)])
            assert count == len(heard) == 5
            await eventually(lambda: so_many(10))
            await notifying.become("again", "accepted", "accepted")
    finally:
        await listener.stop()
    first = {decode(record.value).event_id: record for record in heard[:5]}
    for record in heard[5:]:
        envelope = decode(record.value)
        before = first[envelope.event_id]
        assert (envelope, record.topic) == (decode(before.value), before.topic)
        assert record.key == (before.key if record.topic == DELIVERIES.name else str(envelope.thread_id).encode())
