"""By what a reader narrows a timeline: codes and days alone, so that they may stand in an address (N-4.6). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import ClassVar, Final, Self

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts import (
    channel_inbound,
    channel_outbound,
    channel_receipts,
    intake_answers,
    intake_attachments,
    intake_clients,
    intake_requests,
    notifier_deliveries,
)
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept
from libs.events.fact import Event
from services.history.domain.questions import PeriodReversed, Question

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2999, 12, 31)  # of any history: what is beyond is a slip of the pen


class Kind(StrEnum):
    """What entries are about; the contract that an event stands in says it, so that a new event has its kind at once."""

    MESSAGES = "messages"
    REQUEST = "request"
    ANSWER = "answer"
    NOTICES = "notices"
    CLIENT = "client"


_ANSWERS: Final = frozenset(intake_answers.EVENTS)
_FILES: Final = (AttachmentKept, AttachmentNotKept)
_EVENTS: Final[dict[Kind, tuple[type[Event], ...]]] = {
    Kind.MESSAGES: (*channel_inbound.EVENTS, *channel_receipts.EVENTS, *channel_outbound.EVENTS),
    Kind.REQUEST: (*(event for event in intake_requests.EVENTS if event not in _ANSWERS), *intake_attachments.EVENTS, *_FILES),
    Kind.ANSWER: intake_answers.EVENTS,
    Kind.NOTICES: notifier_deliveries.EVENTS,
    Kind.CLIENT: intake_clients.EVENTS,
}
TYPES: Final = {kind: tuple(event.type_name() for event in events) for kind, events in _EVENTS.items()}
TITLES: Final = {
    Kind.MESSAGES: "сообщения",
    Kind.REQUEST: "ход рассмотрения",
    Kind.ANSWER: "подготовка ответа",
    Kind.NOTICES: "уведомления",
    Kind.CLIENT: "сведения о клиенте",
}


class WrongFilter(Refusal):
    """A filter in the address is none that a page offers."""

    code: ClassVar[str] = "wrong-filter"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Такого отбора нет. Вернитесь к истории и выберите отбор из списка."


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """`first` and `last` are days where the authority is, both included."""

    kind: Kind | None = None
    channel: str | None = None
    point: str | None = None
    first: date | None = None
    last: date | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        """From an address; what was left empty is no filter. Raises `WrongFilter`, `PeriodReversed`."""
        told = {name: asked.get(name, "").strip() or None for name in ("kind", "channel", "point", "first", "last")}
        if any(code is not None and not _CODE.fullmatch(code) for code in (told["channel"], told["point"])):
            raise WrongFilter
        try:
            kind = Kind(told["kind"]) if told["kind"] else None
        except ValueError:
            raise WrongFilter from None
        first, last = _day(told["first"]), _day(told["last"])
        if first and last and last < first:
            raise PeriodReversed
        return cls(kind=kind, channel=told["channel"], point=told["point"], first=first, last=last)

    def written(self) -> dict[str, str]:
        """As an address says it."""
        return {name: str(value) for name, value in vars(self).items() if value is not None}

    def of(self, question: Question, zone: tzinfo) -> Question:
        """The question about nothing else."""
        since = datetime.combine(self.first, time.min, zone) if self.first else None
        until = datetime.combine(self.last + timedelta(days=1), time.min, zone) if self.last else None
        types = TYPES[self.kind] if self.kind else ()
        return replace(question, kind=self.kind, types=types, channel=self.channel, point=self.point, since=since, until=until)


def _day(typed: str | None) -> date | None:
    if typed is None:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise WrongFilter from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise WrongFilter
    return day
