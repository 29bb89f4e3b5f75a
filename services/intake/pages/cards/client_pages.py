"""The whole history of a client, drawn by history itself within a page of the desk: intake gives the token and copies nothing."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access import carried
from libs.chassis.access.sessions import SignedIn
from libs.web.headers import framing
from services.intake.pages.people import People
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import DESK


@dataclass(frozen=True, kw_only=True)
class ClientParts:
    """`history_url`: history as browsers see it; None: nobody said."""

    desk: DeskParts
    people: People
    history_url: str | None

    @property
    def shown(self) -> bool:
        return self.history_url is not None and self.people.tokens is not None


def routes(parts: ClientParts) -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}/client", include_in_schema=False)
    may_read = Depends(parts.desk.door(*sorted(DESK)))

    @router.get("")
    async def history(request: Request, request_id: UUID, who: Annotated[SignedIn, may_read]) -> Response:
        """Nothing that anybody wrote stands here: history writes down the look at what it shows."""
        seen = await parts.desk.desk.look(who.staff, request_id)
        if parts.history_url is None or seen.case.client_id is None:
            raise HTTPException(404)
        answer = parts.desk.pages.show(
            request,
            "page/client.html",
            who=who,
            request_id=request_id,
            number=seen.case.request.number,
            timeline=f"{parts.history_url}{carried.TIMELINES}/clients/{seen.case.client_id}",
            headers=framing(parts.history_url),
        )
        carried.carry(request, answer, parts.people.token(who.staff))
        return answer

    return router
