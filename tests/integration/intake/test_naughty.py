"""Whatever people type is kept and given back byte for byte, or refused with a code (N-2.2)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_requests import RequestReceived
from libs.events.topics import INBOUND, REQUESTS
from libs.events.vocabulary import AdditionalChannel, Contacts, Sender
from services.intake.store import REQUEST
from tests.integration.intake.town import Town, said

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.requirement("N-2.2", "R-21")]
CONTROLS = [chr(code) for code in (*range(1, 0x20), *range(0x7F, 0xA0))]
MARKS = [
    *("\u00ad", "\u034f", "\u061c", "\u180e", "\u200b", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069"),
    *("\ufeff", "\ufffc", "\ufffd", "\ufffe", "\uffff", "\ue000", "\U000e0001", "\U0010ffff", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    *(
        "e\u0301",
        "\u00e9",
        "\u1e9e",
        "\u0130",
        "\u01c5",
        "a" + "\u0336" * 100,
        "\r\n",
        "\n\r",
        " ",
        "\u00a0",
        "'",
        '"',
        "\\",
        "\\u0000",
        "%00",
        "${x}",
    ),
]


def naughty(shared_data: Path) -> list[str]:
    strings = json.loads((shared_data / "naughty" / "blns.json").read_text("utf-8"))
    return [*strings, *CONTROLS, *MARKS, "".join(CONTROLS + MARKS)]


def with_it_everywhere(name: str, text: str) -> MessageReceived:
    """The string in every field that takes any."""
    return said(
        name,
        text=text,
        dialogue=f"{name} {text}"[:200],
        sender=Sender(name=text, account=f"{name} {text}"),
        contacts=Contacts(email=text, phone=text, postal=text),
        additional_channel=AdditionalChannel(channel="phone", address=text or "нет"),
        thread_ref=text[:200],
    )


async def kept(town: Town, frontend: str, prefix: str) -> dict[str, RequestReceived]:
    """The first fact of each request of these messages, out of the event store."""
    async with town.service.process.pool.acquire() as db:
        rows = await db.fetch(
            "SELECT external_id, request_id FROM messages WHERE frontend = $1 AND starts_with(external_id, $2)", frontend, prefix
        )
        recorded = await town.service.process.store.read(db, REQUEST, [row["request_id"] for row in rows])
    facts = {str(request_id): events[0].fact for request_id, events in recorded.items()}
    return {row["external_id"]: fact for row in rows if isinstance(fact := facts[str(row["request_id"])], RequestReceived)}


def said_of(fact: RequestReceived | MessageReceived) -> dict[str, Any]:
    payload = fact.payload()
    return {name: payload[name] for name in ("text", "dialogue", "sender", "contacts", "additional_channel")}


async def test_every_naughty_string_comes_back_from_the_http_door_as_it_was(shared_town: Town, shared_data: Path) -> None:
    messages = {f"http {n}": with_it_everywhere(f"http {n}", text) for n, text in enumerate(naughty(shared_data))}
    answers = await asyncio.gather(*(shared_town.site.post(message) for message in messages.values()))
    assert [answer.text for answer in answers if answer.status_code != 201] == []
    found = await kept(shared_town, "site", "http ")
    assert {name: said_of(fact) for name, fact in found.items()} == {name: said_of(message) for name, message in messages.items()}


async def test_every_naughty_string_comes_back_from_the_kafka_door_as_it_was(shared_town: Town, shared_data: Path) -> None:
    messages = {f"kafka {n}": with_it_everywhere(f"kafka {n}", text) for n, text in enumerate(naughty(shared_data))}
    await shared_town.vk.send_all(list(messages.values()))
    await shared_town.vk.receipts_of(list(messages))
    found = await kept(shared_town, "vk", "kafka ")
    assert {name: said_of(fact) for name, fact in found.items()} == {name: said_of(message) for name, message in messages.items()}
    assert await shared_town.value("SELECT count(*) FROM dead_letters") == 0


async def test_what_is_published_of_them_is_the_same(shared_town: Town, shared_data: Path) -> None:
    expected = set(naughty(shared_data))
    listener = shared_town.listener

    def published() -> list[set[str]]:
        by_http = listener.facts(INBOUND.of("site"), MessageReceived)
        received = listener.facts(REQUESTS.name, RequestReceived)
        return [
            {fact.text for fact in by_http},
            {fact.text for fact in received if fact.channel == "site"},
            {fact.text for fact in received if fact.channel == "vk"},
        ]

    await listener.until(lambda: published() == [expected] * 3, "the texts on Kafka")


@pytest.mark.parametrize("typed", ["' OR 1=1; --", "<script>alert(1)</script>", "\u202eЗИ-1/2026", "１２３", "ЗИ-1/2026'", "%"])
async def test_no_string_opens_a_status_page(shared_town: Town, typed: str) -> None:
    answer = await shared_town.site.ask("status", {"number": typed, "tracking_code": typed})
    assert (answer.status_code, answer.json()["code"]) == (404, "request-not-found")
