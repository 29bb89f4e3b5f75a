"""Every kind of bad input has its code and harms no neighbour (docs/frontends/errors.md)."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.events.contracts.channel_receipts import MessageRefused
from libs.events.contracts.dead_letters import MessageRejected
from libs.events.topics import INBOUND, dead_letter_topic
from tests.examples import boris
from tests.integration.intake.bad_input import HTTP, KAFKA, LONG_TEXT, http_body, record
from tests.integration.intake.town import Town, body_of, said

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.requirement("R-21")]
DEAD = dead_letter_topic(INBOUND.of("vk"))


async def posted(town: Town, body: bytes, path: str = "messages", content_type: str | None = "application/json") -> Any:
    headers = town.site.headers | ({"Content-Type": content_type} if content_type else {})
    return await town.service.http.post(f"/v1/{path}", content=body, headers=headers)


@pytest.mark.parametrize("name", HTTP)
async def test_by_http_it_is_refused_with_its_code_and_nothing_is_kept(shared_town: Town, name: str) -> None:
    body, status, code = HTTP[name]
    before = await shared_town.value("SELECT count(*) FROM events")
    answer = await posted(shared_town, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert await shared_town.value("SELECT count(*) FROM events") == before


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
)
async def test_what_is_not_announced_as_json_is_refused(shared_town: Town, content_type: str | None) -> None:
    answer = await posted(shared_town, http_body(), content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-content-type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_taken_however_it_is_announced(shared_town: Town, content_type: str) -> None:
    assert (await posted(shared_town, http_body(), content_type=content_type)).status_code == 201


async def test_each_wrong_field_is_named_in_russian(shared_town: Town) -> None:
    answer = await posted(shared_town, http_body(text=1, dialogue="", sender={"kind": "robot"}, priority="high"))
    said_of = {error["field"]: error["says"] for error in answer.json()["errors"]}
    assert said_of.keys() == {"text", "dialogue", "sender.kind", "priority"}
    assert said_of["text"] == "Здесь должна быть строка."


@pytest.mark.parametrize("path", ["status", "channels", "confirmations"])
@pytest.mark.parametrize(
    "name", ["an empty body", "an array", "a NUL in a text", "a lone surrogate", "a field twice", "nesting without end"]
)
async def test_the_other_routes_refuse_it_the_same_way(shared_town: Town, path: str, name: str) -> None:
    body, status, code = HTTP[name]
    answer = await posted(shared_town, body, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.requirement("D-17")
@pytest.mark.parametrize("name", KAFKA)
async def test_on_kafka_it_is_set_aside_with_its_reason_and_the_next_record_goes_on(shared_town: Town, name: str) -> None:
    value, reason = KAFKA[name]
    key, after = f"{uuid4().hex}".encode(), f"after {uuid4()}"
    before = len(shared_town.listener.on(DEAD))
    await shared_town.vk.send_raw(value, key=key)
    await shared_town.vk.send(said(after, boris, dialogue=after), key=key)
    assert (await shared_town.vk.receipt(after)).reg_no is not None
    await shared_town.listener.until(lambda: len(shared_town.listener.on(DEAD)) == before + 1, "the dead letter")
    letter = shared_town.listener.facts(DEAD, MessageRejected)[-1]
    assert (letter.consumer, letter.reason, letter.source_topic) == ("intake", reason, INBOUND.of("vk"))
    kept = await shared_town.rows(
        "SELECT reason FROM dead_letters WHERE kafka_partition = $1 AND kafka_offset = $2", letter.source_partition, letter.source_offset
    )
    assert kept == [{"reason": reason}]


@pytest.mark.requirement("R-11")
async def test_an_unknown_type_is_skipped_and_counted(shared_town: Town) -> None:
    after = f"after {uuid4()}"
    dead = await shared_town.value("SELECT count(*) FROM dead_letters")
    await shared_town.vk.send_raw(orjson.dumps(record(type="MessageSungAloud")), key=b"song")
    await shared_town.vk.send(said(after, dialogue=after), key=b"song")
    await shared_town.vk.receipt(after)
    assert await shared_town.value("SELECT count(*) FROM dead_letters") == dead
    figures = (await shared_town.service.http.get("/metrics")).text
    assert 'otklik_records_handled_total{consumer="intake",outcome="unknown-type"} 1.0' in figures


@pytest.mark.requirement("R-5")
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("reply_to", b"channel.outbound.vk.v1")], id="reply_to"),
        pytest.param([("a", b"\xff\xfe")], id="not UTF-8"),
        pytest.param([("a", b"1"), ("a", b"2"), ("traceparent", b"x"), ("traceparent", b"y")], id="twice"),
        pytest.param([("a", None)], id="null"),
        pytest.param([("content-type", b"text/html"), ("correlation_id", b"\x00"), ("message_id", b"")], id="of another library"),
    ],
)
async def test_a_record_with_odd_headers_is_a_record_like_any_other(shared_town: Town, headers: list[Any]) -> None:
    name = f"headers {uuid4()}"
    good = record(payload={"external_id": name, "dialogue": name})
    await shared_town.vk.send_raw(orjson.dumps(good), key=name.encode(), headers=headers)
    assert (await shared_town.vk.receipt(name)).reg_no is not None


async def test_a_text_of_1_mb_on_kafka_is_refused_by_a_receipt(shared_town: Town) -> None:
    name = f"long {uuid4()}"
    await shared_town.vk.send(said(name, text=LONG_TEXT, dialogue=name))
    receipt = await shared_town.vk.receipt(name)
    assert isinstance(receipt, MessageRefused)
    assert receipt.code == "too-large"


ROUTES = ["messages", "status", "channels", "confirmations"]
ASKED = st.sampled_from(["number", "tracking_code", "email", "token"])
AROUND = st.sampled_from(["event_id", "type", "version", "occurred_at", "producer", "point", "payload", "thread_id", "seq"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(sorted(body_of(said())))
quietly = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@given(st.dictionaries(FIELDS, JSON, min_size=1, max_size=4))
@quietly
async def test_whatever_stands_in_the_fields_the_door_never_breaks(shared_town: Town, changed: dict[str, Any]) -> None:
    body = body_of(said(f"random {uuid4()}")) | changed
    answer = await posted(shared_town, orjson.dumps(body))
    assert answer.status_code in (200, 201, 400, 413)
    assert answer.status_code < 400 or answer.json()["code"] in ("wrong-schema", "contains-nul", "not-json", "too-large")


@given(st.binary(max_size=200))
@quietly
async def test_whatever_bytes_come_the_door_never_breaks(shared_town: Town, body: bytes) -> None:
    answer = await posted(shared_town, body)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("not-json", "wrong-schema", "contains-nul", "field-repeated")


@given(
    st.sampled_from(["status", "channels", "confirmations"]),
    st.dictionaries(st.sampled_from(["number", "tracking_code", "email", "token"]), JSON),
)
@quietly
async def test_the_other_routes_never_break_either(shared_town: Town, path: str, body: dict[str, Any]) -> None:
    answer = await posted(shared_town, orjson.dumps(body), path)
    assert answer.status_code in (400, 404)


@given(
    st.dictionaries(
        st.sampled_from(["event_id", "type", "version", "occurred_at", "producer", "point", "payload", "thread_id", "seq"]), JSON
    )
)
@quietly
async def test_no_record_stops_the_kafka_door(shared_town: Town, changed: dict[str, Any]) -> None:
    await shared_town.vk.send_raw(orjson.dumps(record() | changed), key=b"random")


async def test_after_all_of_them_the_kafka_door_still_takes_messages(shared_town: Town) -> None:
    name = f"after all {uuid4()}"
    await shared_town.vk.send(said(name, dialogue=name), key=b"random")
    assert (await shared_town.vk.receipt(name)).reg_no is not None
    ready = await shared_town.service.http.get("/health/ready/kafka")
    assert ready.status_code == 200


@pytest.mark.requirement("D-23")
@pytest.mark.parametrize("path", ["messages", "status", "channels", "confirmations"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic c2l0ZTpzaXRl"}, {"Authorization": "Bearer"}]
)
async def test_without_a_frontends_key_every_route_is_closed(shared_town: Town, path: str, headers: dict[str, str]) -> None:
    answer = await shared_town.service.http.post(f"/v1/{path}", json=body_of(said()), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad-credentials")
    assert "WWW-Authenticate" in answer.headers
