"""What the bench sends is what the contracts and the doors take."""

from datetime import UTC, datetime

from bench import messages
from libs.chassis.ops.identifiers import NumberedIds
from libs.events.contracts import CONTRACTS, REGISTRY
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_requests import RequestReceived, RequestRegistered, RequestStatusChanged
from libs.events.envelope import decode, encode

AT = datetime(2030, 11, 22, 5, tzinfo=UTC)


def test_a_body_is_a_message_with_its_point() -> None:
    body = messages.body("a", 7, AT)
    assert body.pop("point") == "site"
    message = MessageReceived.model_validate(body)
    assert (message.external_id, message.contacts.email) == ("a-7", "a-7@letters.example.org")
    assert 300 < len(message.text) < 1_000


def test_messages_of_one_load_differ_in_id_dialogue_and_address() -> None:
    bodies = [messages.body("a", number, AT) for number in range(100)]
    for field in ("external_id", "dialogue", "text"):
        assert len({body[field] for body in bodies}) == 100


def test_at_the_kafka_door_a_thousand_accounts_write_each_in_a_dialogue_of_its_own() -> None:
    records = [messages.inbound("vk", "a", number, AT, "demo", NumberedIds()) for number in (0, 1, messages.CONTACTS)]
    first, second, again = (decode(encode(record)) for record in records)
    assert isinstance(REGISTRY.read(first), MessageReceived)
    assert first.thread_id == again.thread_id != second.thread_id
    assert first.payload["external_id"] != again.payload["external_id"]


def test_events_of_a_request_are_those_that_intake_publishes_in_its_order() -> None:
    ids = NumberedIds()
    events = [decode(encode(each)) for each in messages.request_events(5, AT, "demo", ids)]
    assert [type(REGISTRY.read(each)) for each in events] == [RequestReceived, RequestRegistered, RequestStatusChanged]
    assert [each.seq for each in events] == [1, 2, 3]
    assert {REGISTRY.events[each.type] for each in events} <= set(CONTRACTS["intake.requests"])
    assert len({each.thread_id for each in events}) == 1
    assert len({each.event_id for each in events}) == 3
