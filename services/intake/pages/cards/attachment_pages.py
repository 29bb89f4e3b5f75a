"""Attachments at the desk: a file goes out for saving alone, never to be shown in the page; one in doubt is opened with a warning."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.telemetry import Telemetry
from libs.web.posted import posted
from libs.web.saving import UNKNOWN_TYPE, to_save
from services.intake import statuses
from services.intake.attachments import Attachments, Opened
from services.intake.domain.uploads.attachments import AttachmentClosed, Files, Kept, Opening, name_of
from services.intake.domain.uploads.file_kinds import KINDS
from services.intake.pages.people import to
from services.intake.pages.register.register_pages import REGISTER, DeskParts
from services.intake.transitions import DESK, LEADING

KNOWN_TYPES: Final = frozenset(kind.type for kind in KINDS)
LONGEST_REASON: Final = 2000
NO_REASON: Final = "Укажите причину"
LONG_REASON: Final = "Сократите причину: она слишком длинная"


def routes(parts: DeskParts, attachments: Attachments, telemetry: Telemetry) -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}/attachments/{number:int}", include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))
    may_release = Depends(parts.door(*sorted(LEADING)))

    @router.get("")
    async def download(request: Request, request_id: UUID, number: int, who: Annotated[SignedIn, may_work]) -> Response:
        """The file, or the page that says why it is not given so easily."""
        kept = await attachments.find(request_id, number)
        opening = attachments.opening(kept)
        if opening is Opening.FREELY or (opening is Opening.WARNED and "warned" in request.query_params):
            opened = await attachments.open(request_id, number)
            await parts.looks.looked(who.staff, "attachment", request_id)
            return sent(opened, number)
        return about(request, request_id, number, who, kept)

    @router.post("/release")
    async def release(request: Request, request_id: UUID, number: int, who: Annotated[SignedIn, may_release]) -> Response:
        """From now on colleagues may open it, with a warning."""
        reason = (await posted(request)).get("reason", "").strip()
        error = NO_REASON if not reason else LONG_REASON if len(reason) > LONGEST_REASON or "\0" in reason else None
        try:
            if error is None:
                await attachments.release(who.staff, request_id, number, reason, telemetry.current_traceparent())
                return to(f"{REGISTER}/{request_id}/attachments/{number}")
        except AttachmentClosed as refusal:
            error = refusal.says
        kept = await attachments.find(request_id, number)
        return about(request, request_id, number, who, kept, reason=reason, error=error, status=422)

    def about(
        request: Request,
        request_id: UUID,
        number: int,
        who: SignedIn,
        kept: Kept,
        *,
        reason: str = "",
        error: str | None = None,
        status: int = 0,
    ) -> Response:
        opening = attachments.opening(kept)
        closed = opening in (Opening.CLOSED, Opening.NEVER)
        return parts.pages.show(
            request,
            "page/attachment.html",
            status=status or (AttachmentClosed.status if closed else 200),
            who=who,
            request_id=request_id,
            number=number,
            file=_row(kept, number, opening),
            may_release=opening is Opening.CLOSED and who.staff.may(LEADING),
            values={"reason": reason},
            errors={"reason": error} if error else {},
        )

    return router


def rows(files: Files, attachments: Attachments) -> list[dict[str, Any]]:
    """For the card."""
    return [_row(kept, number, attachments.opening(kept)) for number, kept in enumerate(files, 1)]


def _row(kept: Kept, number: int, opening: Opening) -> dict[str, Any]:
    return {
        "number": number,
        "name": name_of(kept.attachment, number),
        "size": size_of(kept.attachment.size),
        "type": next((kind.title for kind in KINDS if kind.type == kept.attachment.type), ""),
        "state": statuses.FILES[kept.state],
        "found": kept.found,
        "released": kept.released,
        "opening": opening.value,
    }


BYTES = "Б"


def size_of(size: int) -> str:
    """«24 КБ», rounded up: nothing that is there is 0."""
    for unit, bytes_of in (("МБ", 1024 * 1024), ("КБ", 1024)):
        if size >= bytes_of:
            return f"{-(-size // bytes_of)} {unit}"
    return f"{size} {BYTES}"


def sent(opened: Opened, number: int) -> Response:
    told = opened.kept.attachment
    media_type = told.type if told.type in KNOWN_TYPES else UNKNOWN_TYPE
    return to_save(opened.pieces, name=name_of(opened.kept.attachment, number), media_type=media_type, size=told.size)
