"""What the authority decided since its file was written: a stream of its own, read over the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import Authority
from libs.events.contracts.authority_events import (
    DayDeclared,
    PointClosed,
    PointSet,
    ProfileSet,
    RequestTypeClosed,
    RequestTypeSet,
    TextBlockApproved,
    TextBlockClosed,
    TextBlockWritten,
    TopicClosed,
    TopicSet,
    TrialLetterAsked,
    TrialLetterEnded,
    UnitClosed,
    UnitSet,
)
from libs.events.fact import Event
from services.intake.domain.authority.listings import Closed, EntrySet, Listing, Overlay, listing_of
from services.intake.domain.authority.texts import TextEvent, Texts, with_event
from services.intake.domain.commands import Command, Text
from services.intake.production_calendar import with_declared

AuthorityEvent = DayDeclared | ProfileSet | EntrySet | Closed | TrialLetterAsked | TrialLetterEnded | TextEvent
MAY_DECLARE = frozenset((Role.ADMINISTRATOR,))
YEARS_AHEAD = 2


class DeclareDay(Command):
    """An act makes a day a working one or a day off; `decree`: its name, date and number."""

    day: date
    working: bool
    decree: Text
    in_force_on: date | None = None


class DayIsOver(Refusal):
    """What was due on a day that is over can't become due on another one."""

    code = "day-is-over"
    says = "Этот день уже прошёл. Изменить можно только сегодняшний и будущие дни."


class DayTooFar(Refusal):
    """Nobody has decided anything for that year yet; mostly it is a slip of the finger."""

    code = "day-too-far"
    status = 400
    says = "Так далеко вперёд календарь не меняют. Проверьте год."


class DayAlreadySo(Refusal):
    """The calendar says the same of this day."""

    code = "day-already-so"
    says = "В календаре этот день уже такой. Выберите другой день или другое значение."


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The last letter that was asked for to try the mail server; `ended` None: nobody knows yet."""

    asked: TrialLetterAsked
    ended: TrialLetterEnded | None = None


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`days`: by day, the last that was declared of it. `lists`: what was set and closed of each list.

    `touched`: the version at which a subject (of `subject_of`) was changed last.
    """

    version: int = 0
    days: Mapping[date, DayDeclared] = field(default_factory=dict)
    profile: ProfileSet | None = None
    lists: Mapping[Listing, Overlay] = field(default_factory=dict)
    trial: Trial | None = None
    mail_works: bool = False
    texts: Texts = field(default_factory=dict)
    touched: Mapping[str, int] = field(default_factory=dict)

    def of(self, listing: Listing) -> Overlay:
        return self.lists.get(listing, Overlay())


def evolve(decided: Decided, event: AuthorityEvent) -> Decided:
    version = decided.version + 1
    decided = replace(decided, version=version, touched={**decided.touched, subject_of(event): version})
    match event:
        case DayDeclared():
            return replace(decided, days={**decided.days, event.day: event})
        case ProfileSet():
            return replace(decided, profile=event)
        case UnitSet() | TopicSet() | RequestTypeSet() | PointSet():
            return _with(decided, event, decided.of(listing_of(event)).with_entry(event))
        case UnitClosed() | TopicClosed() | RequestTypeClosed() | PointClosed():
            return _with(decided, event, decided.of(listing_of(event)).without(event.code))
        case TrialLetterAsked():
            return replace(decided, trial=Trial(asked=event))
        case TrialLetterEnded():
            return _ended(decided, event)
        case TextBlockWritten() | TextBlockApproved() | TextBlockClosed():
            return replace(decided, texts=with_event(decided.texts, event))
        case _:
            assert_never(event)


def declare(decided: Decided, command: DeclareDay, by: Staff, today: date) -> list[DayDeclared]:
    """Raises `NotAllowed`, `DayIsOver`, `DayTooFar`, `DayAlreadySo`."""
    if not by.may(MAY_DECLARE):
        raise NotAllowed
    if command.day < today:
        raise DayIsOver
    if command.day.year > today.year + YEARS_AHEAD:
        raise DayTooFar
    if with_declared(decided.days)(command.day) is command.working:
        raise DayAlreadySo
    return [DayDeclared(day=command.day, working=command.working, decree=command.decree, in_force_on=command.in_force_on)]


def subject_of(event: Event) -> str:
    """What two people may change without a clash: a list, the profile, the calendar, the trial of the mail server, the texts."""
    match event:
        case DayDeclared():
            return "calendar"
        case ProfileSet():
            return "profile"
        case TrialLetterAsked() | TrialLetterEnded():
            return "mail"
        case TextBlockWritten() | TextBlockApproved() | TextBlockClosed():
            return "texts"
        case _:
            return listing_of(event).value


def replayed(events: Sequence[Event], before: Decided | None = None) -> Decided:
    decided = before or Decided()
    for event in events:
        decided = evolve(decided, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return decided


def effective(file: Authority, decided: Decided) -> Authority:
    """The authority as it is now: its file, and over it what it decided; lists hold what is offered, closed entries are left out."""
    topics = decided.of(Listing.TOPICS).over(file.topics)
    known = {topic.code for topic in topics}
    units = [
        unit.model_copy(update={"topics": tuple(code for code in unit.topics if code in known)})
        for unit in decided.of(Listing.UNITS).over(file.units)
    ]
    lists = {
        "topics": topics,
        "units": tuple(units),
        "types": decided.of(Listing.TYPES).over(file.types),
        "points": decided.of(Listing.POINTS).over(file.points),
    }
    told = file.presenting(decided.profile) if decided.profile else file
    return told.model_copy(update=lists)


def titles(file: Authority, decided: Decided) -> dict[Listing, dict[str, str]]:
    """Of every entry that there ever was: what was sorted by a closed one keeps its title."""
    return {listing: decided.of(listing).titles(getattr(file, listing.value)) for listing in Listing}


def _with(decided: Decided, event: Event, overlay: Overlay) -> Decided:
    return replace(decided, lists={**decided.lists, listing_of(event): overlay})


def _ended(decided: Decided, event: TrialLetterEnded) -> Decided:
    trial = decided.trial
    mail_works = decided.mail_works or event.sent
    if trial is None or trial.asked.letter_id != event.letter_id:
        return replace(decided, mail_works=mail_works)
    return replace(decided, trial=replace(trial, ended=event), mail_works=mail_works)
