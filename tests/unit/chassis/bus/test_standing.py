"""What a consumer group lost, by what Kafka says and by what is kept of it (R-12)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.chassis.bus.losses import OffsetGone, commands
from libs.chassis.bus.standing import Loss, Standing, changed, loss, losses
from libs.chassis.store.places import Place

OLD, NEW = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def standing(beginning: int, end: int, committed: int | None, topic_id: UUID = OLD) -> Standing:
    return Standing(topic_id=topic_id, beginning=beginning, end=end, committed=committed)


def kept(next_offset: int, caught_up_at: datetime | None = None, topic_id: UUID = OLD) -> Place:
    return Place(topic_id=topic_id, next_offset=next_offset, caught_up_at=caught_up_at)


@pytest.mark.requirement("R-12")
@pytest.mark.parametrize(
    ("now", "before", "topic_known", "what"),
    [
        pytest.param(standing(0, 9, 4), kept(4), True, None, id="in the middle"),
        pytest.param(standing(9, 9, 9), kept(9), True, None, id="all was read before it was deleted"),
        pytest.param(standing(5, 9, None), None, False, None, id="a new group, or a new topic for an old one"),
        pytest.param(standing(0, 9, None), None, True, None, id="an added partition"),
        pytest.param(standing(5, 9, None), None, True, Loss.DELETED, id="an added partition that lost its beginning before it was heard"),
        pytest.param(standing(5, 9, 4), kept(4), True, Loss.DELETED, id="retention was faster"),
        pytest.param(standing(5, 9, 4), None, False, Loss.DELETED, id="retention was faster, and nothing is kept yet"),
        pytest.param(standing(0, 3, 4), kept(4), True, Loss.CUT_OFF, id="the end was cut off"),
        pytest.param(standing(3, 9, None), kept(4), True, None, id="the offset expired, and all is there"),
        pytest.param(standing(5, 9, None), kept(4), True, Loss.DELETED, id="the offset expired, and so did records"),
        pytest.param(standing(0, 9, None, NEW), kept(4), True, Loss.MADE_ANEW, id="made anew: Kafka forgets its offsets"),
        pytest.param(standing(0, 9, 4, NEW), kept(4), True, Loss.MADE_ANEW, id="made anew and already longer than the old one"),
    ],
)
def test_what_is_lost(now: Standing, before: Place | None, topic_known: bool, what: Loss | None) -> None:
    assert loss(now, before, topic_known=topic_known) is what


@pytest.mark.requirement("R-12")
def test_an_added_partition_is_recognised_by_its_topic() -> None:
    found = {("a", 0): standing(0, 1, 1), ("a", 1): standing(2, 3, None), ("b", 0): standing(2, 3, None)}
    assert losses(found, {("a", 0): kept(1)}) == {("a", 1): Loss.DELETED}


@pytest.mark.requirement("R-12")
def test_only_what_changed_is_kept_and_a_quiet_partition_is_noted_every_few_minutes() -> None:
    quiet = {("a", 0): standing(0, 5, 5)}
    first = changed(quiet, {}, NOW)
    assert first == {("a", 0): kept(5, NOW)}
    assert changed(quiet, first, NOW + timedelta(minutes=1)) == {}
    assert changed(quiet, first, NOW + timedelta(minutes=6)) == {("a", 0): kept(5, NOW + timedelta(minutes=6))}
    behind = {("a", 0): standing(0, 9, 7)}
    assert changed(behind, first, NOW + timedelta(hours=1)) == {("a", 0): kept(7, NOW)}, "not caught up since"
    never = {("a", 0): standing(3, 9, None)}
    assert changed(never, {}, NOW) == {("a", 0): kept(3)}


@pytest.mark.requirement("R-12")
def test_the_commands_name_the_producers_and_a_time_before_which_all_was_handled() -> None:
    lost = {("intake.requests.v1", 3): Loss.DELETED, ("channel.inbound.vk.v1", 0): Loss.DELETED}
    places = {("intake.requests.v1", 3): kept(4, NOW), ("channel.inbound.vk.v1", 0): kept(4, NOW - timedelta(days=1))}
    assert commands("notifier", lost, places) == [
        "otklik republish intake --since 2026-11-21T09:00Z",
        "otklik topics resume notifier",
    ]
    asked = {("history.events.v1", 0): Loss.DELETED}
    assert commands("intake", asked, {}) == ["otklik topics resume intake"], "history asks again by itself"
    unknown = commands("notifier", lost, {("intake.requests.v1", 3): kept(4, NOW)})
    assert unknown[0] == "otklik republish intake --since 1970-01-01T00:00Z", "who was never caught up may lack anything"
    told = OffsetGone("notifier", "notifier", lost, places).told()
    assert told["code"] == "offset-gone"
    assert told["where"] == "channel.inbound.vk.v1 0: records-deleted; intake.requests.v1 3: records-deleted"
