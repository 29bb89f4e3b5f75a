"""A version of the answer: what the person will read, the mark that binds an approval to it, and how far it has come."""

import hashlib
import json
from typing import Any, NamedTuple

from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    RefusalIssued,
)
from libs.events.vocabulary import AnswerFile, AnswerScope, RefusalGround, WantedForm

DraftEvent = DraftPrepared | DraftChecked | DraftSubmitted | DraftReturned | DraftApproved


class Content(NamedTuple):
    """All that the person will read, and in which form."""

    scope: AnswerScope
    form: WantedForm
    text: str = ""
    withheld: str = ""
    refusal_ground: RefusalGround | None = None
    motive: str = ""
    restricting_act: str = ""
    form_reason: str = ""
    files: tuple[AnswerFile, ...] = ()

    @property
    def given(self) -> tuple[AnswerFile, ...]:
        """The files that leave."""
        return tuple(file for file in self.files if not file.restricted)

    @property
    def original(self) -> str:
        """The very words that the mark is of: every field by its name, so that none can move from one to another unseen."""
        told: dict[str, Any] = self._asdict()
        del told["files"]
        if self.files:  # without them the mark is that of earlier versions, which had none
            told["files"] = [_marked(file) for file in self.files]
        return json.dumps(told, ensure_ascii=False, sort_keys=True)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.original.encode()).hexdigest()


def _marked(file: AnswerFile) -> dict[str, Any]:
    """Of one that does not leave nothing is told but that it does not: the person reads this, too."""
    return {"restricted": True} if file.restricted else {"name": file.name, "type": file.type, "size": file.size, "sha256": file.sha256}


class Draft(NamedTuple):
    """Version `number` of the answer. `sha256` is the mark it was given when it was written: `content.sha256` must still be the same.

    So must be the one it was approved by, and that which the head's approval is bound to under the seal.
    """

    number: int
    author: str
    unit: str
    content: Content
    sha256: str
    checker: str | None = None
    submitted: bool = False
    remarks: str | None = None
    head: str | None = None
    approved_sha256: str | None = None
    bound_to: str | None = None

    @property
    def as_approved(self) -> bool:
        """Nothing of it was changed since, wherever it is kept."""
        return self.bound_to == self.approved_sha256 == self.sha256 == self.content.sha256


Drafts = tuple[Draft, ...]


def enclosed(drafts: Drafts, letter: AnswerSent | RefusalIssued | None) -> tuple[AnswerFile, ...]:
    """The files that left with a letter."""
    return drafts[letter.draft - 1].content.given if letter else ()


def with_event(drafts: Drafts, event: DraftEvent) -> Drafts:
    """Another version comes behind the others, anything else is said of the last one."""
    match event:
        case DraftPrepared():
            content = Content._make(getattr(event, name) for name in Content._fields)
            return (*drafts, Draft(number=event.number, author=event.author, unit=event.unit, content=content, sha256=event.sha256))
        case DraftChecked():
            return _last(drafts, checker=event.checker)
        case DraftSubmitted():
            return _last(drafts, submitted=True)
        case DraftReturned():
            return _last(drafts, remarks=event.remarks, submitted=False)
        case DraftApproved():
            return _last(drafts, head=event.head, approved_sha256=event.sha256, bound_to=event.bound_to)


def _last(drafts: Drafts, **changed: object) -> Drafts:
    return (*drafts[:-1], drafts[-1]._replace(**changed))  # type: ignore[arg-type]  # names of its own fields
