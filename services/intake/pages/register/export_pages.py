"""The rows of the register as a file: the same filters in the address, codes alone, and the same people may have it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from libs.chassis.access.sessions import SignedIn
from libs.web.tables import TYPES
from services.intake.domain.filters import Filters, WrongFilter
from services.intake.pages import titles
from services.intake.pages.register.register_pages import DeskParts
from services.intake.staff.accounts import Accounts
from services.intake.transitions import DESK
from services.intake.words.export import Export, Titles


def routes(parts: DeskParts, export: Export, accounts: Accounts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))

    @router.get("/requests/export")
    async def take_away(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        """All rows by the filters, not the page alone. Who took how many is written down before they have it."""
        asked = dict(request.query_params)
        kind, filters = asked.get("as", ""), Filters.read(asked, parts.book.titles)
        if kind not in TYPES:
            raise WrongFilter("as")
        file = await export.file(kind, who.staff, filters, await titles_of())
        await parts.looks.looked(who.staff, f"export-{kind}", found=file.rows)
        name = f"register-{parts.overview.today().isoformat()}.{kind}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(file.chunks, media_type=TYPES[kind], headers=headers)

    async def titles_of() -> Titles:
        authority = parts.authority
        return {
            "status": {code.value: title for code, title in titles.STATUSES.items()},
            "type": {one.code: one.title for one in authority.types},
            "topic": {one.code: one.title for one in authority.topics},
            "urgency": {code.value: title for code, title in titles.URGENCIES.items()},
            "unit": {one.code: one.title for one in authority.units},
            "executor": await accounts.names(),
        }

    return router
