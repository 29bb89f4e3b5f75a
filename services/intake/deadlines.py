"""Terms of 8-FZ: a pure function of the registration day and a calendar; every date can be explained (R-10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

IsWorking = Callable[[date], bool]


@dataclass(frozen=True, kw_only=True)
class TermRules:
    """A version of the rules and the act it cites; `roll` says where a term ending on a day off goes: previous or next."""

    version: str = "8-fz-2009.1"
    act: str = "статья 18 Федерального закона от 09.02.2009 № 8-ФЗ"
    answer_days: int = 30
    roll: str = "previous"


def answer_due(registered_on: date, rules: TermRules, is_working: IsWorking) -> date:
    """Thirty calendar days, the first one is the day after registration; the last falls on a working day."""
    due = registered_on + timedelta(days=rules.answer_days)
    step = timedelta(days=-1 if rules.roll == "previous" else 1)
    while not is_working(due):
        due += step
    return due
