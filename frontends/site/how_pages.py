"""How to ask the authority: every way, what a request must hold, the terms, what comes next (N-5.1, A-1.1, 8-FZ art. 18)."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from frontends.site.office import OfficeSign
from frontends.site.whose import Whose
from libs.web.pages import Pages

HOW: Final = "/how"


@dataclass(frozen=True, kw_only=True)
class HowPages:
    """One page, which stands without intake, too: the ways are then those of this installation's file, and no days are named."""

    pages: Pages
    whose: Whose
    office: OfficeSign

    def routes(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route(HOW, self.how, methods=["GET"])
        return router

    async def how(self, request: Request) -> Response:
        return self.pages.show(
            request,
            "page/how.html",
            points=self.whose.points,
            terms=self.whose.terms,
            office=await self.office.look(),
            zone=self.whose.zone,
        )
