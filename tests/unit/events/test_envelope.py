"""What surrounds an event: read from anything, or refused under a stable code (D-8, R-5)."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from asyncpg.pgproto import pgproto
from hypothesis import given
from hypothesis import strategies as st

from libs.events.envelope import MAX_DEPTH, MAX_RECORD_BYTES, Actor, Envelope, Unreadable, contains_nul, decode, encode

WHOLE: dict[str, Any] = {
    "event_id": "01979b8e-0000-7000-8000-000000000001",
    "type": "Noted",
    "version": 1,
    "authority": "test",
    "aggregate_id": "1",
    "thread_id": "01979b8e-0000-7000-8000-000000000002",
    "occurred_at": "2026-11-03T09:15:00Z",
    "recorded_at": "2026-11-03T09:15:00.5+07:00",
    "producer": "test",
    "payload": {},
}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
codes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=200)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)  # noqa: DTZ001 - the zone comes with the strategy
envelopes = st.builds(
    Envelope,
    event_id=st.uuids(),
    type=codes,
    version=st.integers(1, 2**31 - 1),
    authority=codes,
    aggregate_id=codes,
    seq=st.none() | st.integers(1, 2**63 - 1),
    thread_id=st.uuids(),
    occurred_at=moments,
    recorded_at=moments,
    producer=codes,
    actor=st.none() | st.builds(Actor, role=codes, id=codes),
    client_id=st.none() | st.uuids(),
    point=st.none() | codes,
    correlation_id=st.none() | st.uuids(),
    causation_id=st.none() | st.uuids(),
    payload=st.dictionaries(texts, json_values),
)


def raw(**changes: Any) -> bytes:
    return json.dumps(WHOLE | changes).encode()


def code_of(value: bytes | None) -> str:
    with pytest.raises(Unreadable) as caught:
        decode(value)
    return caught.value.code


@pytest.mark.requirement("D-8", "N-2.2")
@given(envelopes)
def test_what_is_encoded_is_decoded_as_it_was(envelope: Envelope) -> None:
    again = decode(encode(envelope))
    assert again == envelope
    assert again.payload == envelope.payload
    assert encode(again) == encode(envelope)


@pytest.mark.requirement("R-21", "R-5")
@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_bytes_come_they_are_read_or_refused_under_a_known_code(value: bytes) -> None:
    try:
        decode(value)
        code = "readable"
    except Unreadable as error:
        code = error.code
    assert code in {"readable", "empty-value", "too-large", "not-json", "contains-nul", "wrong-schema"}


@pytest.mark.requirement("D-8", "R-11")
def test_a_field_that_a_newer_producer_added_is_tolerated() -> None:
    envelope = decode(raw(added_later={"x": 1}, actor={"role": "clerk", "id": "7", "more": 1}))
    assert envelope.actor == Actor(role="clerk", id="7")
    assert envelope.recorded_at == datetime(2026, 11, 3, 2, 15, 0, 500_000, tzinfo=UTC)
    assert envelope.event_id == UUID(WHOLE["event_id"])


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"version"}))
def test_nothing_that_belongs_to_it_may_be_missing(name: str) -> None:
    assert code_of(json.dumps({key: value for key, value in WHOLE.items() if key != name}).encode()) == "wrong-schema"


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"version": -1},
        {"version": 2**31},
        {"version": "first"},
        {"seq": 0},
        {"seq": 2**63},
        {"type": ""},
        {"type": "x" * 201},
        {"type": None},
        {"aggregate_id": "x" * 201},
        {"occurred_at": "2026-11-03T09:15:00"},
        {"occurred_at": 1_700_000_000},
        {"occurred_at": "1700000000"},
        {"occurred_at": "-1.5"},
        {"occurred_at": "+1700000000.25"},
        {"occurred_at": "0001-01-01T00:00:00+14:00"},
        {"recorded_at": "9999-12-31T23:59:59-14:00"},
        {"event_id": "7"},
        {"payload": []},
        {"payload": None},
        {"actor": "clerk"},
    ],
    ids=str,
)
def test_what_no_store_could_keep_is_a_wrong_schema(changes: dict[str, Any]) -> None:
    assert code_of(raw(**changes)) == "wrong-schema"


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty-value"),
        (b"", "empty-value"),
        (b" ", "not-json"),
        (b"{", "not-json"),
        (b"\xff", "not-json"),
        (b'{"a": NaN}', "not-json"),
        (b'{"a": "\\ud800"}', "not-json"),
        (b"null", "wrong-schema"),
        (b"7", "wrong-schema"),
        (b"[]", "wrong-schema"),
        (b'"' + b"x" * MAX_RECORD_BYTES + b'"', "too-large"),
        (b'"' + b"x" * (MAX_RECORD_BYTES - 2) + b'"', "wrong-schema"),
        (raw(payload={"text": "a\x00b"}), "contains-nul"),
        (raw(payload={"te\x00xt": "a"}), "contains-nul"),
        (raw(payload={"all": [[{"deep": "\x00"}]]}), "contains-nul"),
        (raw(type="\x00"), "contains-nul"),
    ],
    ids=lambda value: str(value)[:30].replace("\\", "-"),
)
def test_what_can_not_be_read_has_a_stable_code(value: bytes | None, code: str) -> None:
    assert code_of(value) == code


def test_the_ids_of_the_database_driver_are_written_like_any_other() -> None:
    whole = Envelope.model_validate(WHOLE)
    thread = pgproto.UUID(str(whole.thread_id))
    assert encode(whole.model_copy(update={"thread_id": thread})) == encode(whole)
    with pytest.raises(TypeError):
        encode(whole.model_copy(update={"payload": {"x": object()}}))


@pytest.mark.requirement("R-21")
def test_a_text_that_only_looks_like_nul_is_read() -> None:
    assert decode(raw(payload={"text": "\\u0000"})).payload == {"text": "\\u0000"}


def nested(depth: int, inside: str) -> bytes:
    """A payload in which so many lists lie in each other."""
    return raw(payload={"x": "@"}).replace(b'"@"', b"[" * depth + inside.encode() + b"]" * depth)


@pytest.mark.requirement("R-21")
def test_a_payload_may_be_deep_but_not_so_deep_that_somebody_behind_us_breaks() -> None:
    deep_and_wide = nested(MAX_DEPTH - 2, "1").replace(b'"payload": {', b'"payload": {"wide": [[], []], ')
    assert decode(nested(MAX_DEPTH - 2, "1")).payload
    assert decode(deep_and_wide).payload["wide"] == [[], []]
    assert code_of(nested(MAX_DEPTH - 1, "1")) == "wrong-schema"
    assert code_of(nested(MAX_DEPTH + 1, "1")) == "wrong-schema"
    assert code_of(nested(1000, '"\\u0000"')) == "wrong-schema"
    assert code_of(nested(100_000, "1")) == "not-json"


@pytest.mark.requirement("R-21")
def test_nul_is_found_however_deep_it_lies() -> None:
    deep: Any = "\x00"
    for _ in range(100_000):
        deep = [deep]
    assert contains_nul(deep)
    assert contains_nul({"a": [1, None, {"\x00": 2}]})
    assert not contains_nul({"a": [1, None, {"b": "text", "c": 1.5, "d": True}]})


@pytest.mark.requirement("E-14")
def test_an_error_says_where_and_never_what() -> None:
    with pytest.raises(Unreadable) as caught:
        decode(raw(version="Иванова", occurred_at="Петрова", actor={"role": "Сидорова"}))
    assert caught.value.where == "version: int_parsing; occurred_at: datetime_from_date_parsing; actor.id: missing"
    assert "ова" not in str(caught.value)


@pytest.mark.requirement("D-8", "R-11")
@given(envelopes)
def test_what_is_written_is_what_the_contract_itself_would_write(envelope: Envelope) -> None:
    assert json.loads(encode(envelope)) == json.loads(envelope.model_dump_json())
