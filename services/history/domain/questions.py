"""What staff may ask of history, who may see what, and how a look is written down (D-25). Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, Final
from uuid import UUID

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import NotFound, Refusal
from libs.events.contracts.history_events import HistoryViewed
from services.history.domain.cursors import Place

READERS: Final = (Role.OPERATOR, Role.REGISTRAR, Role.EXECUTOR, Role.CHECKER, Role.HEAD)
AUDITORS: Final = (Role.AUDITOR,)
AUDIT: Final = HistoryViewed.type_name()


class NothingAsked(Refusal):
    """The question has neither a filter nor a period."""

    code: ClassVar[str] = "nothing-asked"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Укажите хотя бы один признак отбора или период."


class PeriodReversed(Refusal):
    """The period ends before it begins."""

    code: ClassVar[str] = "period-reversed"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Конец периода раньше его начала."


class EntryNotFound(NotFound):
    """No entry has this id, or it is not for the role of the one who asks."""

    code: ClassVar[str] = "entry-not-found"
    says: ClassVar[str] = "Такой записи в истории нет."


class AttachmentNotFound(NotFound):
    """History has no copy of such a file, or none any more."""

    code: ClassVar[str] = "attachment-not-found"
    says: ClassVar[str] = "Такого файла в истории нет."


class AttachmentInfected(Refusal):
    """The virus scanner found something in it after the copy was made."""

    code: ClassVar[str] = "attachment-infected"
    status: ClassVar[int] = 403
    says: ClassVar[str] = "Этот файл открыть нельзя: в нём найден вирус."


class Sight(Enum):
    """What the roles of a member of staff let them see; the value says which entries are audits."""

    HISTORY = False
    AUDITS = True
    ALL = None


def sight_of(staff: Staff) -> Sight:
    """Readers see what was said and done, auditors who looked at it (R-25)."""
    reads, audits = staff.may(frozenset(READERS)), staff.may(frozenset(AUDITORS))
    if reads and audits:
        return Sight.ALL
    if not reads and not audits:
        raise NotAllowed
    return Sight.HISTORY if reads else Sight.AUDITS


def role_of(staff: Staff) -> Role:
    """The role that let them in."""
    return next(role for role in (*READERS, *AUDITORS) if role in staff.roles)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Filters, a period (`since` <= occurred at < `until`), and where to go on. `types` are those of the `kind`, and not beside `type`."""

    sight: Sight
    client: UUID | None = None
    request: str | None = None
    thread: UUID | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    point: str | None = None
    type: str | None = None
    kind: str | None = None
    types: tuple[str, ...] = ()
    staff: str | None = None
    after: Place | None = None
    limit: int = 100

    def check(self) -> None:
        """Raises why it can't be answered."""
        if not self.filters():
            raise NothingAsked
        if self.since and self.until and self.until <= self.since:
            raise PeriodReversed
        if self.sight is Sight.AUDITS and self.type not in (None, AUDIT):
            raise NotAllowed
        if self.sight is Sight.HISTORY and self.type == AUDIT:
            raise NotAllowed

    def filters(self) -> dict[str, str]:
        """Which filters were set, as the audit keeps them; all are ids, codes and dates, but for a number, which may be mistyped."""
        said = {
            "client": self.client,
            "request": self.request,
            "thread": self.thread,
            "number": self.number,
            "from": self.since and self.since.isoformat(),
            "to": self.until and self.until.isoformat(),
            "channel": self.channel,
            "point": self.point,
            "type": self.type,
            "kind": self.kind,
            "staff": self.staff,
        }
        return {name: str(value) for name, value in said.items() if value is not None}

    def digest(self) -> bytes:
        """What a cursor is bound to: it goes on with this question and no other."""
        return hashlib.sha256(repr((sorted(self.filters().items()), self.sight.name)).encode()).digest()


def viewed(staff: Staff, filters: dict[str, str], count: int) -> HistoryViewed:
    """The fact that somebody looked."""
    return HistoryViewed(operator=staff.id, role=role_of(staff), filter=filters, count=count)
