"""Terms of 8-FZ article 18: thirty days from the registration, on the Russian calendar with its moved days."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.events.vocabulary import Urgency
from services.intake.deadlines import LAW, LONGEST, Reckoning, TermRules, TermTooLong, answer_term, last_day, reckon
from services.intake.statuses import why_due
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
    assert answer_term(registered, PREVIOUS, every_day).due == due


@pytest.mark.parametrize("rules", [PREVIOUS, NEXT])
def test_a_term_that_ends_on_a_working_day_is_not_moved(rules: TermRules) -> None:
    assert answer_term(date(2026, 11, 16), rules, weekdays).due == date(2026, 12, 16)


@pytest.mark.parametrize("end", [date(2026, 12, 19), date(2026, 12, 20)])
def test_a_weekend_rolls_to_friday_or_to_monday(end: date) -> None:
    registered = end - timedelta(days=30)
    assert answer_term(registered, PREVIOUS, weekdays).due == date(2026, 12, 18)
    assert answer_term(registered, NEXT, weekdays).due == date(2026, 12, 21)


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
    assert answer_term(registered, PREVIOUS, is_working).due == previous
    assert answer_term(registered, NEXT, is_working).due == following


def test_rolling_back_never_makes_the_term_of_the_law_longer() -> None:
    for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(366)):
        due = answer_term(day, PREVIOUS, is_working).due
        assert day < due <= day + timedelta(days=30)
        assert is_working(due)


def test_the_rules_name_their_act_and_version() -> None:
    assert "8-ФЗ" in PREVIOUS.act
    assert PREVIOUS.version


@pytest.mark.requirement("N-1.3")
@pytest.mark.parametrize("name", LONGEST)
def test_a_rule_that_gives_more_time_than_the_law_is_refused_with_the_act(name: str) -> None:
    def with_days(days: int) -> TermRules:
        changed: dict[str, Any] = {name: days}
        return TermRules(**changed)

    assert with_days(1) != with_days(LONGEST[name])
    for days in (LONGEST[name] + 1, 0, -1):
        with pytest.raises(TermTooLong, match=f"{name} = {days}.*{LAW}"):
            with_days(days)


@pytest.mark.requirement("N-9.1")
@pytest.mark.parametrize(("days", "last"), [(3, date(2026, 3, 1)), (7, date(2026, 3, 5)), (15, date(2026, 3, 13))])
def test_days_that_end_on_a_sunday_end_there(days: int, last: date) -> None:
    assert last_day(date(2026, 2, 26), days) == last


@pytest.mark.requirement("N-8.5")
def test_urgency_moves_the_internal_target_alone() -> None:
    assert PREVIOUS.target_in(Urgency.URGENT) < PREVIOUS.target_in(Urgency.ORDINARY) < PREVIOUS.answer_days


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize(
    ("registered", "rules", "counted"),
    [
        (date(2024, 3, 28), PREVIOUS, Reckoning(since=date(2024, 3, 28), days=30, last=date(2024, 4, 27), due=date(2024, 4, 27))),
        (date(2025, 10, 2), PREVIOUS, Reckoning(since=date(2025, 10, 2), days=30, last=date(2025, 11, 1), due=date(2025, 11, 1))),
        (date(2025, 12, 9), PREVIOUS, Reckoning(since=date(2025, 12, 9), days=30, last=date(2026, 1, 8), due=date(2025, 12, 30))),
        (date(2025, 12, 9), NEXT, Reckoning(since=date(2025, 12, 9), days=30, last=date(2026, 1, 8), due=date(2026, 1, 12))),
    ],
)
def test_working_saturdays_and_moved_days_count_as_the_decrees_of_their_years_say(
    registered: date, rules: TermRules, counted: Reckoning
) -> None:
    assert reckon(registered, 30, rules, is_working) == counted


@pytest.mark.requirement("R-10")
def test_a_term_explains_itself_day_by_day() -> None:
    plain = reckon(date(2026, 11, 16), 30, PREVIOUS, is_working)
    assert why_due(plain, PREVIOUS) == (
        "Срок — 30 календарных дней (статья 18 Федерального закона от 09.02.2009 № 8-ФЗ). "
        "Первый день — 17 ноября 2026 года, последний — 16 декабря 2026 года."
    )
    moved = reckon(date(2025, 12, 9), 30, PREVIOUS, is_working)
    assert why_due(moved, PREVIOUS).endswith(
        "последний — 8 января 2026 года. Это нерабочий день, поэтому срок перенесён на предыдущий рабочий день: 30 декабря 2025 года."
    )
    assert "на следующий рабочий день: 12 января 2026 года" in why_due(reckon(date(2025, 12, 9), 30, NEXT, is_working), NEXT)
