"""Rights on Kafka come from the topic table, and no two frontends meet."""

from pathlib import Path

import pytest

from libs.chassis.bus.acls import Acl, frontend_of_user, kafka_user, listing, of_frontend, of_service, of_services
from libs.events.topics import DESK, TOPICS, wanted

pytestmark = pytest.mark.requirement("D-23", "R-8", "R-14")
LISTING = Path(__file__).parents[4] / "deploy" / "kafka" / "acls.txt"


def may(acls: list[Acl], operation: str, kind: str, name: str) -> bool:
    """What the broker would say."""
    return any(
        (acl.operation, acl.resource) == (operation, kind)
        and (name == acl.name or (acl.pattern == "prefixed" and name.startswith(acl.name)))
        for acl in acls
    )


def topics_for(acls: list[Acl], operation: str) -> set[str]:
    return {topic.name for topic in wanted(("vk", "vk-bot")) if may(acls, operation, "topic", topic.name)}


def test_a_frontend_writes_its_inbound_topic_and_reads_its_receipts_and_notices_and_nothing_else() -> None:
    rights = of_frontend("vk", kafka_user("vk", "0" * 64))
    assert topics_for(rights, "write") == {"channel.inbound.vk.v1"}
    assert topics_for(rights, "read") == {"channel.receipts.vk.v1", "channel.outbound.vk.v1"}


def test_a_frontend_whose_name_begins_like_another_or_like_a_service_enters_no_group_of_theirs() -> None:
    rights = of_frontend("vk", kafka_user("vk", "0" * 64)) + of_frontend("intake", kafka_user("intake", "0" * 64))
    assert may(rights, "read", "group", "vk.worker")
    assert not any(may(rights, "read", "group", name) for name in ("vk", "vk-bot.worker", "vk-bot", "intake", "intake-1", "notifier"))


def test_every_key_is_another_user_of_the_same_frontend() -> None:
    users = {kafka_user("vk-bot", mark * 64) for mark in "01"}
    assert len(users) == 2
    assert {frontend_of_user(user) for user in users} == {"vk-bot"}
    assert frontend_of_user("intake") is None


@pytest.mark.parametrize("service", ["intake", "notifier", "history"])
def test_a_service_may_do_what_the_topic_table_says_and_no_more(service: str) -> None:
    rights = of_service(service)
    table = [(topic, topic.of("vk") if topic.per_frontend else topic.name) for topic in TOPICS]
    dead = {topic.name for topic in wanted(("vk",)) if topic.name.endswith(".dlq.v1") and f".{DESK}." not in topic.name}
    hears = {name for topic, name in table if service in topic.consumers}
    own_dead = {name for name in dead if service != "history" and name.replace(".dlq.v1", ".v1") in hears}
    writes = {name for topic, name in table if service in topic.producers} | own_dead
    all_names = {name for _, name in table} | dead
    assert {name for name in all_names if may(rights, "read", "topic", name)} - dead == hears
    assert service != "history" or dead <= {name for name in all_names if may(rights, "read", "topic", name)}
    assert {name for name in all_names if may(rights, "write", "topic", name)} >= writes
    too_much = {name for name in all_names if may(rights, "write", "topic", name)} - writes
    assert too_much == ({"channel.inbound.vk.v1"} if service == "notifier" else set())  # the prefix of its dead letters


def test_the_listing_for_operators_is_up_to_date() -> None:
    assert LISTING.read_text("utf-8") == listing(of_services()), "otklik topics acls > deploy/kafka/acls.txt"
