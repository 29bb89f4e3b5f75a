"""What the passing of days alone does to a request: terms that are near or over, a question that waited long enough (N-9.1). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from libs.events.contracts.authority_events import DayDeclared
from libs.events.contracts.intake_requests import (
    ClarificationNotReceived,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineRecomputed,
)
from libs.events.fact import Event
from libs.events.vocabulary import Status, Term
from services.intake import statuses
from services.intake.deadlines import moved_due, register_due
from services.intake.domain.acceptance import Rules
from services.intake.domain.request import Request, RequestEvent, evolve
from services.intake.domain.telling import Telling, status_changed
from services.intake.transitions import OPEN, TRANSITIONS


@dataclass(frozen=True, kw_only=True)
class Running:
    """A term that a request has now: its last day, and how many days before it is said to be near."""

    term: Term
    due_on: date
    warn_days: int


def running(request: Request, point: str | None, rules: Rules) -> Running | None:
    """The term that runs: to the number first, to the answer then. A request of an older register had its number there."""
    if request.status not in OPEN:
        return None
    if request.due_on is not None:
        return Running(term=Term.ANSWER, due_on=request.due_on, warn_days=rules.terms.warn_days)
    if request.received_at is None or request.imported:
        return None
    due = register_due(rules.day_of(request.received_at), rules.terms, oral=point in rules.oral_points)
    return Running(term=Term.REGISTRATION, due_on=due, warn_days=rules.terms.register_warn_days)


def passed(request: Request, point: str | None, today: date, rules: Rules, how: Telling) -> list[Event]:
    """What is so on this day and was not told yet; nothing, when all was."""
    facts: list[RequestEvent] = _recomputed(request, today, rules, how)
    for fact in facts:
        request = evolve(request, fact)
    return [*facts, *_waited(request, today, how), *_marked(request, running(request, point, rules), today)]


def _recomputed(request: Request, today: date, rules: Rules, how: Telling) -> list[RequestEvent]:
    """The last day of the answer moves when a day was declared working or off, as long as neither is over; the person is told."""
    due = request.due_on
    if request.status not in OPEN or due is None or due < today:
        return []
    last = request.last_on or due
    cause = _cause(due, last, rules)
    new = moved_due(last, today, rules.terms, rules.is_working)
    if cause is None or new == due:
        return []
    fact = DeadlineRecomputed(old_due=due, new_due=new, last_on=last, day=cause.day, working=cause.working, decree=cause.decree)
    said = statuses.recomputed(due, new, statuses.declared(cause.day, cause.decree, working=cause.working))
    return [fact, status_changed(evolve(request, fact), request.status, said, how, template=statuses.RECOMPUTED)]


def _cause(due: date, last: date, rules: Rules) -> DayDeclared | None:
    """What was declared that makes another day the last one: of the due day itself, or of one between it and where the days end."""
    if (itself := rules.declared.get(due)) and not itself.working:
        return itself
    between = [day for day, fact in rules.declared.items() if fact.working and (due < day <= last or last <= day < due)]
    return rules.declared[min(between, key=lambda day: abs(day - last))] if between else None


def _waited(request: Request, today: date, how: Telling) -> Sequence[Event]:
    """The request goes back to who had it (S-16)."""
    waits = request.status in TRANSITIONS[ClarificationNotReceived].sources
    if not waits or request.wait_until is None or request.set_back is None or today <= request.wait_until:
        return []
    fact = ClarificationNotReceived(wait_until=request.wait_until)
    visible = statuses.TITLES[request.set_back] != statuses.TITLES[Status.AWAITING_CLARIFICATION]
    said = statuses.not_clarified(request.wait_until, request.due_on)
    return [fact, status_changed(evolve(request, fact), request.set_back, said, how, visible=visible)]


def _marked(request: Request, term: Running | None, today: date) -> Sequence[Event]:
    """On the last day it is in time, the next day late. Who slept through the warning is told the worse alone."""
    if term is None or request.missed:
        return []
    days_left = (term.due_on - today).days
    if days_left < 0:
        return [DeadlineMissed(term=term.term, due_on=term.due_on)]
    if request.approaching or days_left > term.warn_days:
        return []
    return [DeadlineApproaching(term=term.term, due_on=term.due_on, days_left=days_left)]
