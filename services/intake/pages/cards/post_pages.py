"""The list of letters for the post: on the screen, on paper, and a form at each for the number that its way is followed by (N-9.5)."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from services.intake.outgoing import MOST, Outgoing
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import WORKING


def routes(parts: DeskParts, outgoing: Outgoing) -> APIRouter:
    router = APIRouter(prefix="/post", include_in_schema=False)
    may_post = Depends(parts.door(*sorted(WORKING)))

    @router.get("")
    async def listed(request: Request, who: Annotated[SignedIn, may_post]) -> Response:
        return await shown(request, who, "post")

    @router.get("/print")
    async def on_paper(request: Request, who: Annotated[SignedIn, may_post]) -> Response:
        """With room for what the post office writes on it."""
        return await shown(request, who, "paper_post")

    async def shown(request: Request, who: SignedIn, page: str) -> Response:
        letters = await outgoing.waiting()
        await parts.looks.looked(who.staff, "post-list", found=len(letters))
        today: date = parts.overview.today()
        return parts.pages.show(request, f"page/{page}.html", who=who, letters=letters, most=MOST, today=today)

    return router
