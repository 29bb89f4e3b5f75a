"""When somebody is there: the week's hours on the production calendar, with moved days, short days and breaks (N-7.2)."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.chassis.ops.settings import WrongSettings, load_authority
from libs.events.contracts.authority_events import DayDeclared
from services.intake.authority.book import week_of
from services.intake.office_hours import Office, OfficeCalendar, OfficeDay
from services.intake.production_calendar import with_declared
from tests.examples import ASTRAKHAN, NOVOSIBIRSK
from tests.stack import ROOT

FILE = ROOT / "local" / "authority.toml"
WEEK = week_of(load_authority(FILE))  # Monday to Thursday 9 to 18, Friday to 17, a break at 13:00 for 48 minutes
LONG_FRIDAY = date(2026, 12, 4)


def office(*declared: DayDeclared, **changed: Any) -> OfficeCalendar:
    days = {fact.day: fact for fact in declared}
    made = OfficeCalendar(week=WEEK, zone=NOVOSIBIRSK, is_working=with_declared(days), declared=days)
    return replace(made, **changed)


def at(day: date, hour: int, minute: int = 0, zone: Any = NOVOSIBIRSK) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=zone)


def is_open(moment: datetime, calendar: OfficeCalendar | None = None) -> bool:
    return (calendar or office()).at(moment).open_until is not None


@pytest.mark.requirement("N-7.2")
def test_the_working_saturday_is_open_the_moved_day_off_closed_and_the_day_before_a_holiday_ends_an_hour_earlier() -> None:
    assert is_open(at(date(2025, 11, 1), 10)), "Saturday, 1 November 2025, is a working day"
    assert not is_open(at(date(2025, 11, 3), 10)), "Monday, 3 November 2025, is off in its stead"
    assert office().at(at(date(2025, 11, 1), 14)).open_until == at(date(2025, 11, 1), 17), "it stands for a Monday before a holiday"
    assert office().at(at(date(2026, 4, 30), 14)).open_until == at(date(2026, 4, 30), 17), "a Thursday before 1 May"
    assert office().at(at(date(2026, 4, 29), 14)).open_until == at(date(2026, 4, 29), 18)


@pytest.mark.requirement("N-7.2")
@pytest.mark.parametrize("zone", [NOVOSIBIRSK, ASTRAKHAN])
def test_an_ordinary_friday_from_before_the_opening_to_after_the_closing(zone: Any) -> None:
    here = office(zone=zone)
    monday = LONG_FRIDAY + timedelta(days=3)
    said = [
        here.at(at(LONG_FRIDAY, *hour, zone=zone)) for hour in ((8, 59), (9, 0), (12, 59), (13, 0), (13, 47), (13, 48), (16, 59), (17, 0))
    ]
    nine, one, again, five = (at(LONG_FRIDAY, *hour, zone=zone) for hour in ((9, 0), (13, 0), (13, 48), (17, 0)))
    assert said == [
        Office(opens_at=nine),
        Office(open_until=one),
        Office(open_until=one),
        Office(opens_at=again),
        Office(opens_at=again),
        Office(open_until=five),
        Office(open_until=five),
        Office(opens_at=at(monday, 9, zone=zone)),
    ]


@pytest.mark.requirement("N-7.2")
def test_after_the_last_day_of_the_year_it_opens_when_the_holidays_are_over() -> None:
    assert office().at(at(date(2025, 12, 30), 20)).opens_at == at(date(2026, 1, 12), 9)


@pytest.mark.requirement("N-7.2", "R-10")
def test_what_was_declared_counts_before_the_calendar() -> None:
    off = DayDeclared(day=LONG_FRIDAY, working=False, decree="Указ № 1")
    saturday = DayDeclared(day=LONG_FRIDAY + timedelta(days=1), working=True, decree="Указ № 2")
    assert not is_open(at(LONG_FRIDAY, 10), office(off))
    assert office(off, saturday).at(at(LONG_FRIDAY, 10)).opens_at == at(saturday.day, 9)
    assert office(saturday).at(at(saturday.day, 14)).open_until == at(saturday.day, 17), "it has the hours of the week's last day"


@pytest.mark.requirement("N-7.2")
def test_who_works_on_saturdays_anyway_is_open_but_for_holidays_and_declared_days_off() -> None:
    week = {**WEEK, 5: OfficeDay(opens=time(10), closes=time(14))}
    saturday = LONG_FRIDAY + timedelta(days=1)
    assert is_open(at(saturday, 11), office(week=week))
    assert not is_open(at(date(2026, 5, 9), 11), office(week=week)), "Saturday, 9 May, is a holiday"
    off = DayDeclared(day=saturday, working=False, decree="Указ № 1")
    assert not is_open(at(saturday, 11), office(off, week=week))


@pytest.mark.requirement("N-7.2")
def test_without_hours_nobody_is_ever_there() -> None:
    assert office(week={}).at(at(LONG_FRIDAY, 10)) == Office()


@pytest.mark.requirement("N-7.2")
@given(day=st.dates(date(2024, 1, 1), date(2026, 12, 20)), clock=st.times(), zone=st.sampled_from([NOVOSIBIRSK, ASTRAKHAN]))
def test_it_is_open_from_each_opening_and_closed_from_each_closing(day: date, clock: time, zone: Any) -> None:
    moment = datetime.combine(day, clock, tzinfo=zone)
    now = office().at(moment)
    if now.open_until is not None:
        assert moment < now.open_until
        assert not is_open(now.open_until)
    else:
        assert now.opens_at is not None
        assert moment < now.opens_at
        assert is_open(now.opens_at)
        assert not is_open(now.opens_at - timedelta(seconds=1))


WRONG = [
    ("weekdays = [5]", "weekdays = [4, 5]", "more than once"),
    ("weekdays = [5]", "weekdays = [8]", "less than or equal to 7"),
    ("to = 17:00:00", "to = 08:00:00", "from morning to evening"),
    ("to = 17:00:00", "to = 13:30:00", "from morning to evening"),
]


@pytest.mark.requirement("N-7.2", "N-0.1")
@pytest.mark.parametrize(("written", "instead", "says"), WRONG)
def test_hours_that_can_not_be_are_refused_when_the_process_starts(tmp_path: Path, written: str, instead: str, says: str) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(FILE.read_text("utf-8").replace(written, instead), "utf-8")
    with pytest.raises(WrongSettings, match=says):
        load_authority(file)
