"""Why an answer is due on its day, from the request's own facts and the calendar (R-10)."""

from dataclasses import replace
from datetime import date, timedelta

from services.intake import statuses
from services.intake.deadlines import LONGEST, Reckoning
from services.intake.domain.acceptance import Rules, counted_from
from services.intake.domain.request import Request
from services.intake.production_calendar import standing

PROMISED = "орган власти обещает ответить раньше, чем требует закон"


def answer_days(request: Request, rules: Rules) -> int:
    """The days that its term is counted by: those of its type where the authority promised fewer, else those of all."""
    return request.answer_days or rules.terms.answer_days


def why_due(request: Request, rules: Rules) -> str | None:
    """How the term was counted, in words for everybody; None while it has none."""
    if request.registered_at is None or request.due_on is None:
        return None
    since = counted_from(request, rules.day_of(request.registered_at), rules)
    days = answer_days(request, rules)
    terms = rules.terms if days == LONGEST["answer_days"] else replace(rules.terms, act=PROMISED)
    counted = since + timedelta(days=days)
    if request.extended:
        last = request.last_on or request.due_on
        law = Reckoning(since=since, days=days, last=counted, due=counted)
        told = [statuses.why_due(law, terms), statuses.extended_to(last), statuses.moved(last, request.due_on)]
    else:
        last = request.last_on or counted
        told = [statuses.why_due(Reckoning(since=since, days=(last - since).days, last=last, due=request.due_on), terms)]
    return " ".join(said for said in (*told, *_calendar_notes(last, request.due_on, rules)) if said)


def _calendar_notes(last: date, due: date, rules: Rules) -> list[str]:
    """Which days between the two are what they are by an act, and of which years nobody can be sure."""
    first, end = min(last, due), max(last, due)
    declared = [fact for day, fact in sorted(rules.declared.items()) if first <= day <= end]
    years = sorted({last.year, due.year})
    return [
        *(statuses.declared(fact.day, fact.decree, working=fact.working) for fact in declared),
        *(statuses.calendar_of(year, standing(year)) for year in years),
    ]
