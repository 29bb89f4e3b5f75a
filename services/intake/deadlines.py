"""Terms of 8-FZ: pure functions of a day and a calendar; every date can be explained (R-10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from libs.events.vocabulary import Urgency

IsWorking = Callable[[date], bool]
LAW = "статья 18 Федерального закона от 09.02.2009 № 8-ФЗ"
LONGEST = {  # calendar days, as the law has them; an authority may only promise more
    "register_days": 3,
    "answer_days": 30,
    "extension_days": 15,
    "extension_notice_days": 7,
    "redirect_days": 7,
}


class TermTooLong(ValueError):
    """A rule would give the authority more time than the law does (N-1.3)."""


@dataclass(frozen=True, kw_only=True)
class TermRules:
    """A version of the rules and the act it cites; raises `TermTooLong`. `roll`: where a term ending on a day off goes, previous or next.

    `clarification_days` is how long a question to the person waits (the law names no term); `target_days` are internal, by urgency.
    """

    version: str = "8-fz-2009.1"
    act: str = LAW
    register_days: int = 3
    answer_days: int = 30
    extension_days: int = 15
    extension_notice_days: int = 7
    redirect_days: int = 7
    clarification_days: int = 7
    target_days: int = 20
    urgent_target_days: int = 5
    roll: str = "previous"

    def __post_init__(self) -> None:
        for name, longest in LONGEST.items():
            if not 0 < getattr(self, name) <= longest:
                raise TermTooLong(f"{name} = {getattr(self, name)}: 1 to {longest} days, {LAW}")

    def target_in(self, urgency: Urgency) -> int:
        """Days from the assignment to the internal target."""
        return self.urgent_target_days if urgency is Urgency.URGENT else self.target_days


@dataclass(frozen=True, kw_only=True)
class Reckoning:
    """How a term was counted: the day after `since` is its first; `last` is where the days end, `due` where that was moved to."""

    since: date
    days: int
    last: date
    due: date

    @property
    def moved(self) -> bool:
        return self.last != self.due


def reckon(since: date, days: int, rules: TermRules, is_working: IsWorking) -> Reckoning:
    """So many calendar days, the first one is the day after `since`; the last falls on a working day."""
    last = since + timedelta(days=days)
    due, step = last, timedelta(days=-1 if rules.roll == "previous" else 1)
    while not is_working(due):
        due += step
    return Reckoning(since=since, days=days, last=last, due=due)


def answer_due(registered_on: date, rules: TermRules, is_working: IsWorking) -> date:
    return reckon(registered_on, rules.answer_days, rules, is_working).due


def is_within(on: date, since: date, days: int) -> bool:
    """On the last day it is in time, the next day it is late (N-9.1). No roll: what the authority owes at once can't wait for a Monday."""
    return on <= since + timedelta(days=days)
