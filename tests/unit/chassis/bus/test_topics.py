"""Topics on the broker against the table (R-5)."""

import pytest

from libs.chassis.bus.topics import MissingTopics, WrongPartitions, added_partitions, compare
from libs.events.topics import INBOUND, REQUESTS

GOOD = {"intake.requests.v1": 12, "channel.inbound.site.v1": 12, "somebody.elses": 1, "channel.inbound.site.dlq.v1": 1}


@pytest.mark.requirement("R-14")
def test_topics_that_are_as_the_table_says_pass_whatever_else_is_there() -> None:
    compare(GOOD, {REQUESTS, INBOUND})


@pytest.mark.requirement("R-14")
def test_a_missing_topic_is_named_and_a_missing_frontend_is_nothing() -> None:
    with pytest.raises(MissingTopics, match=r"intake\.requests\.v1"):
        compare({}, {REQUESTS, INBOUND})
    compare({}, {INBOUND})


@pytest.mark.requirement("R-14", "D-15")
@pytest.mark.parametrize("name", ["intake.requests.v1", "channel.inbound.site.v1"])
def test_fewer_partitions_are_refused(name: str) -> None:
    with pytest.raises(WrongPartitions, match=r"11 partitions, the table says 12"):
        compare(GOOD | {name: 11}, {REQUESTS, INBOUND})


@pytest.mark.requirement("R-14", "D-15")
def test_added_partitions_are_told_and_not_refused() -> None:
    more = GOOD | {"channel.inbound.site.v1": 13}
    compare(more, {REQUESTS, INBOUND})
    assert added_partitions(more, {REQUESTS, INBOUND}) == {"channel.inbound.site.v1": 13}
    assert added_partitions(GOOD, {REQUESTS, INBOUND}) == {}


@pytest.mark.requirement("R-14")
def test_a_topic_that_the_consumer_does_not_hear_is_not_its_business() -> None:
    compare(GOOD | {"channel.receipts.site.v1": 1, "channel.inbound.site.v1": 7}, {REQUESTS})
