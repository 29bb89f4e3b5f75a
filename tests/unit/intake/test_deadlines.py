"""Terms of 8-FZ article 18: thirty days from the registration, on the Russian calendar with its moved days."""

from datetime import date, timedelta

import pytest

from services.intake.deadlines import TermRules, answer_due
from tests.unit.intake.desk import is_working

PREVIOUS = TermRules()
NEXT = TermRules(roll="next")
pytestmark = pytest.mark.requirement("N-8.2")


def every_day(_: date) -> bool:
    return True


def weekdays(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("registered", "due"),
    [
        (date(2026, 11, 14), date(2026, 12, 14)),
        (date(2026, 12, 2), date(2027, 1, 1)),
        (date(2024, 1, 31), date(2024, 3, 1)),
        (date(2026, 1, 30), date(2026, 3, 1)),
    ],
)
def test_the_first_day_is_the_one_after_the_registration(registered: date, due: date) -> None:
    assert answer_due(registered, PREVIOUS, every_day) == due


@pytest.mark.parametrize("rules", [PREVIOUS, NEXT])
def test_a_term_that_ends_on_a_working_day_is_not_moved(rules: TermRules) -> None:
    assert answer_due(date(2026, 11, 16), rules, weekdays) == date(2026, 12, 16)


@pytest.mark.parametrize("end", [date(2026, 12, 19), date(2026, 12, 20)])
def test_a_weekend_rolls_to_friday_or_to_monday(end: date) -> None:
    registered = end - timedelta(days=30)
    assert answer_due(registered, PREVIOUS, weekdays) == date(2026, 12, 18)
    assert answer_due(registered, NEXT, weekdays) == date(2026, 12, 21)


@pytest.mark.parametrize(
    ("end", "previous", "following"),
    [
        pytest.param(date(2026, 1, 1), date(2025, 12, 30), date(2026, 1, 12), id="the New Year's holidays, 31 December 2025 off as well"),
        pytest.param(date(2026, 1, 9), date(2025, 12, 30), date(2026, 1, 12), id="9 January 2026: moved from Saturday the 3rd"),
        pytest.param(date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 11), id="31 December 2026: moved from Sunday, 4 January"),
        pytest.param(date(2026, 2, 23), date(2026, 2, 20), date(2026, 2, 24), id="Defender's day on a Monday"),
        pytest.param(date(2026, 3, 9), date(2026, 3, 6), date(2026, 3, 10), id="8 March 2026 is a Sunday: Monday is off"),
        pytest.param(date(2026, 5, 11), date(2026, 5, 8), date(2026, 5, 12), id="9 May 2026 is a Saturday: Monday is off"),
        pytest.param(date(2026, 5, 1), date(2026, 4, 30), date(2026, 5, 4), id="1 May on a Friday"),
        pytest.param(date(2026, 6, 12), date(2026, 6, 11), date(2026, 6, 15), id="Russia day on a Friday"),
        pytest.param(date(2026, 11, 4), date(2026, 11, 3), date(2026, 11, 5), id="Unity day on a Wednesday"),
        pytest.param(date(2025, 11, 3), date(2025, 11, 1), date(2025, 11, 5), id="Monday off, the Saturday before it worked"),
        pytest.param(date(2025, 11, 1), date(2025, 11, 1), date(2025, 11, 1), id="a working Saturday"),
    ],
)
def test_the_russian_calendar_with_its_moved_days_decides(end: date, previous: date, following: date) -> None:
    registered = end - timedelta(days=30)
    assert answer_due(registered, PREVIOUS, is_working) == previous
    assert answer_due(registered, NEXT, is_working) == following


def test_rolling_back_never_makes_the_term_of_the_law_longer() -> None:
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(366)):
        due = answer_due(day, PREVIOUS, is_working)
        assert day < due <= day + timedelta(days=30)
        assert is_working(due)


def test_the_rules_name_their_act_and_version() -> None:
    assert "8-ФЗ" in PREVIOUS.act
    assert PREVIOUS.version
