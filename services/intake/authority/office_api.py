"""Whether the authority is open now, for frontends that show it: the calendar is intake's, with what was declared over it (N-7.2)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.problems import RESPONSES
from services.intake.authority.book import Book

SECONDS = 30


class OfficeAnswer(BaseModel):
    """`known` false: the authority's file has no hours. `open_until` is the next pause or end, `opens_at` the next opening."""

    known: bool
    open: bool
    open_until: datetime | None = None
    opens_at: datetime | None = None


def routes(*, book: Book, frontends: FrontendKeys, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=RESPONSES)

    @router.get("/office", response_model=OfficeAnswer)
    async def office(response: Response, _: Annotated[str, Depends(frontends)]) -> OfficeAnswer:
        """Whether somebody answers the reference phones at this moment, and when that changes."""
        response.headers["Cache-Control"] = f"private, max-age={SECONDS}"
        found = book.rules.office
        now = found.at(clock.now())
        return OfficeAnswer(known=bool(found.week), open=now.open_until is not None, open_until=now.open_until, opens_at=now.opens_at)

    return router
