"""What an administrator decides about the authority: its profile, its lists, a trial of the mail server (N-0.1, A-1.1, A-3.3)."""

from typing import ClassVar, Final, assert_never
from uuid import UUID

from libs.chassis.access.roles import Role
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import PROFILE, Authority
from libs.events.contracts.authority_events import (
    PointClosed,
    PointSet,
    ProfileSet,
    RequestTypeClosed,
    RequestTypeSet,
    TopicClosed,
    TopicSet,
    TrialLetterAsked,
    UnitClosed,
    UnitSet,
)
from libs.events.fact import Event
from libs.events.vocabulary import Card
from services.intake.codes import code_of
from services.intake.deadlines import LONGEST
from services.intake.domain.authority import texts
from services.intake.domain.authority.commands import (
    ApproveText,
    Close,
    CloseText,
    LoadPoints,
    SetEntry,
    SetPoint,
    SetProfile,
    SetTopic,
    SetType,
    SetUnit,
    SetUpCommand,
    TryMail,
    WriteText,
)
from services.intake.domain.authority.decided import Decided, effective, titles
from services.intake.domain.authority.listings import Closed, EntrySet, Listing, entry_of
from services.intake.oddities import OTHER_POINT

MOST_ENTRIES = 500


class NoSuchEntry(Refusal):
    """The list has no entry with this code."""

    code: ClassVar[str] = "no-such-entry"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Такой записи в справочнике нет. Откройте справочник заново."


class CodeTaken(Refusal):
    """An entry, open or closed, has this code; codes are never given again."""

    code: ClassVar[str] = "code-taken"
    says: ClassVar[str] = "Такой код уже есть в этом справочнике. Придумайте другой или оставьте поле пустым."


class TitleTaken(Refusal):
    """Another open entry of the list is called the same: nobody could tell them apart."""

    code: ClassVar[str] = "title-taken"
    says: ClassVar[str] = "В этом справочнике уже есть запись с таким названием."


class UnknownTopic(Refusal):
    """A unit is given a topic that is not offered."""

    code: ClassVar[str] = "unknown-topic"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Одной из отмеченных тем больше нет. Отметьте темы заново."


class TooManyEntries(Refusal):
    """The list is as long as it may be."""

    code: ClassVar[str] = "too-many-entries"
    says: ClassVar[str] = "В справочнике уже пятьсот записей, больше он не вмещает. Измените одну из имеющихся."


class TermOverLaw(Refusal):
    """The authority may promise an answer sooner than the law has it, never later (N-1.3)."""

    code: ClassVar[str] = "term-over-law"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Срок не может быть длиннее 30 дней: так установлено статьёй 18 Федерального закона от 09.02.2009 № 8-ФЗ."


class NoNameYet(Refusal):
    """A letter goes out in the authority's name, and it has none yet."""

    code: ClassVar[str] = "no-name-yet"
    says: ClassVar[str] = "Сначала укажите наименование органа власти: без него ни одно письмо не уходит."


class DaysReversed(Refusal):
    """A point's last day is before its first."""

    code: ClassVar[str] = "days-reversed"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Последний день не может быть раньше первого."


LISTING_OF: Final = {SetUnit: Listing.UNITS, SetTopic: Listing.TOPICS, SetType: Listing.TYPES, SetPoint: Listing.POINTS}
CLOSED: Final[dict[Listing, type[Closed]]] = {
    Listing.UNITS: UnitClosed,
    Listing.TOPICS: TopicClosed,
    Listing.TYPES: RequestTypeClosed,
    Listing.POINTS: PointClosed,
}


def subject_of(command: SetUpCommand) -> str:
    """As `authority.subject_of` has it for the facts that follow."""
    match command:
        case SetProfile():
            return "profile"
        case TryMail():
            return "mail"
        case Close():
            return command.listing.value
        case LoadPoints():
            return Listing.POINTS.value
        case WriteText() | ApproveText() | CloseText():
            return "texts"
        case _:
            return LISTING_OF[type(command)].value


def allowed(command: SetUpCommand) -> frozenset[Role]:
    """Who may."""
    return texts.allowed(command) if isinstance(command, WriteText | ApproveText | CloseText) else frozenset((Role.ADMINISTRATOR,))


def decide(file: Authority, decided: Decided, command: SetUpCommand, new_id: UUID) -> list[Event]:
    """Nothing where it is like that already. Raises the refusals of this module."""
    match command:
        case SetProfile():
            return _profile_set(effective(file, decided), command)
        case Close():
            return _closed(file, decided, command)
        case LoadPoints():
            return _points_loaded(file, decided, command)
        case TryMail():
            if not effective(file, decided).name:
                raise NoNameYet
            return [TrialLetterAsked(letter_id=new_id, address=command.address)]
        case WriteText() | ApproveText() | CloseText():
            return [*texts.decide(decided.texts, command)]
        case SetUnit() | SetTopic() | SetType() | SetPoint():
            return _entry_set(file, decided, command)
        case _:
            assert_never(command)


def _profile_set(now: Authority, command: SetProfile) -> list[Event]:
    fact = ProfileSet(**command.model_dump())
    same = all(getattr(fact, name) == getattr(now, name) for name in PROFILE) and fact.time_zone == now.time_zone.key
    return [] if same else [fact]


def _closed(file: Authority, decided: Decided, command: Close) -> list[Event]:
    if command.code not in titles(file, decided)[command.listing]:
        raise NoSuchEntry
    is_open = any(one.code == command.code for one in getattr(effective(file, decided), command.listing.value))
    return [CLOSED[command.listing](code=command.code)] if is_open else []


def _points_loaded(file: Authority, decided: Decided, command: LoadPoints) -> list[Event]:
    """Each line as its own fact, then what is closed by its absence."""
    offered = {point.code: point for point in effective(file, decided).points}
    known = titles(file, decided)[Listing.POINTS]
    code_by_title = {title.casefold(): code for code, title in known.items()} | {one.title.casefold(): one.code for one in offered.values()}
    listed: dict[str, PointSet] = {}
    for point in command.points:
        code = point.code or code_by_title.get(point.title.casefold()) or code_of(point.title, {*known, *listed, OTHER_POINT})
        if code in listed or code == OTHER_POINT:
            raise CodeTaken
        kept = {"card": Card(before.card) if before.card else None, "where": before.where} if (before := offered.get(code)) else {}
        told = {"title": point.title, "kind": point.kind, "act": command.act, "since": command.since}
        listed[code] = PointSet.model_validate({"code": code, **told, **kept})
    if len({one.title.casefold() for one in listed.values()}) < len(listed):
        raise TitleTaken
    if len({*known, *listed}) > MOST_ENTRIES:
        raise TooManyEntries
    changed = [fact for code, fact in listed.items() if offered.get(code) != entry_of(fact)]
    return [*changed, *(PointClosed(code=code) for code in offered if code not in listed)]


def _entry_set(file: Authority, decided: Decided, command: SetEntry) -> list[Event]:
    listing, now = LISTING_OF[type(command)], effective(file, decided)
    code = _code(command, listing, titles(file, decided)[listing])
    offered = {one.code: one for one in getattr(now, listing.value)}
    if any(one.title.casefold() == command.title.casefold() for one in offered.values() if one.code != code):
        raise TitleTaken
    fact = _fact(command, code, now)
    return [] if offered.get(code) == entry_of(fact) else [fact]


def _code(command: SetEntry, listing: Listing, known: dict[str, str]) -> str:
    """Of the entry that is changed, or a new one that no entry has or ever had."""
    if not command.new:
        if command.code is None or command.code not in known:
            raise NoSuchEntry
        return command.code
    if len(known) >= MOST_ENTRIES:
        raise TooManyEntries
    taken = {*known, OTHER_POINT} if listing is Listing.POINTS else set(known)
    if command.code is None:
        return code_of(command.title, taken)
    if command.code in taken:
        raise CodeTaken
    return command.code


def _fact(command: SetEntry, code: str, now: Authority) -> EntrySet:
    match command:
        case SetUnit():
            topics = tuple(topic.code for topic in now.topics if topic.code in command.topics)
            if len(topics) != len(set(command.topics)):
                raise UnknownTopic
            return UnitSet(code=code, title=command.title, topics=topics)
        case SetTopic():
            return TopicSet(code=code, title=command.title)
        case SetType():
            if command.answer_days is not None and command.answer_days > LONGEST["answer_days"]:
                raise TermOverLaw
            return RequestTypeSet(code=code, title=command.title, regime=command.regime, answer_days=command.answer_days)
        case SetPoint():
            if command.since and command.until and command.until < command.since:
                raise DaysReversed
            told = {name: getattr(command, name) for name in ("title", "kind", "act", "where", "since", "until", "card")}
            return PointSet(code=code, **told)
        case _:
            assert_never(command)
