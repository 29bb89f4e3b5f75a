"""The register of a year and journal: its version is the number (R-2)."""

import pytest

from libs.events.fact import Event
from services.intake.domain.register import (
    NumberAssigned,
    NumberingContinued,
    NumberingStarted,
    Register,
    continue_numbering,
    opened,
    written,
)
from tests.examples import REQUEST_ID
from tests.spec import Spec

assigned = NumberAssigned(request_id=REQUEST_ID)
continued = NumberingContinued(last_number=120)
register = Spec[Event, Register, int](
    replay=lambda past: opened("main", 2026, len(past), past[0] if past else None),
    decide=continue_numbering,
)


@pytest.mark.requirement("N-8.2")
@pytest.mark.parametrize(
    ("past", "number"),
    [
        ((), 1),
        ((assigned,), 2),
        ((assigned,) * 99, 100),
        ((continued,), 121),
        ((continued, assigned), 122),
        ((NumberingContinued(last_number=0),), 1),
        ((NumberingContinued(last_number=1),), 2),
    ],
)
def test_the_next_number_follows_the_last_one(past: tuple[Event, ...], number: int) -> None:
    assert register.given(*past).state.next_number == number


@pytest.mark.requirement("N-8.2")
def test_a_year_begins_with_one_whatever_the_last_year_had() -> None:
    assert {opened("main", year, 0, None).next_number for year in (2026, 2027)} == {1}
    assert [opened("main", year, 5, assigned).aggregate_id for year in (2026, 2027)] == ["main-2026", "main-2027"]


@pytest.mark.requirement("N-8.2", "R-22")
def test_numbering_goes_on_from_an_older_register() -> None:
    register.given().when(120).then(continued)


@pytest.mark.requirement("N-8.2", "R-22")
@pytest.mark.parametrize("past", [(assigned,), (continued,)])
def test_once_a_number_was_given_it_can_not_be_continued_from_elsewhere(past: tuple[Event, ...]) -> None:
    register.given(*past).when(120).then_refused(NumberingStarted)


@pytest.mark.requirement("N-8.2")
def test_a_number_is_written_with_index_and_year() -> None:
    assert written("ЗИ", 15, 2026) == "ЗИ-15/2026"
