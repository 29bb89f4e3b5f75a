"""When the reference phones are answered and people are received: the week's hours on the production calendar (N-7.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from libs.events.contracts.authority_events import DayDeclared
from services.intake.production_calendar import SATURDAY, is_short, name_of, stands_for

HOUR = timedelta(hours=1)
LONGEST_CLOSED_DAYS = 31  # no row of days off is longer


@dataclass(frozen=True, kw_only=True)
class OfficeDay:
    """Hours of one weekday in the authority's own time; breaks lie inside, in order."""

    opens: time
    closes: time
    breaks: tuple[tuple[time, time], ...] = ()


Week = Mapping[int, OfficeDay]
"""By weekday, 0 is Monday; a weekday that is absent is a day off."""


@dataclass(frozen=True, kw_only=True)
class Office:
    """`open_until`: open now, and until when without a break. Closed, `opens_at` is the next opening, None if none is in sight."""

    open_until: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OfficeCalendar:
    """A week's hours where the authority is, on the calendar as it is now."""

    week: Week
    zone: tzinfo
    is_working: Callable[[date], bool]
    declared: Mapping[date, DayDeclared]

    def at(self, moment: datetime) -> Office:
        """Whether somebody is there at this moment, and what comes next."""
        today = moment.astimezone(self.zone).date()
        for number in range(LONGEST_CLOSED_DAYS):
            for opens, closes in self.hours_of(today + timedelta(days=number)):
                if opens <= moment < closes:
                    return Office(open_until=closes)
                if moment < opens:
                    return Office(opens_at=opens)
        return Office()

    def hours_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """From when until when somebody is there on that day; the day before a holiday ends an hour earlier."""
        hours = self._hours(day)
        if hours is None:
            return []
        end = _at(day, hours.closes, self.zone) - (HOUR if is_short(day, self.is_working) else timedelta())
        starts = [hours.opens, *(until for _, until in hours.breaks)]
        ends = [*(since for since, _ in hours.breaks), hours.closes]
        spans = [(_at(day, start, self.zone), min(_at(day, stop, self.zone), end)) for start, stop in zip(starts, ends, strict=True)]
        return [(start, stop) for start, stop in spans if start < stop]

    def _hours(self, day: date) -> OfficeDay | None:
        if self.is_working(day):
            return self.week.get(day.weekday()) or self._of_a_moved_day(day)
        works_on_weekends = day.weekday() >= SATURDAY and day not in self.declared and name_of(day) is None
        return self.week.get(day.weekday()) if works_on_weekends else None

    def _of_a_moved_day(self, day: date) -> OfficeDay | None:
        """A working Saturday has the hours of the day that it stands for, or of the week's last."""
        if day.weekday() < SATURDAY or not self.week:
            return None
        weekdays = [moved.weekday() for moved in stands_for(day)] or [max(self.week)]
        return self.week.get(weekdays[0])


def _at(day: date, at: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone)
