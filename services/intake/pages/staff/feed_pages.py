"""The calendars of due dates: their addresses on one's own page, and the calendar itself for programs that subscribe to it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.concurrency import ConcurrencyLimit
from services.intake.feeds import Scope
from services.intake.pages.people import DESK, People, to
from services.intake.pages.staff.own_pages import ME
from services.intake.transitions import DESK as MAY_WORK

AT_ONCE = 4


def routes(people: People, desk_url: str | None) -> APIRouter:
    """`desk_url`: as browsers see it, where that is known."""
    router, feeds = APIRouter(include_in_schema=False), people.feeds
    may_work = Depends(people.door(*sorted(MAY_WORK)))
    few = Depends(ConcurrencyLimit(AT_ONCE))

    @router.post("/me/calendar/{scope}")
    async def make(request: Request, scope: Scope, who: Annotated[SignedIn, may_work]) -> Response:
        """The next page shows the address, that one time."""
        answer = to(f"{ME}#calendar")
        token = await feeds.make(who.staff, scope)
        people.once(ME).write(request, answer, {"feed": f"{desk_url or str(request.base_url).rstrip('/')}{DESK}/feeds/{token}.ics"})
        return answer

    @router.post("/me/calendar/{scope}/revoke")
    async def revoke(scope: Scope, who: Annotated[SignedIn, may_work]) -> Response:
        await feeds.revoke(who.staff, scope)
        return to(f"{ME}#calendar")

    @router.get("/feeds/{token}.ics", dependencies=[few])
    async def read(token: str) -> Response:
        found = await feeds.read(token)
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="text/calendar; charset=utf-8", headers={"cache-control": "private, no-cache"})

    return router
