"""Why an answer is due on its day, from the request's own facts (R-10)."""

from zoneinfo import ZoneInfo

from services.intake import statuses
from services.intake.deadlines import IsWorking, TermRules, reckon
from services.intake.domain.request import Request


def why_due(request: Request, zone: ZoneInfo, terms: TermRules, is_working: IsWorking) -> str | None:
    """How the term was counted, in words for everybody; None while it has none."""
    if request.registered_at is None or request.due_on is None:
        return None
    since = request.registered_at.astimezone(zone).date()
    told = statuses.why_due(reckon(since, terms.answer_days, terms, is_working), terms)
    return f"{told} {statuses.extended_to(request.due_on)}" if request.extended else told
