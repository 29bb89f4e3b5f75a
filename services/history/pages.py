"""The page with the whole history of a client, which the desk shows within one of its own; each look is written down (N-4.6, D-25)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access import carried
from libs.chassis.access.roles import Staff
from libs.chassis.access.staff import StaffDoor
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.refusals import InternalError, Refusal
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.web.headers import SafeHeaders, framed_by
from libs.web.pages import Pages
from services.history.domain.cursors import Cursors
from services.history.domain.questions import READERS, Question, sight_of
from services.history.domain.timeline import line_of, numbers_of
from services.history.handlers import Looks
from services.history.store import Stored

HERE: Final = Path(__file__).parent
ON_A_PAGE: Final = 50
MOST_LOOKS: Final = 10  # at once: one for each connection to the database
AWAY: Final = ("История временно недоступна", "Ничего не потеряно. Повторите через минуту.")

log = structlog.stdlib.get_logger("timelines")


@dataclass(frozen=True, kw_only=True)
class TimelineParts:
    """`desk_url`: whose pages may show these within themselves, and where a request is opened."""

    pages: Pages
    looks: Looks
    door: StaffDoor
    cursors: Cursors
    zone: tzinfo
    desk_url: str | None


def routes(parts: TimelineParts) -> APIRouter:
    router = APIRouter(include_in_schema=False, dependencies=[Depends(ConcurrencyLimit(MOST_LOOKS))])
    may_read = Depends(parts.door.page(*READERS))

    @router.get("/clients/{client_id:uuid}")
    async def client(
        request: Request,
        client_id: UUID,
        who: Annotated[Staff, may_read],
        cursor: Annotated[str, Query(), StringConstraints(max_length=200)] = "",
    ) -> Response:
        """From the oldest entry on, of every channel and of all that are the same person."""
        question = Question(sight=sight_of(who), client=client_id, limit=ON_A_PAGE)
        asked = question.digest()
        after = parts.cursors.read(cursor, asked) if cursor else None
        found = await parts.looks.look(who, replace(question, after=after))
        page: Sequence[Stored] = found[:ON_A_PAGE]
        return parts.pages.show(
            request,
            "page/timeline.html",
            lines=[line_of(one.entry, one.payload, destroyed=one.destroyed) for one in page],
            numbers=numbers_of([(one.entry, one.payload) for one in page]),
            same_person=len(await parts.looks.same_person(client_id)) - 1,
            next=parts.cursors.written(page[-1].place, asked) if len(found) > len(page) else "",
            begun=bool(cursor),
            desk_url=parts.desk_url or "",
            zone=parts.zone,
        )

    return router


def mounted(app: FastAPI, parts: TimelineParts) -> None:
    """Puts the pages beside the door for programs: an app of its own, because its refusals are pages."""
    timelines = FastAPI(openapi_url=None, redirect_slashes=False)
    timelines.include_router(routes(parts))
    parts.pages.install_errors(timelines)

    async def refused(request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, Refusal) else InternalError()
        return parts.pages.show_message(request, "Так сделать нельзя", refusal.says, status=refusal.status)

    async def away(request: Request, error: Exception) -> Response:
        log.warning("a page is answered with 503", error=error)
        return parts.pages.show_message(request, *AWAY, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"retry-after": "60"})

    timelines.add_exception_handler(Refusal, refused)
    for kind in INFRASTRUCTURE_ERRORS:
        timelines.add_exception_handler(kind, away)
    timelines.add_middleware(SafeHeaders, also=framed_by(parts.desk_url))
    parts.pages.install_common(app)
    app.mount(carried.TIMELINES, timelines)
