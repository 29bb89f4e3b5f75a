"""Intake's HTTP door for answers that left: to whose they are as a file, to anybody who holds one whether it is ours (docs/frontends)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from libs.web.saving import to_save
from services.intake.answer_files import AnswerFiles
from services.intake.api import NEVER_STORED, checked, never_stored, read, takes
from services.intake.bodies import AnswerFileBody, PaperBody, VerificationAnswer, VerificationBody
from services.intake.domain.answer.draft import enclosed
from services.intake.papers.answers import Answers
from services.intake.person import Person
from services.intake.verification import Verification

PDF: Final = "application/pdf"
ANY: Final = "application/octet-stream"
BYTES: Final[dict[str, Any]] = {"content": {ANY: {"schema": {"type": "string", "format": "binary"}}}}
MOST_AT_ONCE: Final = 10  # drawing takes a processor


def routes(*, person: Person, answers: Answers, files: AnswerFiles, verification: Verification, frontends: FrontendKeys) -> APIRouter:
    bearer = HTTPBearer(auto_error=False, description="the key of the frontend")
    few = Depends(ConcurrencyLimit(MOST_AT_ONCE))
    router = APIRouter(prefix="/v1", dependencies=[Depends(never_stored), Depends(bearer), few], responses=RESPONSES)
    Frontend = Annotated[str, Depends(frontends)]  # noqa: N806 - a type

    @router.post("/answers", response_class=Response, responses={200: {"content": {PDF: {}}}}, openapi_extra=takes(PaperBody))
    async def paper(request: Request, _: Frontend) -> Response:
        """The answer that left last, as PDF/A-3a that is PDF/UA-1 too; 409 `nothing-sent` before that."""
        body = checked(PaperBody, await read(request))
        mine = await person.status(body.number, body.tracking_code)
        return Response(await answers.sent(mine.request, large=body.large), media_type=PDF, headers=NEVER_STORED)

    @router.post("/answers/files", response_class=Response, responses={200: BYTES}, openapi_extra=takes(AnswerFileBody))
    async def file(request: Request, _: Frontend) -> Response:
        """One file of that answer, by its place in `letter.files` of `/v1/status`, from 1."""
        body = checked(AnswerFileBody, await read(request))
        mine = await person.status(body.number, body.tracking_code)
        opened = await files.open(mine.request_id, enclosed(mine.request.drafts, mine.request.letter), body.file)
        return to_save(opened.pieces, name=opened.name, media_type=opened.file.type, size=opened.file.size)

    @router.post("/verifications", response_model=VerificationAnswer, openapi_extra=takes(VerificationBody))
    async def verify(request: Request, _: Frontend) -> dict[str, Any]:
        """Whether an answer that somebody holds on paper left here, and when; 404 `letter-unknown`. Nothing else is told of it."""
        body = checked(VerificationBody, await read(request))
        return {"sent_on": await verification.sent_on(body.number, body.mark)}

    return router
