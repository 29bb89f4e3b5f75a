"""Until which day an act may be decided: by the authority's own number of days, the law's at most (8-FZ art. 18, N-9.1). Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, NamedTuple

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import CompetentBodyUnknownReported, DeadlineExtended, RequestRedirected
from libs.events.fact import Event
from libs.events.vocabulary import Status
from services.intake import statuses
from services.intake.deadlines import last_day
from services.intake.domain.acceptance import Rules
from services.intake.domain.request import Request
from services.intake.transitions import TRANSITIONS


class LastDay(NamedTuple):
    """The last day on which something may be decided, and of how many days from the registration it is the last."""

    on: date
    days: int


class TransitionForbidden(Refusal):
    """In its present status this can't be done to the request; `request_status` and `request_status_title` say where it stands."""

    code: ClassVar[str] = "transition-forbidden"
    says: ClassVar[str] = "Сейчас с запросом так поступить нельзя: его статус этого не допускает."

    def __init__(self, now: Status) -> None:
        super().__init__()
        self._now = now

    def extras(self) -> Mapping[str, object]:
        return {"request_status": self._now.value, "request_status_title": statuses.TITLES[self._now]}


class TooLate(Refusal):
    """The term for this act is over; `last_day` was the last of its `days`: seven, or fewer where the authority promised (8-FZ art. 18)."""

    code = "too-late"
    says = "Срок для этого действия истёк, последний день показан рядом. Теперь на запрос нужно ответить в его срок."

    def __init__(self, last: LastDay) -> None:
        super().__init__()
        self._last = last

    def extras(self) -> Mapping[str, object]:
        return {"last_day": self._last.on.isoformat(), "days": self._last.days}


def last_days(request: Request, rules: Rules) -> dict[str, LastDay]:
    """By transition, of those that are open for some days only; they run from the registration, without a roll."""
    if request.registered_at is None:
        return {}
    since = rules.day_of(request.registered_at)
    return {TRANSITIONS[fact].id: LastDay(last_day(since, days), days) for fact, days in _days_of(rules).items()}


def latest_due(request: Request, rules: Rules) -> date | None:
    """The last day that an extension may name."""
    return request.due_on + timedelta(days=rules.terms.extension_days) if request.due_on else None


def _days_of(rules: Rules) -> dict[type[Event], int]:
    terms = rules.terms
    return {
        RequestRedirected: terms.redirect_days,
        CompetentBodyUnknownReported: terms.redirect_days,
        DeadlineExtended: terms.extension_notice_days,
    }


def in_time(fact: type[Event], request: Request, today: date, rules: Rules) -> None:
    """Raises `TransitionForbidden` before there is a number, `TooLate` after the last day."""
    last = last_days(request, rules).get(TRANSITIONS[fact].id)
    if last is None:
        raise TransitionForbidden(request.status)
    if today > last.on:
        raise TooLate(last)
