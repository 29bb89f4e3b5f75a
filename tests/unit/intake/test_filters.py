"""What somebody wants to see of the register is read from an address and written into one, and nothing made up passes."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.vocabulary import Status, Urgency
from services.intake.domain.authority.listings import Listing
from services.intake.domain.filters import MINE, NEWEST, OVERDUE, SOON, After, Filters, WrongFilter
from services.intake.transitions import OPEN

pytestmark = pytest.mark.requirement("N-8.3")

LISTS = {
    Listing.TYPES: {"information": "Запрос информации"},
    Listing.TOPICS: {"land": "Земля", "forest": "Лес"},
    Listing.UNITS: {"office": "Отдел"},
    Listing.POINTS: {"site": "Сайт"},
}
ALL = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([status.value for status in Status]),
        "type": st.sampled_from(list(LISTS[Listing.TYPES])),
        "topic": st.sampled_from(list(LISTS[Listing.TOPICS])),
        "urgency": st.sampled_from([urgency.value for urgency in Urgency]),
        "unit": st.sampled_from(list(LISTS[Listing.UNITS])),
        "who": st.just(MINE),
        "due": st.sampled_from([OVERDUE, SOON]),
        "order": st.just(NEWEST),
    },
)
TODAY = date(2026, 3, 2)


@given(asked=ALL)
def test_what_an_address_says_is_what_is_written_into_the_next_one(asked: dict[str, str]) -> None:
    assert Filters.read(asked, LISTS).written() == asked


@pytest.mark.parametrize("name", ["status", "type", "topic", "urgency", "unit", "who", "due", "order"])
def test_a_value_that_is_on_no_list_is_refused_and_named(name: str) -> None:
    with pytest.raises(WrongFilter) as refused:
        Filters.read({name: "' OR 1=1"}, LISTS)
    assert refused.value.extras() == {"filter": name}


def test_names_that_are_no_filter_are_passed_over() -> None:
    assert Filters.read({"utm_source": "letter", "after": "x", "status": ""}, LISTS) == Filters()


@given(rank=st.integers(0, 1), act_on=st.dates(), request_id=st.uuids())
def test_a_cursor_is_read_as_it_was_written(rank: int, act_on: date, request_id: UUID) -> None:
    after = After(rank=rank, act_on=act_on, request_id=request_id)
    assert After.read(after.written()) == after


@given(made_up=st.text())
def test_a_made_up_cursor_is_refused(made_up: str) -> None:
    with pytest.raises(WrongFilter):
        After.read(made_up)


@pytest.mark.parametrize("rank", ["2", "-1", "00", "9" * 40, ""])
def test_a_cursor_of_no_rank_is_refused(rank: str) -> None:
    with pytest.raises(WrongFilter):
        After.read(f"{rank}_2026-03-02_{UUID(int=1)}")


def test_what_is_due_today_is_soon_and_what_was_due_yesterday_is_overdue() -> None:
    assert Filters(due=SOON).due_days(TODAY, 3) == (TODAY, date(2026, 3, 5))
    assert Filters(due=OVERDUE).due_days(TODAY, 3) == (None, date(2026, 3, 1))
    assert Filters().due_days(TODAY, 3) == (None, None)


def test_how_long_before_its_end_a_term_is_near_is_what_the_authority_says() -> None:
    assert Filters(due=SOON).due_days(TODAY, 5) == (TODAY, date(2026, 3, 7))
    assert Filters(due=SOON).due_days(TODAY, 0) == (TODAY, TODAY)


@pytest.mark.parametrize("status", Status)
def test_who_asks_for_a_closed_status_sees_those_requests_though_the_order_is_that_of_the_queue(status: Status) -> None:
    assert Filters.read({"status": status.value}, LISTS).is_queue() == (status in OPEN)


def test_the_queue_is_the_order_until_somebody_wants_the_newest() -> None:
    assert Filters().is_queue()
    assert not Filters(order=NEWEST).is_queue()
