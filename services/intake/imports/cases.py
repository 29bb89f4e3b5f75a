"""A case of an older register, and the facts that it makes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from libs.events.contracts.intake_requests import HistoricalEntryImported, HistoricalRequestImported
from libs.events.fact import Event
from libs.events.vocabulary import Status

Dated = tuple[Event, datetime]


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is so for a whole case."""

    number: str
    point: str
    state: Status
    received_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    unit: str | None = None
    subject: str | None = None
    client_name: str | None = None


@dataclass(frozen=True)
class Line:
    """One dated line of a case."""

    happened_at: datetime
    what: str
    by: str | None = None


@dataclass
class Case:
    """A case with its lines; the client is known in sample data only."""

    header: Header
    lines: list[Line] = field(default_factory=list)
    client_id: UUID | None = None


def same_id(authority: str, register: str, number: str) -> UUID:
    """The same thing of the same register has the same id, however often it is imported."""
    return uuid5(uuid5(NAMESPACE_URL, f"otklik:{authority}"), f"{register}\x00{number}")


def new_facts(case: Case, known: Sequence[Event], register: str, imported_at: datetime) -> list[Dated]:
    """What of this case its stream does not hold yet, each with the time of its act; nothing, when it was imported just so.

    A case that grew gets its new lines; one whose own dates or state changed is told again, unless it went on with us since.
    """
    facts: list[Dated] = []
    header = _imported(case.header, register, imported_at)
    if _tells_more(header, known):
        facts.append((header, case.header.received_at or (case.lines[0].happened_at if case.lines else imported_at)))
    entries = [fact for fact in known if isinstance(fact, HistoricalEntryImported)]
    had = Counter(Line(entry.happened_at, entry.what, entry.by) for entry in entries)
    number = max((entry.line for entry in entries), default=0)
    for line in case.lines:
        if had[line]:
            had[line] -= 1
            continue
        number += 1
        facts.append((_entry(case.header.number, number, line), line.happened_at))
    return facts


def _tells_more(header: HistoricalRequestImported, known: Sequence[Event]) -> bool:
    told = [fact for fact in known if isinstance(fact, HistoricalRequestImported)]
    if not told:
        return True
    if any(not isinstance(fact, HistoricalRequestImported | HistoricalEntryImported) for fact in known):
        return False
    return header.model_copy(update={"imported_at": told[-1].imported_at}) != told[-1]


def _imported(header: Header, register: str, imported_at: datetime) -> HistoricalRequestImported:
    return HistoricalRequestImported(
        foreign_no=header.number,
        old_register=register,
        state=header.state,
        point=header.point,
        received_at=header.received_at,
        due_at=header.due_at,
        due_on=header.due_at.date() if header.due_at else None,  # in the register's own zone, which the moment is told in
        closed_at=header.closed_at,
        unit=header.unit,
        subject=header.subject,
        client_name=header.client_name,
        imported_at=imported_at,
    )


def _entry(foreign_no: str, number: int, line: Line) -> HistoricalEntryImported:
    return HistoricalEntryImported(foreign_no=foreign_no, line=number, happened_at=line.happened_at, what=line.what, by=line.by)


@dataclass(frozen=True)
class Summary:
    """What a register holds; `late` are the cases closed after the day of their deadline (N-9.1)."""

    cases: int
    lines: int
    closed: int
    late: int
    points: dict[str, int]


def summary(cases: Iterable[Case], zone: ZoneInfo) -> Summary:
    """Counted in the register's own time zone."""
    every = list(cases)
    points = Counter(case.header.point for case in every)
    return Summary(
        cases=len(every),
        lines=sum(len(case.lines) for case in every),
        closed=sum(1 for case in every if case.header.closed_at),
        late=sum(1 for case in every if is_late(case.header, zone)),
        points=dict(points.most_common()),
    )


def is_late(header: Header, zone: ZoneInfo) -> bool:
    """On the day of the deadline it is in time, the next day it is late."""
    if header.closed_at is None or header.due_at is None:
        return False
    return header.closed_at.astimezone(zone).date() > header.due_at.astimezone(zone).date()
