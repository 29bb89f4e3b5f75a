"""Programs written from docs/frontends alone are let in, get their receipts, and are kept out of what is others'."""

import asyncio
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer

from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.envelope import Envelope, decode, encode
from libs.events.fact import Event
from libs.events.topics import INBOUND, OUTBOUND
from tests.integration.frontends.conftest import AUTHORITY, CLIENTS, PATIENCE_SECONDS, Credentials, Installation, run
from tests.stack import producer

pytestmark = pytest.mark.requirement("D-23", "R-8")
TEXT = "Как получить справку?"
LANGUAGES = ("node", "python")


def client(language: str, node: str) -> tuple[str, str]:
    return {"node": (node, "client.mjs"), "python": (sys.executable, "client.py")}[language]


def a_name() -> str:
    return f"town-{uuid4().hex[:8]}"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_program_registers_through_http_and_through_kafka_and_reads_its_receipts(
    installation: Installation, node: str, language: str
) -> None:
    mine = await installation.added(a_name())
    program = client(language, node)
    by_http = (await run(*program, "http", TEXT, told=installation.told(mine))).answer
    assert (by_http["http"], by_http["status"]) == (201, "registered")
    by_kafka = (await run(*program, "kafka", TEXT, told=installation.told(mine, MESSAGE_ID="second"))).answer
    assert (by_kafka["type"], by_kafka["external_id"], by_kafka["status"]) == ("MessageAccepted", "second", "registered")
    assert by_kafka["reg_no"] not in {None, by_http["register_number"]}
    repeated = (await run(*program, "http", TEXT, told=installation.told(mine, MESSAGE_ID="second"))).answer
    assert (repeated["http"], repeated["register_number"]) == (200, by_kafka["reg_no"]), "the two doors know each other's messages"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_program_sends_the_same_again_until_it_has_an_answer_that_counts(node: str, language: str) -> None:
    heard: list[bytes] = []
    answers = ["", "500 Internal Server Error", "408 Request Timeout", "503 Service Unavailable", "201 Created"]  # the first breaks off

    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length
        heard.append(await reader.readexactly(int(length[1])))
        status = answers[len(heard) - 1]
        if status:
            writer.write(f"HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        writer.close()

    server = await asyncio.start_server(door, "127.0.0.1", 0)
    told = {"PATH": os.environ["PATH"], "OTKLIK_KEY": "k", "OTKLIK_HTTP": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}
    async with server:
        said = await run(*client(language, node), "http", TEXT, told=told)
    assert said.answer == {"http": 201}
    assert (len(heard), len(set(heard))) == (len(answers), 1)
    assert "no answer" in said.errors


async def test_what_has_another_schema_is_refused_by_a_receipt_with_a_code(installation: Installation, node: str) -> None:
    mine = await installation.added(a_name())
    refused = (await run(node, "client.mjs", "kafka", TEXT, told=installation.told(mine, MESSAGE_ID="bad", SEND_WRONG="yes"))).answer
    assert (refused["type"], refused["external_id"], refused["code"]) == ("MessageRefused", "bad", "wrong-schema")
    assert refused["explanation"]


async def test_with_the_credentials_of_another_frontend_a_program_is_refused_by_the_broker_and_by_the_door(
    installation: Installation, node: str
) -> None:
    mine, other = await installation.added(a_name()), await installation.added(a_name(), "--http-only")
    thief = Credentials(name=other.name, key=mine.key, user=mine.user)
    at_kafka = await run(node, "client.mjs", "kafka", TEXT, told=installation.told(thief))
    assert (at_kafka.code, at_kafka.output) == (1, "")
    assert "Topic authorization failed" in at_kafka.errors
    guessed = await run(node, "client.mjs", "kafka", TEXT, told=installation.told(Credentials(mine.name, "guessed", mine.user)))
    assert "SASL authentication failed" in guessed.errors
    at_the_door = (await run(node, "client.mjs", "http", TEXT, told=installation.told(Credentials(mine.name, "guessed", mine.user)))).answer
    assert (at_the_door["http"], at_the_door["code"]) == (401, "bad-credentials")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing: on Debian, apt-get install curl")
async def test_a_message_can_be_sent_by_hand_with_curl(installation: Installation) -> None:
    mine = await installation.added(a_name(), "--http-only")
    said = (await run("sh", "curl.sh", TEXT, told=installation.told(mine, MESSAGE_ID="by-hand"))).answer
    assert (said["external_id"], said["status"]) == ("by-hand", "registered")


@pytest.mark.parametrize("name", [path.name for path in CLIENTS.iterdir() if path.is_file()])
def test_every_client_is_short_enough_to_be_read_at_once(name: str) -> None:
    assert len((CLIENTS / name).read_text("utf-8").splitlines()) <= 120


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.requirement("N-7.4")
async def test_a_program_takes_a_notice_to_its_person_and_reports_the_delivery(
    installation: Installation, node: str, language: str
) -> None:
    mine, notice, key = await installation.added(a_name()), uuid4().hex, b"0a" * 32
    bootstrap = installation.environment["OTKLIK_KAFKA_BOOTSTRAP"]
    said = ReplyHandedOver(notice_id=notice, dialogue="chat-77", text="Зарегистрировано")
    newer = enveloped(said, "notifier").replace(b"ReplyHandedOver", b"SomethingNewer").replace("Зарегистрировано".encode(), b"?")
    async with producer(bootstrap) as notifier:
        await notifier.send_and_wait(OUTBOUND.of(mine.name), newer, key=key)
        await notifier.send_and_wait(OUTBOUND.of(mine.name), enveloped(said, "notifier"), key=key)
    started = await asyncio.create_subprocess_exec(
        *client(language, node), "notices", cwd=CLIENTS, env=installation.told(mine), stdout=asyncio.subprocess.PIPE
    )
    reader = AIOKafkaConsumer(INBOUND.of(mine.name), bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert started.stdout
            assert (await started.stdout.readline()).decode().strip() == "chat-77: Зарегистрировано"
            record = await reader.getone()
    finally:
        started.kill()
        await started.wait()
        await reader.stop()
    reported = REGISTRY.read(decode(record.value))
    assert (record.key, reported) == (key, DeliveryReported(notice_id=notice, outcome="delivered"))


def enveloped(event: Event, sender: str) -> bytes:
    now = datetime.now(UTC)
    around = Envelope(
        event_id=uuid4(),
        type=event.type_name(),
        authority=AUTHORITY,
        aggregate_id="a",
        thread_id=uuid4(),
        occurred_at=now,
        recorded_at=now,
        producer=sender,
        payload=event.payload(),
    )
    return encode(around)
