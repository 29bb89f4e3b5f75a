"""The board of terms: who has how many open requests, which are due soon or late, each figure a link to its rows (A-2.1.3)."""

from collections.abc import Container
from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from services.intake.domain.authority.listings import Listing
from services.intake.domain.filters import Filters
from services.intake.indicators.board import Board, Work
from services.intake.pages.leading.indicator_pages import MAY_MEASURE
from services.intake.pages.register.register_pages import DeskParts, address_of, soon_in_words
from services.intake.transitions import DESK


def routes(parts: DeskParts, board: Board) -> APIRouter:
    router = APIRouter(prefix="/board", include_in_schema=False)
    may = Depends(parts.door(*sorted(MAY_MEASURE)))

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        today, warn_days = parts.overview.today(), parts.overview.warn_days
        offered = [unit.code for unit in parts.authority.units]
        units = await board.units(offered, today, today + timedelta(days=warn_days))
        return parts.pages.show(
            request,
            "page/board.html",
            who=who,
            units=units,
            titles_of=parts.book.titles[Listing.UNITS],
            soon=soon_in_words(parts.pages.language(request), warn_days),
            link=partial(_link, parts.book.titles[Listing.UNITS]) if who.staff.may(DESK) else None,
            today=today,
        )

    return router


def _link(known: Container[str], work: Work, due: str = "") -> str | None:
    """Where these rows are listed. By no unit, or by one that an older register named in its own words, nobody can ask."""
    return address_of(Filters(unit=work.unit, due=due).written()) if work.unit and work.unit in known else None
