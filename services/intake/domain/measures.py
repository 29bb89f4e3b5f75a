"""What is counted of a request, and from when to when it was so: indicators of a past day are counted from what stood then (N-1.2)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from libs.events.vocabulary import Card, Status
from services.intake.deadlines import LONGEST
from services.intake.domain.request import Request
from services.intake.transitions import OPEN

AT_ONCE, OTHER = "at_once", "other"
ANSWERS = (Status.ANSWERED, Status.ANSWERED_PARTIALLY, Status.REFUSED)
SPOKEN = (Card.PHONE, Card.RECEPTION)


class Measured(NamedTuple):
    """Codes and times alone. `register_days`: how many the law gives until the number; `outcome`: what ended it, `ANSWERS` or the two."""

    unit: str | None
    type: str | None
    point: str | None
    register_days: int
    received_at: datetime | None
    registered_at: datetime | None
    due_on: date | None
    closed_at: datetime | None
    outcome: str | None


class Span(NamedTuple):
    """So it stood since then, until another span began; `until` None: so it stands now."""

    since: datetime
    until: datetime | None
    measured: Measured


Known = tuple[Request, datetime, datetime]
"""A request after one of its events, when that was, and when it was written down."""


def spans(known: Iterable[Known], point: str | None) -> list[Span]:
    """One for each change of what is counted. What was written down later changes no span that was over, only where the last ends."""
    found: list[Span] = []
    for since, measured in _measured(known, point):
        last = found[-1] if found and found[-1].until is None else None
        if last and last.measured == measured:
            continue
        at = max(since, found[-1].since) if found else since  # two replicas' clocks may differ
        if last:
            found[-1] = last._replace(until=at)
            if last.since == at:
                found.pop()
        if measured:
            found.append(Span(at, None, measured))
    return found


def _measured(known: Iterable[Known], point: str | None) -> Iterator[tuple[datetime, Measured | None]]:
    closed_at: datetime | None = None
    outcome: str | None = None
    for request, at, recorded_at in known:
        if request.status in OPEN:
            closed_at = outcome = None
        elif outcome is None:
            closed_at, outcome = at, _outcome(request)
        yield recorded_at, _of(request, point, closed_at, outcome)


def _outcome(request: Request) -> str:
    if request.status not in ANSWERS:
        return OTHER
    return request.status.value if request.reg_no or request.imported else AT_ONCE


def _of(request: Request, point: str | None, closed_at: datetime | None, outcome: str | None) -> Measured | None:
    """Nothing of what is no request, and of what an older register had closed before it came here."""
    if request.status is Status.NOT_A_REQUEST or (request.old and request.old.state not in OPEN):
        return None
    sorted_as = request.classification
    return Measured(
        unit=request.unit or (sorted_as.unit if sorted_as else None),
        type=sorted_as.type if sorted_as else None,
        point=point,
        register_days=0 if request.noted and request.noted.card in SPOKEN else LONGEST["register_days"],
        received_at=request.received_at,
        registered_at=request.registered_at,
        due_on=request.due_on,
        closed_at=closed_at,
        outcome=outcome,
    )
