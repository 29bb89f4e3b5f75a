"""One act for several rows of the register: chosen, filled in, shown for each of them, and only then done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest
from libs.chassis.ops.telemetry import Telemetry
from libs.events.vocabulary import Urgency
from libs.web.posted import posted
from services.intake.domain.filters import Filters
from services.intake.domain.request import Request as State
from services.intake.overview import PAGE_ROWS
from services.intake.pages import titles
from services.intake.pages.cards import forms
from services.intake.pages.register.register_pages import DeskParts
from services.intake.staff.accounts import Accounts
from services.intake.together import MAY, TOGETHER, Chosen, Together, open_to_all
from services.intake.transitions import REGISTERED_AND_OPEN

COMMANDS = frozenset(forms.FORMS[one][0] for one in TOGETHER)
NOBODY = "Выберите хотя бы один запрос: отметьте его в таблице реестра."
UNPROCESSABLE = 422

Requests = Sequence[tuple[Chosen, State]]


def routes(parts: DeskParts, together: Together, accounts: Accounts, telemetry: Telemetry) -> APIRouter:
    router = APIRouter(prefix="/requests/together", include_in_schema=False)
    may = Depends(parts.door(*sorted(MAY)))
    page = TogetherPage(parts, together, accounts)

    @router.post("")
    async def choose(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await page.fill_in(request, who, await posted(request))

    @router.post("/check")
    async def check(request: Request, who: Annotated[SignedIn, may]) -> Response:
        """Nothing is done yet: what would be, and what could not."""
        typed = await posted(request)
        command, errors = _command(typed)
        if command is None:
            return await page.fill_in(request, who, typed, errors)
        outcomes = await together.foresee(who.staff, chosen_in(typed), command)
        return await page.show(request, who, "page/together_asked.html", typed, await page.requests_of(typed), outcomes=outcomes)

    @router.post("/now")
    async def act(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        command, errors = _command(typed)
        if command is None:
            return await page.fill_in(request, who, typed, errors)
        outcomes = await together.act(who.staff, chosen_in(typed), command, telemetry.current_traceparent())
        return await page.show(request, who, "page/together_done.html", typed, await page.requests_of(typed), outcomes=outcomes)

    return router


def _command(typed: Mapping[str, str]) -> tuple[Any, dict[str, str]]:
    """Raises `BadRequest`."""
    if typed.get("command") not in COMMANDS:
        raise BadRequest
    return forms.command_of(typed["command"], typed)


def chosen_in(typed: Mapping[str, str]) -> Sequence[Chosen]:
    """Of the rows that were shown, with their versions, those that are ticked; all, where that was asked. Raises `BadRequest`."""
    try:
        pairs = [one.partition(":") for one in typed["shown"].split()]
        shown = [Chosen(UUID(request_id), int(version)) for request_id, _, version in pairs]
    except (KeyError, ValueError):
        raise BadRequest from None
    if len(shown) > PAGE_ROWS:
        raise BadRequest
    return [one for one in shown if typed.get("all") or typed.get(f"one-{one.request_id}")]


def written(chosen: Iterable[Chosen]) -> str:
    return " ".join(f"{one.request_id}:{one.version}" for one in chosen)


class TogetherPage:
    """Draws the forms, the question and what became of each."""

    def __init__(self, parts: DeskParts, together: Together, accounts: Accounts) -> None:
        self._parts = parts
        self._together = together
        self._accounts = accounts

    async def requests_of(self, typed: Mapping[str, str]) -> Requests:
        """Those that were chosen, as they are now."""
        chosen = chosen_in(typed)
        return list(zip(chosen, await self._together.look(chosen), strict=True))

    async def fill_in(self, request: Request, who: SignedIn, typed: Mapping[str, str], errors: Mapping[str, str] | None = None) -> Response:
        """A form for each act that is open to all of them."""
        requests = await self.requests_of(typed)
        possible = open_to_all([now for _, now in requests], who.staff)
        return await self.show(
            request,
            who,
            "page/together.html",
            typed,
            requests,
            forms=[forms.FORMS[one] for one in possible],
            errors=errors or ({} if requests else {"chosen": NOBODY}),
            status=200 if requests and not errors else UNPROCESSABLE,
        )

    async def show(
        self, request: Request, who: SignedIn, template: str, typed: Mapping[str, str], requests: Requests, **facts: Any
    ) -> Response:
        """`back`: the filters that the rows were chosen by."""
        back = Filters.read(dict(parse_qsl(typed.get("back", ""))), self._parts.book.titles).written()
        blank = {forms.field_id(command, field): "" for command in COMMANDS for field in forms.fields_of(command)}
        offered = forms.offered(self._parts.authority, await self._accounts.listed())
        return self._parts.pages.show(
            request,
            template,
            who=who,
            requests=requests,
            fields={**offered, "into": _targets(requests)},
            asked=forms.fields_of(typed.get("command", "")),
            values={**blank, "classify-urgency": Urgency.ORDINARY.value, **typed},
            back=urlencode(back),
            titles=titles,
            written=written,
            suggestions={},
            **facts,
        )


def _targets(requests: Requests) -> list[tuple[str, str]]:
    """Into which of them the others may be merged."""
    open_ones = [(str(one.request_id), now.number) for one, now in requests if now.status in REGISTERED_AND_OPEN and now.reg_no]
    return [("", "Выберите запрос"), *open_ones]
