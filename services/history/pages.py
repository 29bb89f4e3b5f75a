"""The page with the whole history of a client, shown by the desk within one of its own; each look, a file's too, is written down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode
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
from libs.web.saving import to_save
from services.history.attachments import Attachments
from services.history.domain.cursors import Cursors
from services.history.domain.narrowing import TITLES, Narrowing
from services.history.domain.questions import READERS, Question, sight_of
from services.history.domain.timeline import CHANNELS, line_of, numbers_of
from services.history.handlers import Looks
from services.history.store import Stored

HERE: Final = Path(__file__).parent
ON_A_PAGE: Final = 50
MOST_LOOKS: Final = 10  # at once: one for each connection to the database
AWAY: Final = ("История временно недоступна", "Ничего не потеряно. Повторите через минуту.")

log = structlog.stdlib.get_logger("timelines")


@dataclass(frozen=True, kw_only=True)
class TimelineParts:
    """`desk_url`: whose pages may show these within themselves, and where a request is opened; `points`: what people call them, by code."""

    pages: Pages
    looks: Looks
    attachments: Attachments
    door: StaffDoor
    cursors: Cursors
    zone: tzinfo
    points: Mapping[str, str]
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
        narrowed = Narrowing.read(request.query_params)
        question = narrowed.of(Question(sight=sight_of(who), client=client_id, limit=ON_A_PAGE), parts.zone)
        asked = question.digest()
        after = parts.cursors.read(cursor, asked) if cursor else None
        found = await parts.looks.look(who, replace(question, after=after))
        page: Sequence[Stored] = found[:ON_A_PAGE]
        next_page = parts.cursors.written(page[-1].place, asked) if len(found) > len(page) else ""
        same_person = await parts.looks.same_person(client_id)
        channels, points = await parts.looks.arrivals(same_person)
        return parts.pages.show(
            request,
            "page/timeline.html",
            lines=[
                line_of(one.entry, one.payload, destroyed=one.destroyed, by_another=one.entry.client_id not in (None, *same_person))
                for one in page
            ],
            numbers=numbers_of([(one.entry, one.payload) for one in page]),
            same_person=len(same_person) - 1,
            values={"kind": "", "channel": "", "point": "", "first": "", "last": "", **narrowed.written()},
            choices={
                "kind": _options(TITLES, {kind.value: title for kind, title in TITLES.items()}),
                "channel": _options({*CHANNELS, *channels, narrowed.channel}, CHANNELS),
                "point": _options({*points, narrowed.point}, parts.points),
            },
            narrowed=urlencode(narrowed.written()),
            onward=urlencode({**narrowed.written(), "cursor": next_page}) if next_page else "",
            begun=bool(cursor),
            desk_url=parts.desk_url or "",
            zone=parts.zone,
        )

    @router.get("/attachments/{upload_id:uuid}")
    async def attachment(upload_id: UUID, who: Annotated[Staff, may_read]) -> Response:
        """Of an entry that says the file was kept."""
        opened = await parts.attachments.open(who, upload_id)
        return to_save(opened.pieces, name=opened.attachment.name, media_type=opened.attachment.type, size=opened.attachment.size)

    return router


def _options(codes: Iterable[str | None], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Of a list to choose from: any of them first, the others as people call them."""
    return [("", "все"), *sorted(((code, titles.get(code, code)) for code in codes if code), key=lambda one: one[1])]


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
