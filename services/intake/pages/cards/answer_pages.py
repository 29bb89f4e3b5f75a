"""The answer on the card: its last version with what changed, and the letter on paper."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.events.vocabulary import AnswerScope, WantedForm
from libs.web.saving import disposition
from services.intake.domain.answer.differences import differences
from services.intake.domain.answer.draft import Draft, Drafts
from services.intake.domain.answer.grounds import GROUNDS, refused
from services.intake.domain.answer.paper import legible, sections
from services.intake.domain.request import Request as State
from services.intake.pages import titles
from services.intake.pages.cards.draft_files import rows
from services.intake.pages.register.register_pages import DeskParts
from services.intake.papers.answers import Answers, NothingSent
from services.intake.transitions import DESK

PDF = "application/pdf"


class NothingWritten(Refusal):
    """Nobody has written a draft yet."""

    code: ClassVar[str] = "nothing-written"
    says: ClassVar[str] = "Проекта ответа ещё нет, поэтому печатать нечего."


def routes(parts: DeskParts, answers: Answers) -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}", include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))

    @router.get("/print/answer")
    async def letter(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        """As it was approved, with number, date, signatory and address (N-9.5)."""
        seen = await parts.desk.look(who.staff, request_id)
        case = seen.case.request
        if case.letter is None:
            raise NothingSent
        await parts.looks.looked(who.staff, "print-answer", request_id)
        told = sections(case.drafts[case.letter.draft - 1].content)
        return parts.pages.show(request, "page/paper_answer.html", seen=seen, case=case, sent=case.letter, sections=told, legible=legible)

    @router.get("/print/answer.pdf")
    async def letter_file(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        """The same, as it is given to the person: PDF/A, and readable by a screen reader."""
        case = (await parts.desk.look(who.staff, request_id)).case.request
        drawn = await answers.sent(case, large="large" in request.query_params)
        await parts.looks.looked(who.staff, "answer-file", request_id)
        return pdf(drawn, f"{case.out_no}.pdf")

    @router.get("/print/draft.pdf")
    async def draft_file(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        """The last version as it would leave."""
        case = (await parts.desk.look(who.staff, request_id)).case.request
        if not case.drafts:
            raise NothingWritten
        drawn = await answers.draft(case, large="large" in request.query_params)
        await parts.looks.looked(who.staff, "draft-file", request_id)
        return pdf(drawn, f"{case.number} - {len(case.drafts)}.pdf")

    return router


def pdf(drawn: bytes, name: str) -> Response:
    """For saving: what a browser would show beside the desk's own pages runs nothing and is kept nowhere."""
    return Response(drawn, media_type=PDF, headers={"content-disposition": disposition(name.replace("/", "-"))})


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
        "files": rows(content.files),
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
