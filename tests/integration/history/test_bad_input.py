"""Whatever comes is kept: what can't be read with its reason and its bytes, what is unknown as it is (docs: bad input)."""

import base64
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.store.keys import Keyring, WrongMasterKey
from libs.chassis.store.sealing import unseal
from libs.events.contracts.dead_letters import MessageRejected
from libs.events.contracts.history_events import HistoryViewed
from libs.events.envelope import MAX_RECORD_BYTES, encode
from libs.events.topics import INBOUND, REQUESTS, dead_letter_topic
from services.history.handlers import NotKept
from services.history.store import Log
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping
from tests.unit.history.told import IN_SITE, delivered, delivery, envelope, message, received, request_of

GOOD = encode(envelope(message()))
DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
BAD: dict[str, tuple[bytes | None, str]] = {
    "null": (None, "empty-value"),
    "empty": (b"", "empty-value"),
    "no JSON": (b"{torn", "not-json"),
    "not UTF-8": (b'{"type": "\xff\xfe"}', "not-json"),
    "half a surrogate": (rb'{"type": "\ud800"}', "not-json"),
    "too deep": (DEEP, "not-json"),
    "a list": (b"[1, 2]", "wrong-schema"),
    "no envelope": (b'{"hello": "world"}', "wrong-schema"),
    "a time without a zone": (GOOD.replace(b"+00:00", b"").replace(b'Z"', b'"'), "wrong-schema"),
    "NUL": (GOOD.replace(b'"dialogue":"form-1"', rb'"dialogue":"form\u0000"'), "contains-nul"),
    "too large": (b" " * (MAX_RECORD_BYTES + 1), "too-large"),
}


def reason(row: dict[str, Any]) -> str:
    return str(json.loads(row["open"])["reason"])


@pytest.mark.requirement("R-21", "D-17", "N-4.4")
async def test_a_record_that_can_not_be_read_is_kept_with_its_reason_and_costs_its_batch_nothing(
    history: Keeping, signed_in: SignedIn
) -> None:
    good = [delivered(envelope(message()), IN_SITE) for _ in range(len(BAD))]
    bad = {name: delivery(value, IN_SITE) for name, (value, _) in BAD.items()}
    await history.take(*(one for pair in zip(good, bad.values(), strict=True) for one in pair))
    assert await history.count() == len(good) + len(bad)
    rows = {row["kafka_offset"]: row for row in await history.rows("SELECT * FROM history.log WHERE type = 'Unreadable'")}
    assert {name: reason(rows[each.offset]) for name, each in bad.items()} == {name: code for name, (_, code) in BAD.items()}
    for name, each in bad.items():
        answer = await history.http.get(f"/v1/entries/{rows[each.offset]['event_id']}", headers=signed_in(Role.OPERATOR))
        value = answer.json()["payload"]["value"]
        assert (None if value is None else base64.b64decode(value)) == each.value, name
    assert (await history.verified()).sound


@pytest.mark.requirement("R-21", "R-6")
async def test_an_unreadable_record_is_kept_once_and_under_a_key_of_its_own(history: Keeping) -> None:
    bad = [delivery(b"{torn", IN_SITE), delivery(b"{torn", IN_SITE)]
    await history.take(*bad)
    await history.take(*bad, *bad)
    rows = await history.rows()
    assert len(rows) == 2
    assert len({row["thread_id"] for row in rows}) == 2
    assert await history.count("thread_keys") == 2


@pytest.mark.requirement("R-7", "D-17")
async def test_history_dead_letters_nothing(history: Keeping) -> None:
    await history.take(*(delivery(value, IN_SITE) for value, _ in BAD.values()))
    assert await history.count("dead_letters") == 0
    assert await history.count("outbox") == 0


@pytest.mark.requirement("R-11", "R-21", "N-4.4")
async def test_an_unknown_type_and_a_newer_version_are_kept_as_they_are(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    unknown = envelope(client_id=client, type="RequestTurnedBlue", payload={"shade": "синий", "number": 1.50, "deep": {"list": [1, None]}})
    newer = envelope(received(), client_id=client, version=7)
    await history.take(delivered(unknown), delivered(newer))
    told = {entry["type"]: entry for entry in await history.entries(signed_in(Role.OPERATOR), client=client)}
    assert told["RequestTurnedBlue"]["payload"] == unknown.payload
    assert told["RequestReceived"]["payload"] == newer.payload
    assert told["RequestReceived"]["version"] == 7


@pytest.mark.requirement("R-11", "R-21")
async def test_a_payload_that_its_contract_does_not_know_is_kept_as_it_is(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    wrong = envelope(client_id=client, type="RequestReceived", payload={"reference": 5, "flags": "none", "extra": [True]})
    await history.take(delivered(wrong))
    [entry] = await history.entries(signed_in(Role.OPERATOR), client=client)
    assert entry["payload"] == wrong.payload


@pytest.mark.requirement("R-7", "D-17")
async def test_what_others_set_aside_is_told_by_history_with_its_coordinates(history: Keeping, signed_in: SignedIn) -> None:
    rejected = MessageRejected(consumer="intake", source_topic=IN_SITE, source_partition=3, source_offset=17, reason="not-json")
    await history.take(delivered(envelope(rejected), dead_letter_topic(IN_SITE)))
    [entry] = await history.entries(signed_in(Role.HEAD), type="MessageRejected")
    assert entry["payload"] == rejected.payload()


@pytest.mark.requirement("D-23", "R-21", "D-25")
async def test_a_frontend_can_not_forge_an_audit_or_a_service_event(history: Keeping, signed_in: SignedIn) -> None:
    forged = HistoryViewed(operator="somebody-else", role="head", filter={}, count=0)
    await history.take(delivered(envelope(forged), IN_SITE), delivered(envelope(received(), client_id=uuid4()), IN_SITE))
    assert [reason(row) for row in await history.rows()] == ["wrong-topic"] * 2
    assert await history.count("thread_links") == 0
    assert await history.entries(signed_in(Role.AUDITOR), type="HistoryViewed") == []


@pytest.mark.requirement("D-23", "R-17")
async def test_a_frontend_can_not_put_a_message_into_somebody_elses_history(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    theirs = request_of(client)
    await history.take(*theirs)
    [request] = await history.rows("SELECT thread_id FROM history.log WHERE type = 'RequestReceived'")
    smuggled = envelope(message(), thread_id=request["thread_id"], client_id=client)
    await history.take(delivered(smuggled, INBOUND.of("vk")))
    found = await history.entries(signed_in(Role.OPERATOR), client=client)
    assert len(found) == len(theirs)
    assert str(smuggled.event_id) not in {entry["event_id"] for entry in found}


@pytest.mark.requirement("R-6", "D-25")
async def test_an_audit_that_comes_back_from_kafka_is_not_kept_twice(history: Keeping, signed_in: SignedIn) -> None:
    await history.ask(signed_in(Role.OPERATOR), channel="site")
    async with history.process.pool.acquire() as db:
        [row] = await db.fetch("SELECT * FROM outbox")
        key = (await history.process.keyring.of(db, [row["thread_id"]]))[row["thread_id"]]
    assert row["topic"] == "history.events.v1"
    value = unseal(key, row["sealed"], row["event_id"].bytes)
    await history.take(delivery(value, "history.events.v1"), delivery(value, "history.events.v1"))
    assert [row["type"] for row in await history.rows()] == ["HistoryViewed"]


@pytest.mark.requirement("R-21")
async def test_a_master_key_that_does_not_open_the_threads_stops_history_instead_of_spoiling_it(history: Keeping) -> None:
    thread = uuid4()
    await history.take(delivered(envelope(message(), thread_id=thread), IN_SITE))
    async with history.process.pool.acquire() as db:
        await history.process.keyring.claim(db)
    wrong = replace(history.keeper, log=Log(Keyring(b"x" * 32, "1")))
    with pytest.raises(WrongMasterKey):
        await wrong.take([delivered(envelope(message(), thread_id=thread), IN_SITE)])
    assert await history.count() == 1


@pytest.mark.requirement("R-21", "N-4.4")
async def test_another_text_under_the_id_and_the_time_of_an_earlier_one_is_kept_too(history: Keeping) -> None:
    first = envelope(message())
    other_id = first.model_copy(update={"payload": first.payload | {"external_id": "other"}})
    other_text = first.model_copy(update={"payload": first.payload | {"text": "Прошу другого."}})
    for one in (first, first, other_id, other_text):
        await history.take(delivered(one, IN_SITE))
    rows = await history.rows()
    assert sorted(row["type"] for row in rows) == ["MessageReceived", "Unreadable", "Unreadable"]
    assert {json.loads(row["open"]).get("reason") for row in rows if row["type"] == "Unreadable"} == {"event-id-taken"}


@pytest.mark.requirement("R-21", "R-7")
async def test_when_not_even_the_bytes_can_be_kept_the_batch_waits(history: Keeping) -> None:
    await history.tamper(
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a fault of ours'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION broken()",
    )
    with pytest.raises(NotKept):
        await history.take(delivery(b"{torn", REQUESTS.name), delivered(envelope(message()), IN_SITE))
    assert await history.count("log_ids") == 0
    await history.tamper("DROP TRIGGER broken ON log")
    await history.take(delivery(b"{torn", REQUESTS.name), delivered(envelope(message()), IN_SITE))
    assert await history.count("log_ids") == 2
