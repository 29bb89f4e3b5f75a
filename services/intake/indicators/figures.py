"""What the indicators say, from how many requests had which figure (N-1.2). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from libs.events.vocabulary import Status
from services.intake.domain.measures import ANSWERS, AT_ONCE, OTHER

RECEIVED, REGISTERED, MISSED, OPEN = "received", "registered", "missed", "open"


class Count(NamedTuple):
    """So many requests of which this is so; `days`: how many it took, where that is counted."""

    what: str
    days: int | None
    late: bool
    number: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one period, or of one unit, point or type in it.

    `answers` are answers in full or in part and refusals; `missed` have none and their term ended in the period. `at_once` were answered in
    the talk, `ended_otherwise` ended without an answer. `open` and `overdue` are of the last day that is known, whatever the period.
    """

    received: int = 0
    registered: int = 0
    registered_late: int = 0
    answers: int = 0
    answered_late: int = 0
    in_part: int = 0
    refused: int = 0
    missed: int = 0
    at_once: int = 0
    ended_otherwise: int = 0
    open: int = 0
    overdue: int = 0
    register_days: Mapping[int, int] = field(default_factory=dict)
    answer_days: Mapping[int, int] = field(default_factory=dict)

    @property
    def late(self) -> int:
        """Answered after the term, or not yet though it is over."""
        return self.answered_late + self.missed

    @property
    def share_registered_late(self) -> float | None:
        return share(self.registered_late, self.registered)

    @property
    def share_late(self) -> float | None:
        """Of all whose answer was given or was due and is not there."""
        return share(self.late, self.answers + self.missed)

    @property
    def share_refused(self) -> float | None:
        return share(self.refused, self.answers)


NOTHING = Figures()


def figures(counts: Iterable[Count]) -> Figures:
    """Of counts of which none counts a request twice."""
    numbers, late = Counter[str](), Counter[str]()
    register_days, answer_days = Counter[int](), Counter[int]()
    for count in counts:
        numbers[count.what] += count.number
        late[count.what] += count.number if count.late else 0
        if count.days is not None and count.what == REGISTERED:
            register_days[count.days] += count.number
        elif count.days is not None and count.what in ANSWERS:
            answer_days[count.days] += count.number
    return Figures(
        received=numbers[RECEIVED],
        registered=numbers[REGISTERED],
        registered_late=late[REGISTERED],
        answers=sum(numbers[outcome] for outcome in ANSWERS),
        answered_late=sum(late[outcome] for outcome in ANSWERS),
        in_part=numbers[Status.ANSWERED_PARTIALLY],
        refused=numbers[Status.REFUSED],
        missed=numbers[MISSED],
        at_once=numbers[AT_ONCE],
        ended_otherwise=numbers[OTHER],
        open=numbers[OPEN],
        overdue=late[OPEN],
        register_days=dict(register_days),
        answer_days=dict(answer_days),
    )


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def mean(days: Mapping[int, int]) -> float | None:
    """Of how many requests took so many days."""
    number = sum(days.values())
    return sum(took * many for took, many in days.items()) / number if number else None


def median(days: Mapping[int, int]) -> float | None:
    """Half of them took no longer."""
    number = sum(days.values())
    if not number:
        return None
    return (_place(days, (number - 1) // 2) + _place(days, number // 2)) / 2


def _place(days: Mapping[int, int], place: int) -> int:
    """How many days the request at this place took, the shortest first, the first one at 0."""
    passed = 0
    for took, many in sorted(days.items()):
        passed += many
        if place < passed:
            return took
    raise IndexError(place)
