"""Saved views of the register: kept under a name, named anew, removed. What the name is of stands beside it in words."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.web.posted import posted
from services.intake.domain.filters import Filters
from services.intake.domain.views import SHARING, ChangeView, SaveView
from services.intake.pages.commands import command_of
from services.intake.pages.people import to
from services.intake.pages.register.register_pages import REGISTER, DeskParts, address_of, choices_of
from services.intake.staff.accounts import Accounts
from services.intake.transitions import DESK

VIEWS = f"{REGISTER}/views"
UNPROCESSABLE = 422
WRONG = {"name": "Назовите отбор словами, не длиннее 100 знаков"}


def routes(parts: DeskParts, accounts: Accounts) -> APIRouter:
    router = APIRouter(prefix="/requests/views", include_in_schema=False)
    may_work = Depends(parts.door(*sorted(DESK)))
    page = ViewsPage(parts, accounts)

    @router.get("")
    async def every(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        return await page.show(request, who)

    @router.post("")
    async def save(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        return await page.save(request, who, await posted(request))

    @router.post("/{view_id:uuid}")
    async def change(request: Request, view_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        return await page.change(request, who, view_id, await posted(request))

    @router.post("/{view_id:uuid}/remove")
    async def remove(view_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        await parts.views.drop(who.staff, view_id)
        return to(VIEWS)

    return router


def _named(typed: Mapping[str, str], which: str = "") -> dict[str, object]:
    return {"name": typed.get(f"name{which}", ""), "shared": bool(typed.get(f"shared{which}"))}


class ViewsPage:
    """Draws all that somebody sees, and does what its forms ask."""

    def __init__(self, parts: DeskParts, accounts: Accounts) -> None:
        self._parts = parts
        self._accounts = accounts

    async def save(self, request: Request, who: SignedIn, typed: Mapping[str, str]) -> Response:
        """The filters come as an address of the register has them."""
        filters = Filters.read(typed, self._parts.book.titles).written()
        command, errors = command_of(SaveView, {**_named(typed), "filters": filters}, WRONG)
        if command is None:
            return await self.show(request, who, typed=typed, errors=errors, status=UNPROCESSABLE, filters=filters)
        try:
            await self._parts.views.save(who.staff, command)
        except Refusal as refusal:
            return await self.show(request, who, typed=typed, errors={"name": refusal.says}, status=refusal.status, filters=filters)
        return to(address_of(filters))

    async def change(self, request: Request, who: SignedIn, view_id: UUID, typed: Mapping[str, str]) -> Response:
        command, errors = command_of(ChangeView, _named(typed, f"-{view_id}"), WRONG)
        if command is None:
            errors = {f"{field}-{view_id}": said for field, said in errors.items()}
            return await self.show(request, who, typed=typed, errors=errors, status=UNPROCESSABLE)
        try:
            await self._parts.views.change(who.staff, view_id, command)
        except Refusal as refusal:
            return await self.show(request, who, typed=typed, errors={f"name-{view_id}": refusal.says}, status=refusal.status)
        return to(VIEWS)

    async def show(
        self,
        request: Request,
        who: SignedIn,
        *,
        typed: Mapping[str, str] | None = None,
        errors: dict[str, str] | None = None,
        status: int = 200,
        filters: Mapping[str, str] | None = None,
    ) -> Response:
        views = await self._parts.views.seen_by(who.staff)
        known = {f"name-{view.view_id}": view.name for view in views} | {f"shared-{view.view_id}": view.shared for view in views}
        return self._parts.pages.show(
            request,
            "page/views.html",
            who=who,
            views=views,
            filters=filters,
            address_of=address_of,
            choices={name: dict(offered) for name, offered in choices_of(self._parts.book).items()},
            names=await self._accounts.names(),
            may_share=who.staff.may(SHARING),
            values={"name": "", "shared": "", **known, **(typed or {})},
            errors=errors or {},
            status=status,
        )
