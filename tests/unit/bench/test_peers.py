"""Peers are given the very records that history is given."""

from uuid import UUID

import orjson

from bench import records
from bench.indexes import READ_MODELS, tables_of
from bench.peers import EventSourcing, MessageDb, scripts
from libs.events.contracts import REGISTRY
from libs.events.envelope import decode
from libs.events.topics import INBOUND, REQUESTS

VALUES = [value for _, _, value in records.of_requests(2)]


def test_records_of_requests_are_events_of_intake_keyed_by_request() -> None:
    made = list(records.of_requests(2))
    assert {topic for topic, _, _ in made} == {REQUESTS.name}
    assert len(made) == 2 * records.EVENTS_OF_A_REQUEST
    for _, key, value in made:
        event = decode(value)
        assert key == event.aggregate_id
        REGISTRY.read(event)


def test_records_of_a_frontend_lie_on_its_own_topic_under_different_ids() -> None:
    made = list(records.inbound("vk", "a", 3))
    assert {topic for topic, _, _ in made} == {INBOUND.of("vk")}
    assert [decode(value).payload["external_id"] for _, _, value in made] == ["a-0", "a-1", "a-2"]


def test_message_db_gets_a_stream_for_each_request_and_the_record_as_it_came() -> None:
    ids, streams, types, data = MessageDb.batch(VALUES)
    assert ids == [orjson.loads(value)["event_id"] for value in VALUES]
    assert len(set(streams)) == 2
    assert streams[0] == f"request-{orjson.loads(VALUES[0])['aggregate_id']}"
    assert types[:3] == ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]
    assert [text.encode() for text in data] == VALUES


def test_eventsourcing_gets_versions_of_a_request_and_the_record_as_it_came() -> None:
    stored = EventSourcing.batch(VALUES)
    assert [each.originator_version for each in stored] == [1, 2, 3, 1, 2, 3]
    assert stored[0].originator_id == UUID(orjson.loads(VALUES[0])["aggregate_id"])
    assert [each.state for each in stored] == VALUES


def test_message_dbs_own_table_function_and_indexes_are_installed() -> None:
    statements = "\n".join(scripts())
    for wanted in ("TABLE IF NOT EXISTS message_store.messages", "FUNCTION message_store.write_message(", "INDEX messages_stream"):
        assert wanted in statements
    assert statements.index("CREATE SCHEMA") < statements.index("CREATE TABLE") < statements.index("CREATE UNIQUE INDEX")


def test_tables_of_indexes_are_named_once() -> None:
    assert "requests" in tables_of(READ_MODELS)
    assert tables_of(["a: btree (x)", "a: unique btree (y)"]) == {"a"}
