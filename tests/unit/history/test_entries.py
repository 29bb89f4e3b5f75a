"""What stands in clear and what is sealed, before anything is stored."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.contracts.history_events import HistoryViewed
from libs.events.contracts.notifier_deliveries import NotificationDelivered
from libs.events.envelope import Unreadable
from libs.events.fact import open_fields, without_secrets
from libs.events.topics import CLIENTS, DELIVERIES, INBOUND, RECEIPTS, REQUESTS, dialogue_thread
from services.history.domain.entries import LAST_MS, Entry, entry_of, in_its_dialogue, unreadable
from tests.unit.history.told import AT, AUTHORITY, EMAIL, IN_SITE, NAME, SECRET, WHEN_MS, came, envelope, message, received, status_changed

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)


def clear(entry: Entry) -> dict[str, Any]:
    return dict(orjson.loads(entry.open))


def hidden(entry: Entry) -> dict[str, Any]:
    return dict(orjson.loads(entry.hidden or b"{}"))


@pytest.mark.requirement("R-17", "D-19")
def test_a_field_is_hidden_unless_its_contract_says_open() -> None:
    entry = entry_of(envelope(received()), came())
    assert clear(entry).keys() == open_fields(type(received()))
    assert {"text", "sender", "contacts", "dialogue"} <= hidden(entry).keys()
    assert NAME not in entry.open
    assert EMAIL not in entry.open


@pytest.mark.requirement("D-19", "N-4.4")
def test_whatever_the_envelope_says_and_where_the_record_lay_is_kept_with_times_in_utc() -> None:
    ahead = AT.astimezone(timezone(timedelta(hours=7)))
    told = envelope(received(), seq=4, client_id=uuid4(), point="phone", correlation_id=uuid4(), causation_id=uuid4())
    told = told.model_copy(update={"occurred_at": ahead, "recorded_at": ahead + timedelta(seconds=1)})
    kept = entry_of(told, came())._asdict()
    same = set(type(told).model_fields) & kept.keys() - {"occurred_at", "recorded_at"}
    assert {name: kept[name] for name in same} == {name: getattr(told, name) for name in same}
    assert (kept["actor_role"], kept["actor_id"]) == ("frontend", "site")
    assert (kept["topic"], kept["kafka_partition"], kept["kafka_offset"], kept["record_timestamp_ms"]) == came()
    assert (kept["occurred_at"], kept["recorded_at"]) == (AT, AT + timedelta(seconds=1))
    assert {kept["occurred_at"].tzinfo, kept["recorded_at"].tzinfo} == {UTC}
    nobody = entry_of(told.model_copy(update={"actor": None}), None)
    assert (nobody.actor_role, nobody.actor_id, nobody.topic, nobody.kafka_offset) == (None, None, None, None)


@pytest.mark.requirement("R-17")
def test_a_field_that_a_newer_producer_added_is_hidden() -> None:
    told = envelope(received())
    told = told.model_copy(update={"payload": told.payload | {"passport": NAME}})
    entry = entry_of(told, came())
    assert hidden(entry)["passport"] == NAME
    assert NAME not in entry.open


@pytest.mark.requirement("R-17")
def test_an_open_field_whose_value_is_not_what_the_contract_says_is_hidden() -> None:
    told = envelope(received())
    told = told.model_copy(update={"payload": told.payload | {"received_at": NAME, "reference": {"name": NAME}}})
    entry = entry_of(told, came())
    assert hidden(entry)["received_at"] == NAME
    assert hidden(entry)["reference"] == {"name": NAME}
    assert clear(entry)["channel"] == "site"


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("version", [1, 99])
def test_a_secret_is_kept_neither_of_a_known_nor_of_a_newer_version(version: int) -> None:
    told = envelope(status_changed(), version=version)
    assert SECRET in str(told.payload)
    entry = entry_of(told, came())
    assert SECRET not in entry.open
    assert SECRET.encode() not in (entry.hidden or b"")
    assert hidden(entry)["targets"][1]["address"] == EMAIL


@pytest.mark.requirement("R-17")
def test_a_tracking_code_is_not_kept() -> None:
    told = envelope(MessageAccepted(external_id="1", reference="ABCDEFGHJK", tracking_code="ABCDEFGHJKLM", status="registered"))
    entry = entry_of(told, came(RECEIPTS.of("site")))
    assert "ABCDEFGHJKLM" not in entry.open
    assert entry.hidden is None


@pytest.mark.requirement("R-11", "R-17")
@pytest.mark.parametrize("changed", [{"type": "RequestTurnedBlue"}, {"version": 2}])
def test_of_an_unknown_type_and_of_a_newer_version_everything_is_hidden(changed: dict[str, Any]) -> None:
    told = envelope(received(), **changed)
    entry = entry_of(told, came())
    assert clear(entry) == {}
    assert hidden(entry) == told.payload


@pytest.mark.requirement("R-17")
@settings(deadline=None)  # the machine may be busy with other tests
@given(payload=st.dictionaries(st.sampled_from(["reference", "channel", "targets", "explanation", "note", "due_on"]), json_values))
def test_open_and_hidden_together_are_the_payload_without_its_secrets(payload: dict[str, Any]) -> None:
    event = REGISTRY.events["RequestStatusChanged"]
    entry = entry_of(envelope(status_changed(), payload=payload), came())
    assert clear(entry) | hidden(entry) == without_secrets(event, payload)
    assert clear(entry).keys().isdisjoint(hidden(entry))
    assert clear(entry).keys() <= open_fields(event)


@pytest.mark.requirement("D-25")
def test_the_channel_of_a_message_is_its_topics_and_of_a_notice_its_own() -> None:
    assert entry_of(envelope(message()), came(IN_SITE)).channel == "site"
    notice = NotificationDelivered(notice_id=AT_ID, request_id="r-1", channel="email")
    entry = entry_of(envelope(notice), came(DELIVERIES.name))
    assert (entry.channel, entry.request_id) == ("email", "r-1")


@pytest.mark.requirement("D-25")
def test_every_event_on_the_topic_of_requests_belongs_to_the_request_that_it_names() -> None:
    told = envelope(aggregate_id="r-1")
    assert entry_of(told, came(REQUESTS.name)).request_id == "r-1"
    assert entry_of(told, came(CLIENTS.name)).request_id is None


@pytest.mark.requirement("D-23", "R-17")
def test_what_a_frontend_brings_stays_in_its_own_dialogue_whatever_thread_and_client_it_names() -> None:
    told = envelope(message(), thread_id=AT_ID, client_id=AT_ID)
    kept = in_its_dialogue(told, IN_SITE, b"dialogue-key")
    assert (kept.thread_id, kept.client_id) == (dialogue_thread("site", "dialogue-key"), None)
    assert in_its_dialogue(told, INBOUND.of("vk"), b"dialogue-key").thread_id != kept.thread_id
    assert in_its_dialogue(told, IN_SITE, None).thread_id == dialogue_thread("site", str(AT_ID))
    assert in_its_dialogue(told, REQUESTS.name, b"dialogue-key") is told
    assert in_its_dialogue(told, RECEIPTS.of("site"), b"dialogue-key") is told, "that is ours, though it is on a frontend's topic"


@pytest.mark.requirement("R-21", "D-23")
def test_a_frontend_can_not_speak_for_a_service() -> None:
    forged = envelope(HistoryViewed(operator="nobody", role="head", filter={}, count=0))
    with pytest.raises(Unreadable) as refused:
        entry_of(forged, came(IN_SITE))
    assert refused.value.code == "wrong-topic"


@pytest.mark.requirement("R-21")
def test_a_record_that_can_not_be_read_keeps_its_bytes_hidden_and_its_reason_open() -> None:
    entry = unreadable(came(IN_SITE), b"\xff", NAME.encode(), "not-json", AUTHORITY, AT)
    assert clear(entry) == {"reason": "not-json"}
    assert base64.b64decode(hidden(entry)["value"]) == NAME.encode()
    assert base64.b64decode(hidden(entry)["key"]) == b"\xff"
    assert (entry.type, entry.channel, entry.topic, entry.kafka_offset) == ("Unreadable", "site", IN_SITE, 7)
    assert entry.thread_id == entry.event_id
    assert (entry.version, entry.authority, entry.producer, entry.aggregate_id) == (1, AUTHORITY, "history", f"{IN_SITE}/3/7")
    assert (entry.kafka_partition, entry.record_timestamp_ms) == (3, WHEN_MS)
    assert entry.occurred_at == entry.recorded_at == datetime.fromtimestamp(WHEN_MS / 1000, UTC)
    assert entry.occurred_at.tzinfo is UTC


@pytest.mark.requirement("R-21", "R-6")
def test_an_unreadable_record_has_one_id_however_often_it_comes_and_another_when_its_topic_is_made_again() -> None:
    first = unreadable(came(), None, None, "empty-value", AUTHORITY, AT)
    assert unreadable(came(), None, None, "empty-value", AUTHORITY, AT).event_id == first.event_id
    assert unreadable(came(offset=8), None, None, "empty-value", AUTHORITY, AT).event_id != first.event_id
    later = came()._replace(timestamp_ms=1)
    assert unreadable(later, None, None, "empty-value", AUTHORITY, AT).event_id != first.event_id


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize("timestamp_ms", [-1, LAST_MS + 1, 2**62])
def test_a_record_without_a_usable_time_happened_when_it_was_stored(timestamp_ms: int) -> None:
    assert unreadable(came()._replace(timestamp_ms=timestamp_ms), None, b"x", "not-json", AUTHORITY, AT).occurred_at == AT


@pytest.mark.requirement("R-21")
@pytest.mark.parametrize(("timestamp_ms", "year"), [(0, 1970), (LAST_MS, 9999)])
def test_the_first_and_the_last_time_that_can_be_kept_are_usable(timestamp_ms: int, year: int) -> None:
    assert unreadable(came()._replace(timestamp_ms=timestamp_ms), None, b"x", "not-json", AUTHORITY, AT).occurred_at.year == year


KEPT = entry_of(envelope(received()), came())


@pytest.mark.requirement("R-6", "R-16")
def test_an_event_that_comes_again_says_the_same_wherever_it_lay_and_in_whatever_shape() -> None:
    assert KEPT.says_the_same(KEPT._replace(topic="elsewhere", kafka_offset=8, recorded_at=AT))
    assert KEPT.says_the_same(KEPT._replace(version=2, open="{}", hidden=b"{}")), "the same fact in another shape"
    assert KEPT.says_the_same(KEPT._replace(open=f" {KEPT.open} ")), "blanks say nothing"
    assert KEPT.says_the_same(KEPT._replace(hidden=None)), "what is destroyed can't differ"
    assert KEPT._replace(hidden=None).says_the_same(KEPT)


@pytest.mark.requirement("R-6", "R-16", "R-21")
@pytest.mark.parametrize("changed", ["type", "thread_id", "aggregate_id", "occurred_at", "open", "hidden"])
def test_another_event_under_the_same_id_does_not_say_the_same(changed: str) -> None:
    others: dict[str, Any] = {
        "thread_id": AT_ID,
        "occurred_at": AT + timedelta(seconds=1),
        "open": '{"reference":"x"}',
        "hidden": b'{"text":"x"}',
    }
    other = KEPT._replace(**{changed: others.get(changed, "another")})
    assert not KEPT.says_the_same(other)
    assert not other.says_the_same(KEPT)


AT_ID = envelope().event_id
