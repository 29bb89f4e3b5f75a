"""Shares, means and medians from how many requests had which figure; periods (N-1.2)."""

from datetime import date
from statistics import mean as mean_of
from statistics import median as median_of

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.intake.indicators.figures import Count, figures, mean, median
from services.intake.indicators.period import (
    DayNotYet,
    EndsBeforeItBegins,
    NoSuchDay,
    NotBegunThen,
    Period,
    PeriodTooLong,
    WrongPeriod,
    quarter_of,
    year_of,
)

pytestmark = pytest.mark.requirement("N-1.2")

TODAY = date(2026, 11, 30)


def test_a_late_answer_and_a_term_that_passed_without_one_are_both_late() -> None:
    of = figures(
        [
            Count("answered", 29, late=False, number=5),
            Count("refused", 31, late=True, number=1),
            Count("answered_partially", 10, late=False, number=2),
            Count("missed", None, late=True, number=2),
            Count("registered", 0, late=False, number=9),
            Count("registered", 4, late=True, number=1),
            Count("at_once", 0, late=False, number=3),
            Count("open", None, late=True, number=2),
            Count("open", None, late=False, number=4),
        ]
    )
    assert (of.answers, of.answered_late, of.missed, of.share_late) == (8, 1, 2, 3 / 10)
    assert (of.refused, of.share_refused) == (1, 1 / 8)
    assert (of.registered, of.share_registered_late) == (10, 1 / 10)
    assert (of.at_once, of.open, of.overdue) == (3, 6, 2)
    assert (mean(of.answer_days), median(of.answer_days)) == ((5 * 29 + 31 + 20) / 8, 29)


def test_of_nothing_there_is_no_share_and_no_mean() -> None:
    of = figures([])
    assert (of.share_late, of.share_refused, of.share_registered_late, mean(of.answer_days), median(of.answer_days)) == (None,) * 5


@given(some.lists(some.integers(0, 90), min_size=1))
def test_mean_and_median_are_those_of_every_single_request(days: list[int]) -> None:
    counted = {took: days.count(took) for took in days}
    assert mean(counted) == pytest.approx(mean_of(days))
    assert median(counted) == median_of(days)


def test_by_itself_a_period_is_this_quarter_as_it_stands_today() -> None:
    assert Period.read({}, TODAY) == Period(first=date(2026, 10, 1), last=date(2026, 12, 31), as_of=TODAY)
    assert Period.read({}, TODAY).quarter == (2026, 4)


@pytest.mark.parametrize(
    ("asked", "wrong", "field"),
    [
        ({"first": "2026-02-30"}, NoSuchDay, "first"),
        ({"last": "вчера"}, NoSuchDay, "last"),
        ({"first": "0026-01-01"}, NoSuchDay, "first"),
        ({"first": "2026-11-02", "last": "2026-11-01"}, EndsBeforeItBegins, "last"),
        ({"first": "2020-01-01", "last": "2026-01-01"}, PeriodTooLong, "last"),
        ({"as_of": "2026-12-01"}, DayNotYet, "as_of"),
        ({"as_of": "2026-09-30"}, NotBegunThen, "as_of"),
    ],
)
def test_what_is_no_period_is_refused_at_its_field(asked: dict[str, str], wrong: type[WrongPeriod], field: str) -> None:
    with pytest.raises(wrong) as refused:
        Period.read(asked, TODAY)
    assert refused.value.field == field
    assert refused.value.says


def test_before_a_quarter_is_the_quarter_before_and_before_some_days_are_as_many_days() -> None:
    quarter = Period(first=date(2026, 1, 1), last=date(2026, 3, 31), as_of=date(2026, 2, 10))
    assert quarter.before() == Period(first=date(2025, 10, 1), last=date(2025, 12, 31), as_of=date(2026, 2, 10))
    week = Period(first=date(2026, 3, 2), last=date(2026, 3, 8), as_of=TODAY)
    assert (week.before().first, week.before().last) == (date(2026, 2, 23), date(2026, 3, 1))


@given(some.dates(date(2001, 1, 1), date(2100, 1, 1)))
def test_every_day_lies_in_its_quarter_and_its_year(day: date) -> None:
    first, last = quarter_of(day)
    assert first <= day <= last
    assert Period(first=first, last=last, as_of=last).months() == [first.replace(month=first.month + n) for n in range(3)]
    assert year_of(day)[0] <= first <= last <= year_of(day)[1]


def test_an_address_says_a_period_and_is_read_as_the_same() -> None:
    period = Period(first=date(2026, 3, 2), last=date(2026, 3, 8), as_of=date(2026, 4, 1))
    assert Period.read(period.written(), TODAY) == period


def test_months_that_nobody_knows_yet_are_not_listed() -> None:
    assert Period(first=date(2026, 1, 1), last=date(2026, 12, 31), as_of=date(2026, 2, 3)).months() == [date(2026, 1, 1), date(2026, 2, 1)]
