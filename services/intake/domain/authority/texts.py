"""Ready-made texts for answers: written in versions, approved by the head, with gaps that a request's own data fill (A-3.6). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, assert_never

from libs.chassis.access.roles import Role
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.authority_events import TextBlockApproved, TextBlockClosed, TextBlockWritten
from services.intake.codes import code_of
from services.intake.domain.authority.commands import ApproveText, CloseText, TextCommand, WriteText

TextEvent = TextBlockWritten | TextBlockApproved | TextBlockClosed
MAY_WRITE: Final = frozenset((Role.EXECUTOR, Role.REGISTRAR, Role.HEAD))
MAY_APPROVE: Final = frozenset((Role.HEAD,))
MOST: Final = 300
GAP: Final = re.compile(r"\{([^{}\n]*)\}")


class Gap(StrEnum):
    """What a text may leave open: it stands in it as {number}."""

    NUMBER = "number"
    NAME = "name"
    RECEIVED = "received"
    REGISTERED = "registered"
    DUE = "due"
    UNIT = "unit"
    AUTHORITY = "authority"
    SIGNATORY = "signatory"
    TODAY = "today"


class UnknownGap(Refusal):
    """A text has a gap that nothing fills; `gaps` names it."""

    code: ClassVar[str] = "unknown-placeholder"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "В тексте есть вставка, которой нет в списке вставок. Исправьте её или уберите фигурные скобки."

    def __init__(self, gaps: tuple[str, ...]) -> None:
        super().__init__()
        self.gaps = gaps

    def extras(self) -> Mapping[str, object]:
        return {"gaps": list(self.gaps)}


class NoSuchText(Refusal):
    """No text has this code, it is closed, or nobody has approved it."""

    code: ClassVar[str] = "no-such-text"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Такой заготовки нет: возможно, её закрыли или руководитель её ещё не одобрил."


class TextTitleTaken(Refusal):
    """Another open text is called the same."""

    code: ClassVar[str] = "text-title-taken"
    says: ClassVar[str] = "Заготовка с таким названием уже есть. Придумайте другое название."


class TooManyTexts(Refusal):
    """More than anybody would find their way in."""

    code: ClassVar[str] = "too-many-texts"
    says: ClassVar[str] = "Заготовок уже триста. Сначала закройте ненужные."


class TextChanged(Refusal):
    """Another version stands there than the one that was read."""

    code: ClassVar[str] = "text-changed"
    says: ClassVar[str] = "Заготовку изменили. Прочитайте новую версию и одобрите её, если она подходит."


class Version(NamedTuple):
    """One of a text's; `number` counts them from 1."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    """`last` is what was written last, `approved` what is offered; None: nothing is."""

    last: Version
    approved: Version | None = None
    closed: bool = False


Texts = Mapping[str, TextBlock]


def with_event(texts: Texts, event: TextEvent) -> Texts:
    match event:
        case TextBlockWritten():
            version = Version(event.number, event.title, event.text)
            before = texts.get(event.code)
            block = replace(before, last=version, closed=False) if before else TextBlock(last=version)
        case TextBlockApproved():
            block = replace(texts[event.code], approved=texts[event.code].last)
        case TextBlockClosed():
            block = replace(texts[event.code], approved=None, closed=True)
        case _:
            assert_never(event)
    return {**texts, event.code: block}


def offered(texts: Texts) -> dict[str, Version]:
    """What may stand in an answer: approved versions by code, in the order of their titles."""
    found = {code: block.approved for code, block in texts.items() if block.approved}
    return dict(sorted(found.items(), key=lambda one: one[1].title.casefold()))


def allowed(command: TextCommand) -> frozenset[Role]:
    """Who may."""
    return MAY_WRITE if isinstance(command, WriteText) else MAY_APPROVE


def decide(texts: Texts, command: TextCommand) -> list[TextEvent]:
    """Nothing where it is like that already. Raises the refusals of this module."""
    match command:
        case WriteText():
            return _written(texts, command)
        case ApproveText():
            block = _open(texts, command.code)
            if block.last.number != command.number:
                raise TextChanged
            return [] if block.approved == block.last else [TextBlockApproved(code=command.code, number=command.number)]
        case CloseText():
            _open(texts, command.code)
            return [TextBlockClosed(code=command.code)]
        case _:
            assert_never(command)


def _written(texts: Texts, command: WriteText) -> list[TextEvent]:
    gaps = tuple(dict.fromkeys(gap for gap in GAP.findall(command.text) if gap not in list(Gap)))
    if gaps:
        raise UnknownGap(gaps)
    if command.code is None and len(texts) >= MOST:
        raise TooManyTexts
    code = command.code or code_of(command.title, texts)
    if command.code is not None and code not in texts:
        raise NoSuchText
    others = (block.last.title.casefold() for other, block in texts.items() if other != code and not block.closed)
    if command.title.casefold() in others:
        raise TextTitleTaken
    before = texts.get(code)
    if before and not before.closed and (before.last.title, before.last.text) == (command.title, command.text):
        return []
    return [TextBlockWritten(code=code, number=before.last.number + 1 if before else 1, title=command.title, text=command.text)]


def _open(texts: Texts, code: str) -> TextBlock:
    block = texts.get(code)
    if block is None or block.closed:
        raise NoSuchText
    return block


def filled(text: str, known: Mapping[Gap, str]) -> str:
    """Gaps that are known are filled; one that is not stays to be seen, and no answer is taken with it."""
    return GAP.sub(lambda found: known.get(Gap(found[1]), found[0]) if found[1] in list(Gap) else found[0], text)


def gaps_in(text: str) -> tuple[str, ...]:
    """Gaps that are still open, each once."""
    return tuple(dict.fromkeys(gap for gap in GAP.findall(text) if gap in list(Gap)))
