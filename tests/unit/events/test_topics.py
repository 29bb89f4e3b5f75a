"""The one table of topics (R-14)."""

from uuid import uuid4

import pytest

from libs.events.contracts import CONTRACTS
from libs.events.topics import DAY_MS, INBOUND, REQUESTS, TOPICS, dialogue_key, frontend_of, topic_of, wanted


@pytest.mark.requirement("R-14")
def test_every_topic_has_a_contract_and_every_contract_a_topic() -> None:
    assert {topic.contract for topic in TOPICS} | {"dlq"} == set(CONTRACTS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.requirement("R-14")
def test_an_event_belongs_to_one_topic() -> None:
    names = [event.type_name() for events in CONTRACTS.values() for event in events]
    assert len(names) == len(set(names))


@pytest.mark.requirement("R-14", "D-23")
@pytest.mark.parametrize(
    ("name", "frontend"),
    [
        ("channel.inbound.vk.v1", "vk"),
        ("channel.receipts.my-site-2.v1", "my-site-2"),
        ("channel.inbound.vk.dlq.v1", None),
        ("channel.inbound..v1", None),
        ("channel.inbound.vk.v1\n", None),
        ("channel.inbound.vk.v2", None),
        ("xchannel.inbound.vk.v1", None),
        ("channelXinbound.vk.v1", None),
        ("intake.requests.v1", None),
    ],
)
def test_a_frontend_is_known_by_its_topic(name: str, frontend: str | None) -> None:
    assert frontend_of(name) == frontend


@pytest.mark.requirement("R-14")
def test_a_concrete_topic_finds_its_row() -> None:
    assert topic_of("intake.requests.v1") is REQUESTS
    assert topic_of("channel.inbound.vk.v1") is INBOUND
    assert topic_of("channel.inbound.vk.dlq.v1") is None
    assert topic_of("intake.requests.v1\n") is None


@pytest.mark.requirement("D-23")
@pytest.mark.parametrize("name", ["", "VK", "1c", "a.b", "a_b", "вк", "a b", "<frontend>", "a" * 41, "a\n"])
def test_a_frontends_name_that_would_break_its_topics_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="frontend"):
        INBOUND.of(name)


@pytest.mark.requirement("D-23", "R-8")
def test_a_dialogue_is_its_kafka_key_or_without_a_usable_one_the_thread() -> None:
    thread = uuid4()
    assert dialogue_key(b"anna", thread) == "anna"
    assert dialogue_key(b"k" * 200, thread) == "k" * 200
    for unusable in (None, b"", b"k" * 201, b"\xff"):
        assert dialogue_key(unusable, thread) == str(thread)


@pytest.mark.requirement("R-14", "D-17", "D-20")
def test_an_installation_has_the_topics_of_its_frontends_and_dead_letters_of_what_somebody_hears() -> None:
    topics = {topic.name: topic for topic in wanted(("site", "vk"))}
    assert {name for name in topics if ".vk." in name} == {
        "channel.inbound.vk.v1",
        "channel.inbound.vk.dlq.v1",
        "channel.receipts.vk.v1",
        "channel.outbound.vk.v1",
    }
    assert topics["intake.requests.v1"].partitions == 12
    assert topics["intake.requests.v1"].retention_ms == 14 * DAY_MS
    assert (topics["intake.requests.dlq.v1"].partitions, topics["intake.requests.dlq.v1"].retention_ms) == (1, 30 * DAY_MS)
    assert "intake.clients.dlq.v1" not in topics, "history dead-letters nothing"
    assert "channel.receipts.vk.dlq.v1" not in topics, "a frontend looks after itself"
