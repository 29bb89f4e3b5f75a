"""A version of the answer: what the person will read, the mark that binds an approval to it, and how far it has come."""

import hashlib
import json
from typing import NamedTuple

from libs.events.contracts.intake_answers import DraftApproved, DraftChecked, DraftPrepared, DraftReturned, DraftSubmitted
from libs.events.vocabulary import AnswerScope, RefusalGround, WantedForm

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

    @property
    def original(self) -> str:
        """The very words that the mark is of: every field by its name, so that none can move from one to another unseen."""
        return json.dumps(self._asdict(), ensure_ascii=False, sort_keys=True)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.original.encode()).hexdigest()


class Draft(NamedTuple):
    """Version `number` of the answer. `sha256` is the mark it was given when it was written: `content.sha256` must still be the same."""

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


Drafts = tuple[Draft, ...]


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
            return _last(drafts, head=event.head, approved_sha256=event.sha256)


def _last(drafts: Drafts, **changed: object) -> Drafts:
    return (*drafts[:-1], drafts[-1]._replace(**changed))  # type: ignore[arg-type]  # names of its own fields
