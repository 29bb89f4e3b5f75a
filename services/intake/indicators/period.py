"""From which day to which is looked, and as it stood on which day; how that is written in an address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Self

from libs.chassis.ops.refusals import Refusal

YEARS = range(2000, 2200)
MOST_DAYS = 366 * 5  # as long as anything is kept


class WrongPeriod(Refusal):
    """A day that does not exist, or days in a wrong order; `field` names it."""

    code: ClassVar[str] = "wrong-period"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Такого периода нет. Проверьте его первый и последний день."

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field

    def extras(self) -> Mapping[str, object]:
        return {"field": self.field}


class NoSuchDay(WrongPeriod):
    """What was typed is no day."""

    says = "Укажите день: число, месяц и год."


class EndsBeforeItBegins(WrongPeriod):
    """The last day lies before the first."""

    says = "Последний день раньше первого."


class PeriodTooLong(WrongPeriod):
    """Nothing is kept as long as that."""

    says = "Период не может быть длиннее пяти лет."


class DayNotYet(WrongPeriod):
    """Nobody knows how it will stand then."""

    says = "Этот день ещё не наступил."


class NotBegunThen(WrongPeriod):
    """On that day the period had not begun."""

    says = "В этот день период ещё не начался."


@dataclass(frozen=True, kw_only=True)
class Period:
    """`as_of`: what was written down later is not counted."""

    first: date
    last: date
    as_of: date

    @classmethod
    def read(cls, asked: Mapping[str, str], today: date) -> Self:
        """From an address; by itself this quarter, as it stands today. Raises `WrongPeriod`."""
        quarter = quarter_of(today)
        first = _day("first", asked, quarter[0])
        last = _day("last", asked, quarter[1] if "first" not in asked else today)
        as_of = _day("as_of", asked, today)
        if last < first:
            raise EndsBeforeItBegins("last")
        if (last - first).days > MOST_DAYS:
            raise PeriodTooLong("last")
        if as_of > today:
            raise DayNotYet("as_of")
        if as_of < first:
            raise NotBegunThen("as_of")
        return cls(first=first, last=last, as_of=as_of)

    def written(self) -> dict[str, str]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "as_of": self.as_of.isoformat()}

    def before(self) -> Self:
        """As long as this one, up to the day before it, known as of the same day; whole months are followed by whole months."""
        last = self.first - timedelta(days=1)
        if self.first.day == 1 and (self.last + timedelta(days=1)).day == 1:
            return type(self)(first=_months_back(self.first, _month(self.last) - _month(self.first) + 1), last=last, as_of=self.as_of)
        return type(self)(first=self.first - (self.last - self.first) - timedelta(days=1), last=last, as_of=self.as_of)

    def months(self) -> list[date]:
        """The first day of each month that the period touches, as far as anything is known."""
        found, month = [], self.first.replace(day=1)
        while month <= min(self.last, self.as_of):
            found.append(month)
            month = (month + timedelta(days=31)).replace(day=1)
        return found

    @property
    def quarter(self) -> tuple[int, int] | None:
        """Year and number of the quarter, where it is one."""
        return (self.first.year, (self.first.month + 2) // 3) if quarter_of(self.first) == (self.first, self.last) else None


def quarter_of(day: date) -> tuple[date, date]:
    """Its first and last day."""
    first = day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return first, (first + timedelta(days=93)).replace(day=1) - timedelta(days=1)


def year_of(day: date) -> tuple[date, date]:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


def _month(day: date) -> int:
    """Counted from the year 0."""
    return day.year * 12 + day.month - 1


def _months_back(day: date, number: int) -> date:
    whole = _month(day) - number
    return date(whole // 12, whole % 12 + 1, 1)


def _day(name: str, asked: Mapping[str, str], otherwise: date) -> date:
    written = asked.get(name, "")
    if not written:
        return otherwise
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise NoSuchDay(name) from None
    if day.year not in YEARS:
        raise NoSuchDay(name)
    return day
