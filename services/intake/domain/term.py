"""Why an answer is due on its day, from the request's own facts (R-10)."""

from services.intake import statuses
from services.intake.deadlines import reckon
from services.intake.domain.acceptance import Rules
from services.intake.domain.request import Request


def why_due(request: Request, rules: Rules) -> str | None:
    """How the term was counted, in words for everybody; None while it has none."""
    if request.registered_at is None or request.due_on is None:
        return None
    since = rules.day_of(request.registered_at)
    told = statuses.why_due(reckon(since, rules.terms.answer_days, rules.terms, rules.is_working), rules.terms)
    return f"{told} {statuses.extended_to(request.due_on)}" if request.extended else told
