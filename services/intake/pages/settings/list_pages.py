"""The authority's lists for its administrators: an entry is added, changed, closed and taken up again."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.web.posted import posted
from services.intake.codes import CODE
from services.intake.domain.authority.commands import Close, SetUpCommand
from services.intake.domain.authority.decided import Decided
from services.intake.domain.authority.listings import Listing
from services.intake.pages.people import to
from services.intake.pages.settings import settings_forms, settings_words
from services.intake.pages.settings.settings_forms import NEW
from services.intake.pages.settings.settings_pages import NOT_WRONG, NOTHING, SettingsParts, Wrong
from services.intake.pages.settings.settings_words import SETTINGS

DONE = {
    "added": "Запись добавлена. Она уже действует.",
    "changed": "Запись изменена.",
    "closed": "Запись закрыта.",
    "loaded": "Перечень загружен. Он уже действует.",
}


def routes(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/settings/{name}", include_in_schema=False)
    may = Depends(parts.door(Role.ADMINISTRATOR))
    listed = ListPage(parts)

    @router.get("")
    async def look(request: Request, name: str, who: Annotated[SignedIn, may]) -> Response:
        return await listed.show(request, who, listing_named(name), done=request.query_params.get("done", ""))

    @router.post("")
    async def add(request: Request, name: str, who: Annotated[SignedIn, may]) -> Response:
        return await listed.change(request, who, listing_named(name), NEW)

    @router.post("/{code}")
    async def change(request: Request, name: str, code: str, who: Annotated[SignedIn, may]) -> Response:
        return await listed.change(request, who, listing_named(name), code_named(code))

    @router.post("/{code}/close")
    async def close(request: Request, name: str, code: str, who: Annotated[SignedIn, may]) -> Response:
        return await listed.close(request, who, listing_named(name), code_named(code))

    return router


def listing_named(name: str) -> Listing:
    try:
        return Listing(name)
    except ValueError:
        raise HTTPException(404) from None


def code_named(code: str) -> str:
    if not CODE.fullmatch(code):
        raise HTTPException(404)
    return code


class ListPage:
    """Draws a list, and does what its forms ask."""

    def __init__(self, parts: SettingsParts) -> None:
        self._parts = parts

    async def change(self, request: Request, who: SignedIn, listing: Listing, entry: str) -> Response:
        typed = await posted(request)
        asked = settings_forms.entry_command(listing, entry, typed)
        return await self._act(request, who, listing, entry, asked, typed, "added" if entry == NEW else "changed")

    async def close(self, request: Request, who: SignedIn, listing: Listing, entry: str) -> Response:
        return await self._act(request, who, listing, entry, (Close(listing=listing, code=entry), {}), await posted(request), "closed")

    async def _act(
        self,
        request: Request,
        who: SignedIn,
        listing: Listing,
        entry: str,
        asked: tuple[SetUpCommand | None, dict[str, str]],
        typed: Mapping[str, str],
        done: str,
    ) -> Response:
        wrong = await self._parts.act(who, asked, typed, partial(settings_forms.field_of, entry))
        return await self.show(request, who, listing, typed, wrong) if wrong else to(f"{SETTINGS}/{listing.value}?done={done}")

    async def show(
        self,
        request: Request,
        who: SignedIn,
        listing: Listing,
        typed: Mapping[str, str] = NOTHING,
        wrong: Wrong = NOT_WRONG,
        *,
        done: str = "",
    ) -> Response:
        decided = await self._parts.set_up.look()
        now = self._parts.book.authority
        offered = {one.code for one in getattr(now, listing.value)}
        every = self._every(listing, decided)
        values = settings_forms.entry_values(NEW, None)
        for one in every:
            values |= settings_forms.entry_values(one.code, one)
        return self._parts.pages.show(
            request,
            "page/settings_list.html",
            who=who,
            listing=listing.value,
            title=settings_words.LISTS[listing],
            about=settings_words.ABOUT[listing],
            fields=settings_forms.FIELDS[listing],
            entries=[one for one in every if one.code in offered],
            closed=[one for one in every if one.code not in offered],
            topics=now.topics,
            options=OPTIONS,
            version=decided.version,
            values={**_unticked(values, typed), **typed},
            **vars(wrong),
            zone=now.time_zone,
            done=DONE.get(done, ""),
        )

    def _every(self, listing: Listing, decided: Decided) -> Sequence[Any]:
        """Closed entries too."""
        return decided.of(listing).every(getattr(self._parts.set_up.file, listing.value))


OPTIONS = {
    "kind": [(audience.value, text) for audience, text in settings_words.AUDIENCES.items()],
    "card": [("", settings_words.BY_ITSELF), *((card.value, text) for card, text in settings_words.CARDS.items())],
    "regime": [(regime.value, text) for regime, text in settings_words.REGIMES.items()],
}


def _unticked(values: Mapping[str, str], typed: Mapping[str, str]) -> dict[str, str]:
    """A box that was not ticked is not sent: the boxes of a form that was posted are as they were sent."""
    if not typed:
        return dict(values)
    entries = {name.removesuffix(".title") for name in typed if name.endswith(".title")}
    return {name: value for name, value in values.items() if not any(name.startswith(f"{entry}.topic.") for entry in entries)}
