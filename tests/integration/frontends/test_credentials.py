"""A frontend's entry to Kafka: its own topics alone, another key without a break, shut out at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError

from libs.chassis.bus.credentials import users_with_rights
from libs.events.topics import INBOUND, RECEIPTS, REQUESTS
from tests.integration.frontends.conftest import Credentials, Installation

pytestmark = pytest.mark.requirement("D-23", "R-8")


def entry(installation: Installation, frontend: Credentials) -> dict[str, str]:
    return {
        "bootstrap_servers": installation.kafka,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": frontend.user,
        "sasl_plain_password": frontend.key,
    }


@asynccontextmanager
async def writing(installation: Installation, frontend: Credentials) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(**entry(installation, frontend), acks="all", enable_idempotence=True)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def put(producer: AIOKafkaProducer, topic: str) -> None:
    await producer.send_and_wait(topic, b"{}", key=b"0" * 64)


async def read_once(installation: Installation, frontend: Credentials, topic: str, group: str) -> None:
    reader = AIOKafkaConsumer(topic, **entry(installation, frontend), group_id=group)
    try:
        await reader.start()
        await reader.getone()
    finally:
        await reader.stop()


async def test_a_frontend_may_write_to_no_topic_but_its_own_inbound(installation: Installation) -> None:
    mine, other = await installation.added(f"a-{uuid4().hex[:8]}"), await installation.added(f"b-{uuid4().hex[:8]}")
    async with writing(installation, mine) as producer:
        await put(producer, INBOUND.of(mine.name))
    for topic in (INBOUND.of(other.name), RECEIPTS.of(mine.name), REQUESTS.name):
        async with writing(installation, mine) as producer:
            with pytest.raises(TopicAuthorizationFailedError):
                await put(producer, topic)


@pytest.mark.parametrize(
    ("topic", "group", "refusal"),
    [
        ("channel.receipts.{other}.v1", "{mine}.reader", TopicAuthorizationFailedError),
        ("channel.receipts.{mine}.v1", "{other}.reader", GroupAuthorizationFailedError),
        ("channel.receipts.{mine}.v1", "intake-1", GroupAuthorizationFailedError),
        ("intake.requests.v1", "{mine}.reader", TopicAuthorizationFailedError),
    ],
)
async def test_a_frontend_reads_nothing_of_others_and_joins_no_group_of_theirs(
    installation: Installation, topic: str, group: str, refusal: type[Exception]
) -> None:
    mine = await installation.added(f"a-{uuid4().hex[:8]}")
    names = {"mine": mine.name, "other": f"{mine.name}-more"}
    await installation.added(names["other"])
    with pytest.raises(refusal):
        await read_once(installation, mine, topic.format(**names), group.format(**names))


async def test_both_keys_open_both_doors_until_the_rotation_is_finished(installation: Installation) -> None:
    first = await installation.added(f"a-{uuid4().hex[:8]}")
    second = Credentials.printed(first.name, await installation.command("rotate", first.name))
    for each in (first, second):
        async with writing(installation, each) as producer:
            await put(producer, INBOUND.of(first.name))
    assert (await installation.command("rotate", first.name, "--finish")).exit_code == 0
    async with writing(installation, second) as producer:
        await put(producer, INBOUND.of(first.name))
    with pytest.raises(KafkaConnectionError):
        async with writing(installation, first):
            pass


async def test_a_revoked_frontend_is_cut_off_in_mid_connection_and_its_name_brings_nothing_back(installation: Installation) -> None:
    gone = await installation.added(f"a-{uuid4().hex[:8]}")
    async with writing(installation, gone) as producer:
        await put(producer, INBOUND.of(gone.name))
        assert (await installation.command("revoke", gone.name, "--yes")).exit_code == 0
        with pytest.raises(TopicAuthorizationFailedError):
            await put(producer, INBOUND.of(gone.name))
        again = await installation.added(gone.name)
        with pytest.raises(TopicAuthorizationFailedError):
            await put(producer, INBOUND.of(gone.name))
    async with writing(installation, again) as producer:
        await put(producer, INBOUND.of(gone.name))


async def test_who_has_no_kafka_gets_no_entry_to_it(installation: Installation) -> None:
    by_http = await installation.added(f"a-{uuid4().hex[:8]}", "--http-only")
    assert by_http.user == ""
    users = await users_with_rights(installation.environment["OTKLIK_KAFKA_BOOTSTRAP"])
    assert not [user for user in users if user.startswith(f"{by_http.name}.")]
