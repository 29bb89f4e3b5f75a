"""Programs written from docs/frontends alone are let in, get their receipts, and are kept out of what is others'."""

import shutil
import sys
from uuid import uuid4

import pytest

from tests.integration.frontends.conftest import CLIENTS, Credentials, Installation, run

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
