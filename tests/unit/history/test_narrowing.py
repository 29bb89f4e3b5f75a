"""A timeline is narrowed by codes and days that a page offers; whatever else stands in an address is refused."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from libs.chassis.ops.refusals import Refusal
from services.history.domain.narrowing import TITLES, TYPES, Kind, Narrowing
from services.history.domain.questions import Question, Sight
from services.history.domain.timeline import TOLD

pytestmark = [pytest.mark.requirement("N-4.6")]

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")
QUESTION = Question(sight=Sight.HISTORY, client=UUID(int=7))


def test_everything_that_a_timeline_tells_is_of_one_kind() -> None:
    of_kinds = [name for names in TYPES.values() for name in names]
    assert len(of_kinds) == len(set(of_kinds))
    assert set(TOLD) <= set(of_kinds)
    assert set(TITLES) == set(Kind)


def test_what_was_left_empty_narrows_nothing() -> None:
    narrowed = Narrowing.read({"kind": "", "channel": "", "point": " ", "first": "", "last": "", "cursor": "x"})
    assert (narrowed.of(QUESTION, NOVOSIBIRSK), narrowed.written()) == (QUESTION, {})


def test_both_days_are_within_the_period_where_the_authority_is() -> None:
    question = Narrowing(first=date(2026, 11, 1), last=date(2026, 11, 1)).of(QUESTION, NOVOSIBIRSK)
    assert question.since == datetime(2026, 11, 1, tzinfo=NOVOSIBIRSK)
    assert question.until == datetime(2026, 11, 2, tzinfo=NOVOSIBIRSK)


def test_a_kind_asks_for_its_events_and_is_written_down_by_its_name() -> None:
    question = Narrowing.read({"kind": "notices", "channel": "email"}).of(QUESTION, NOVOSIBIRSK)
    assert "NotificationSent" in question.types
    assert "MessageReceived" not in question.types
    assert question.filters() == {"client": str(UUID(int=7)), "kind": "notices", "channel": "email"}
    assert question.digest() != QUESTION.digest(), "a cursor goes on with its own filters alone"


def test_an_address_says_what_was_read_from_it() -> None:
    asked = {"kind": "answer", "channel": "vk", "point": "reception-2", "first": "2026-01-01", "last": "2026-12-31"}
    assert Narrowing.read(asked).written() == asked


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"kind": "everything"}, "wrong-filter"),
        ({"channel": "Иванов Пётр"}, "wrong-filter"),
        ({"point": "a" * 65}, "wrong-filter"),
        ({"point": "x' OR 1=1"}, "wrong-filter"),
        ({"first": "вчера"}, "wrong-filter"),
        ({"first": "2026-02-30"}, "wrong-filter"),
        ({"last": "9999-12-31"}, "wrong-filter"),
        ({"first": "0001-01-01"}, "wrong-filter"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, "period-reversed"),
    ],
)
def test_what_no_page_offers_is_refused(asked: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Narrowing.read(asked)
    assert refused.value.code == code
