"""The form of a draft: its words and its files, each of which is uploaded while the browser sends it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest
from libs.web.saving import to_save
from services.intake.answer_files import AnswerFiles
from services.intake.domain.answer.commands import PrepareDraft
from services.intake.pages.cards import forms, ready_made_pages
from services.intake.pages.cards.card_pages import PREPARE, Card
from services.intake.pages.cards.draft_files import DraftFiles
from services.intake.pages.cards.taking_files import KEPT, NOT_ALL
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import DESK, WRITING

ATTACH: Final = "attach"  # the button that uploads and shows the files, and makes no version
SEAL_ENDED: Final = "Форма открыта слишком давно, поэтому файлы показаны такими, какими были в прошлой версии. Проверьте их"


def routes(parts: DeskParts, card: Card, files: DraftFiles, of_answers: AnswerFiles) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    may_write, may_work = Depends(parts.door(*sorted(WRITING))), Depends(parts.door(*sorted(DESK)))

    @router.post("/draft")
    async def write(request: Request, who: Annotated[SignedIn, may_write]) -> Response:
        """Another version; what was typed and attached stays on the page when it is refused."""
        posted = await files.taken.posted(request)
        typed, attached = posted.typed, files.marked(posted)
        request_id, version = _told(typed.get("card_id", ""), typed.get("version", ""))
        if typed.get(KEPT) and not files.taken.kept(typed):
            return await card.again(request, who, request_id, typed, {KEPT: SEAL_ENDED}, 422)
        errors = {KEPT: NOT_ALL} if posted.wrong else {}
        if ATTACH in typed or errors:
            return await card.again(request, who, request_id, typed, errors, 422 if errors else 200, attached=attached)
        if ready_made_pages.INSERT in typed:
            seen = await parts.desk.look(who.staff, request_id)
            typed, errors = ready_made_pages.inserted(parts, seen, typed)
            return await card.show(request, who, seen, typed=typed, errors=errors, attached=attached)
        wanted, wrong = forms.command_of(PREPARE, typed)
        if not isinstance(wanted, PrepareDraft):
            return await card.again(request, who, request_id, typed, wrong, 422, attached=attached)
        return await card.acted(request, who, request_id, version, wanted.model_copy(update={"files": attached.files}), typed, attached)

    @router.get("/requests/{request_id:uuid}/answer-files/{number:int}")
    async def file(request_id: UUID, number: int, who: Annotated[SignedIn, may_work]) -> Response:
        """One of the last version, for who checks and approves it; one that must not leave, too."""
        case = (await parts.desk.look(who.staff, request_id)).case.request
        opened = await of_answers.open(request_id, case.drafts[-1].content.files if case.drafts else (), number)
        await parts.looks.looked(who.staff, "answer-file", request_id)
        return to_save(opened.pieces, name=opened.name, media_type=opened.file.type, size=opened.file.size)

    return router


def _told(request_id: str, version: str) -> tuple[UUID, int]:
    try:
        return UUID(request_id), int(version)
    except ValueError:
        raise BadRequest from None
