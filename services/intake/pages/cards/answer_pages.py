"""The answer on the card: its last version with what changed, and the letter on paper."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import AnswerSent, RefusalIssued
from libs.events.vocabulary import AnswerScope, WantedForm
from services.intake.desk import Seen
from services.intake.domain.answer.answering import reasons
from services.intake.domain.answer.differences import differences
from services.intake.domain.answer.draft import Draft, Drafts
from services.intake.domain.answer.grounds import GROUNDS, refused
from services.intake.domain.request import Request as State
from services.intake.pages import titles
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import DESK


class NothingSent(Refusal):
    """No answer has left yet."""

    code: ClassVar[str] = "nothing-sent"
    says: ClassVar[str] = "Ответ ещё не отправлен, поэтому печатать нечего."


def routes(parts: DeskParts) -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}", include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))

    @router.get("/print/answer")
    async def letter(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        """As it was approved, with number, date, signatory and address (N-9.5)."""
        seen = await parts.desk.look(who.staff, request_id)
        sent = letter_of(seen)
        await parts.looks.looked(who.staff, "print-answer", request_id)
        draft = seen.case.request.drafts[sent.draft - 1]
        why = reasons(draft.content)
        return parts.pages.show(request, "page/paper_answer.html", seen=seen, case=seen.case.request, sent=sent, draft=draft, why=why)

    return router


def letter_of(seen: Seen) -> AnswerSent | RefusalIssued:
    """The letter that left last. Raises `NothingSent`."""
    found = [event.fact for event in seen.events if isinstance(event.fact, AnswerSent | RefusalIssued)]
    if not found:
        raise NothingSent
    return found[-1]


def shown(request: State, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The last version for the card, None where nobody has written one."""
    if not request.drafts:
        return None
    draft = request.drafts[-1]
    content = draft.content
    return {
        "number": draft.number,
        "draft": draft,
        "author": names.get(draft.author, draft.author),
        "checker": names.get(draft.checker, draft.checker) if draft.checker else "",
        "head": names.get(draft.head, draft.head) if draft.head else "",
        "refusal": refused(content.refusal_ground, content.motive, content.restricting_act) if content.refusal_ground else "",
        "changes": _changes(request.drafts),
        "remarks": _remarks(request.drafts),
        "out_no": request.out_no,
    }


def known(request: State) -> dict[str, str]:
    """What stands in the forms of the answer: the last version, which the next one goes on from."""
    if not request.drafts:
        wanted = request.wanted_form if request.wanted_form in titles.FORMS else WantedForm.ELECTRONIC
        return {"scope": AnswerScope.FULL.value, "form": wanted.value}
    draft = request.drafts[-1]
    said = {name: str(value or "") for name, value in draft.content._asdict().items()}
    return {**said, "sha256": draft.sha256}


def lists() -> dict[str, list[tuple[str, str]]]:
    """What the lists of the form offer."""
    return {
        "scope": [(one.value, title) for one, title in titles.SCOPES.items()],
        "form": [(one.value, title) for one, title in titles.FORMS.items()],
        "refusal_ground": [
            ("", "Не отказываем"),
            *((one.value, ground.title) for one, ground in GROUNDS.items()),
        ],
    }


def _changes(drafts: Drafts) -> list[Any]:
    """Of the text, from the version before; nothing where it is the first, or the same."""
    if len(drafts) < 2 or _said(drafts[-2]) == _said(drafts[-1]):
        return []
    return differences(_said(drafts[-2]), _said(drafts[-1]))


def _said(draft: Draft) -> str:
    return "\n\n".join(part for part in (draft.content.text, draft.content.withheld, draft.content.motive) if part)


def _remarks(drafts: Drafts) -> str:
    """What the head wanted, as long as nobody has written another version, or of the version before."""
    return next((draft.remarks for draft in reversed(drafts[-2:]) if draft.remarks), "")
