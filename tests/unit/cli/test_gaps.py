"""`otklik gaps` names the whole command that publishes again what history has not heard."""

from datetime import UTC, datetime

import pytest

from cli.gaps import cures
from services.history.domain.gaps import Aggregate, Gap

AT = datetime(2026, 11, 22, tzinfo=UTC)
GAPS = (Gap(first=2, last=3, noticed_at=AT, ask_at=AT), Gap(first=7, last=7, noticed_at=AT, ask_at=AT))


@pytest.mark.requirement("D-18", "R-12")
@pytest.mark.parametrize(
    ("producer", "topic", "name", "stream"),
    [
        ("intake", "intake.requests.v1", "42", "request-42"),
        ("intake", "intake.clients.v1", "42", "client-42"),
        ("notifier", "notifier.deliveries.v1", "42", "notice-42"),
        ("notifier", "channel.outbound.vk.v1", "42", "reply-vk-42"),
    ],
)
def test_each_stream_is_named_once_however_many_gaps_it_has(producer: str, topic: str, name: str, stream: str) -> None:
    missing = [(Aggregate(producer, topic, name), gap) for gap in GAPS]
    assert cures(missing) == [f"otklik republish {producer} --stream {stream}"]


def test_what_no_service_publishes_from_its_store_has_no_command() -> None:
    assert cures([(Aggregate("intake", "channel.receipts.site.v1", "42"), GAPS[0])]) == []
