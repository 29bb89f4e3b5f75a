"""The production calendar: holidays of the Labour Code, the government's transfers, and over both what was declared (R-10)."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import holidays
from holidays.countries.russia import RussiaStaticHolidays

from libs.events.contracts.authority_events import DayDeclared

SATURDAY = 5
CONFIRMED_UNTIL = 2026  # the last year whose decree on transfers was checked: № 1466 of 24.09.2025
HOLIDAYS = {*((1, day) for day in range(1, 9)), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}  # Labour Code, art. 112
DAY = timedelta(days=1)


class Standing(StrEnum):
    """How far the calendar of a year can be relied on."""

    CONFIRMED = "confirmed"
    PRELIMINARY = "preliminary"
    UNKNOWN = "unknown"  # computed by rule: nobody has transferred any day yet


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("RU", language="ru")


@cache
def by_itself(day: date) -> bool:
    """Whether it is a working day unless somebody declares otherwise."""
    return bool(_calendar().is_working_day(day))


def with_declared(declared: Mapping[date, DayDeclared]) -> Callable[[date], bool]:
    """The calendar as it is now."""

    @cache
    def is_working(day: date) -> bool:
        said = declared.get(day)
        return said.working if said else by_itself(day)

    return is_working


def name_of(day: date) -> str | None:
    """What the calendar calls a day that is no ordinary one."""
    return _calendar().get(day)


def standing(year: int) -> Standing:
    if year <= CONFIRMED_UNTIL:
        return Standing.CONFIRMED
    return Standing.PRELIMINARY if year in RussiaStaticHolidays.special_public_holidays else Standing.UNKNOWN


def is_short(day: date, is_working: Callable[[date], bool]) -> bool:
    """An hour shorter: a working day right before a holiday (Labour Code, art. 95), and a working Saturday that stands for one."""
    if not is_working(day):
        return False
    return _before_holiday(day) or any(_before_holiday(moved) for moved in stands_for(day))


def differing(year: int, declared: Mapping[date, DayDeclared]) -> list[date]:
    """Days of a year that are working or off otherwise than in a plain week, or that somebody declared."""
    is_working = with_declared(declared)
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
    return [day for day in days if day.year == year and (day in declared or is_working(day) != (day.weekday() < SATURDAY))]


def _before_holiday(day: date) -> bool:
    after = day + DAY
    return (after.month, after.day) in HOLIDAYS


def stands_for(saturday: date) -> list[date]:
    """The day off that it is worked for, by the government's decree of its year."""
    if saturday.weekday() < SATURDAY:
        return []
    moves: Any = RussiaStaticHolidays.special_public_holidays.get(saturday.year, ())
    every = (moves,) if moves and isinstance(moves[0], int) else moves  # a year with one transfer holds it bare
    return [date(saturday.year, off[0], off[1]) for off in every if tuple(off[2:]) == (saturday.month, saturday.day)]
