"""What the guide for frontends says is what the contracts say: its examples are taken, its table has every field."""

import json
import re

import pytest

from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.envelope import Envelope, decode
from libs.events.topics import TOPICS
from local.places import PORTS, ROOT
from services.intake.bodies import MessageBody

pytestmark = pytest.mark.requirement("D-23")
FOLDER = ROOT / "docs" / "frontends"
CLIENTS = ("client.mjs", "client.py")
GUIDE = (FOLDER / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return GUIDE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def fields_of(table: str) -> set[str]:
    """Names in the first column, without what they hold; `.phone` belongs to the name before."""
    first = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    return {name.split(".")[0] for cell in first for name in re.findall(r"`([^`]+)`", cell)} - {""}


def test_the_message_of_the_guide_is_taken_by_the_http_door() -> None:
    example = re.search(r"\n(\{.*?\})\n```", section("The HTTP door"), re.DOTALL)
    assert example
    message = MessageBody.model_validate_json(example[1])
    assert (message.dialogue, message.contacts.email) == ("chat-77", "ivanova@example.org")


def test_the_record_of_the_guide_is_read_by_the_kafka_door() -> None:
    example = re.search(r"```json\n(.*?)```", section("The Kafka door"), re.DOTALL)
    assert example
    assert isinstance(REGISTRY.read(decode(example[1].encode())), MessageReceived)
    assert json.loads(example[1])["version"] == MessageReceived.version


def test_the_guide_names_every_field_of_a_message_and_of_its_envelope() -> None:
    assert fields_of(section("A message")) == set(MessageBody.model_fields)
    told = fields_of(section("The Kafka door"))
    assert told == set(Envelope.model_fields) - {"payload", "seq", "actor", "client_id"}, "those are for our own services"


def test_the_guide_and_the_clients_name_the_topics_of_the_table_and_the_ports_of_make_up() -> None:
    for topic in TOPICS:
        if topic.per_frontend:
            assert topic.name in GUIDE
            kind = topic.name.split(".")[1]
            assert all(kind in re.findall(r"[\"'](\w+)[\"']", (FOLDER / "clients" / name).read_text("utf-8")) for name in CLIENTS)
    assert f"OTKLIK_HTTP=http://127.0.0.1:{PORTS['intake']} " in GUIDE
    assert f"OTKLIK_KAFKA=127.0.0.1:{PORTS['kafka-frontends']} " in GUIDE
