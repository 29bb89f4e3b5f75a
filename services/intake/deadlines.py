"""Terms of 8-FZ: pure functions of a day and a calendar; every date can be explained (R-10)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
OWN = ("clarification_days", "target_days", "urgent_target_days", "warn_days", "register_warn_days")  # the law has no word on them


class TermTooLong(ValueError):
    """A rule would give the authority more time than the law does (N-1.3)."""


@dataclass(frozen=True, kw_only=True)
class TermRules:
    """A version of the rules and the act it cites; raises `TermTooLong`. `roll`: where a term ending on a day off goes, previous or next.

    `clarification_days` is how long a question to the person waits (the law names no term); `target_days` are internal, by urgency.
    Warnings come so many days before the last one: `warn_days` for the answer, `register_warn_days` for the registration.
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
    warn_days: int = 3
    register_warn_days: int = 1
    roll: str = "previous"

    def __post_init__(self) -> None:
        for name, longest in LONGEST.items():
            if not 0 < getattr(self, name) <= longest:
                raise TermTooLong(f"{name} = {getattr(self, name)}: 1 to {longest} days, {LAW}")
        for name in OWN:
            if getattr(self, name) < 0:
                raise TermTooLong(f"{name} = {getattr(self, name)}: no day lies before its own beginning")

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
    """So many calendar days, the first one is the day after `since`; the last falls on a working day.

    A short term inside long holidays goes on to the day after them: rolled back it would end before it began.
    """
    last = since + timedelta(days=days)
    due = _working_day(last, -1 if rules.roll == "previous" else 1, is_working)
    return Reckoning(since=since, days=days, last=last, due=due if due > since else _working_day(last, 1, is_working))


def answer_term(registered_on: date, rules: TermRules, is_working: IsWorking) -> Reckoning:
    """Thirty days from the registration, or fewer where the authority promises that."""
    return reckon(registered_on, rules.answer_days, rules, is_working)


def wait_until(since: date, rules: TermRules, is_working: IsWorking) -> date:
    """How long a question to the person waits. A day off lengthens what the person has, never what the authority has."""
    return reckon(since, rules.clarification_days, replace(rules, roll="next"), is_working).due


def register_due(received_on: date, rules: TermRules, *, oral: bool) -> date:
    """Three days from the receipt; what is spoken is registered on its day (8-FZ art. 18). No roll: see `last_day`."""
    return received_on if oral else last_day(received_on, rules.register_days)


def moved_due(last: date, today: date, rules: TermRules, is_working: IsWorking) -> date:
    """Where a running term ends on a calendar that has changed: by the rule, but on no day that is over already."""
    due = _working_day(last, -1 if rules.roll == "previous" else 1, is_working)
    return due if due >= today else _working_day(max(last, today), 1, is_working)


def nearest(on: date, is_working: IsWorking) -> tuple[date, date]:
    """The working days before and after this one."""
    step = timedelta(days=1)
    return _working_day(on - step, -1, is_working), _working_day(on + step, 1, is_working)


def _working_day(on: date, step: int, is_working: IsWorking) -> date:
    while not is_working(on):
        on += timedelta(days=step)
    return on


def last_day(since: date, days: int) -> date:
    """On it, it is in time, the next day late (N-9.1). No roll: what the authority owes at once can't wait for a Monday."""
    return since + timedelta(days=days)
