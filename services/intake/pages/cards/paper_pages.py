"""What goes on paper: the card of a request, a slip for the person, an envelope, a page of the register. One style sheet sets the sizes."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest, Refusal
from services.intake.desk import Seen
from services.intake.domain import timeline
from services.intake.domain.filters import After, Filters
from services.intake.domain.request import Request as State
from services.intake.pages import titles
from services.intake.pages.cards.card_pages import line_of
from services.intake.pages.cards.taking_pages import TAKEN, TakingParts, in_groups
from services.intake.pages.register.register_pages import DeskParts
from services.intake.staff.accounts import Accounts
from services.intake.transitions import DESK, TAKING

ROWS_ON_PAPER = 500
ENVELOPES = ("c5", "dl")
LISTED = ("types", "topics", "units", "points", "disclosures")


class NoPostalAddress(Refusal):
    """Nothing can be sent by post: the person gave no postal address."""

    code: ClassVar[str] = "no-postal-address"
    says: ClassVar[str] = "В запросе нет почтового адреса, поэтому конверт не напечатать."


def routes(parts: TakingParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    may_work, may_take = Depends(parts.desk.door(*sorted(DESK))), Depends(parts.desk.door(*sorted(TAKING)))
    paper = Paper(parts.desk, parts.accounts, parts.status_address)

    async def looked_at(who: SignedIn, request_id: UUID, what: str) -> Seen:
        seen = await parts.desk.desk.look(who.staff, request_id)
        await parts.desk.looks.looked(who.staff, what, request_id)
        return seen

    @router.get("/requests/print")
    async def register(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        """The rows of the register by the same filters as on the screen, as many as one print may have."""
        asked = dict(request.query_params)
        filters = Filters.read(asked, parts.desk.book.titles)
        after = After.read(asked["after"]) if asked.get("after") else None
        page = await parts.desk.overview.page(who.staff, filters, after, ROWS_ON_PAPER)
        await parts.desk.looks.looked(who.staff, "print-register", found=len(page.rows))
        return paper.sheet(request, "register", None, page=page, names=await paper.names(), most=ROWS_ON_PAPER)

    @router.get("/requests/{request_id:uuid}/print/card")
    async def card(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        seen = await looked_at(who, request_id, "print-card")
        names, told = await paper.names(), paper.titles()
        lines = [line_of(event, names, told) for event in seen.events if timeline.is_shown(event.fact)]
        return paper.sheet(request, "card", seen, lines=lines, names=names)

    @router.get("/requests/{request_id:uuid}/print/slip")
    async def slip(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        """Without the code, which nobody but its owner should have a second time."""
        return paper.sheet(request, "slip", await looked_at(who, request_id, "print-slip"), code=[], taken_by="")

    @router.get("/new/taken/{request_id:uuid}/slip")
    async def first_slip(request: Request, request_id: UUID, who: Annotated[SignedIn, may_take]) -> Response:
        """With the code, as long as the page of who took it down shows it."""
        kept = parts.shown_once(f"{TAKEN}/{request_id}").read(request) or {}
        seen = await looked_at(who, request_id, "print-slip")
        return paper.sheet(request, "slip", seen, code=in_groups(kept.get("code", "")), taken_by=who.name)

    @router.get("/requests/{request_id:uuid}/print/envelope")
    async def envelope(request: Request, request_id: UUID, who: Annotated[SignedIn, may_work]) -> Response:
        size = request.query_params.get("size", ENVELOPES[0])
        if size not in ENVELOPES:
            raise BadRequest
        seen = await looked_at(who, request_id, "print-envelope")
        return paper.sheet(request, "envelope", seen, size=size, address=postal_of(seen.case.request))

    return router


class Paper:
    """Draws sheets: no masthead, no navigation, nothing that paper has no use for."""

    def __init__(self, parts: DeskParts, accounts: Accounts, status_address: str | None) -> None:
        self._parts = parts
        self._accounts = accounts
        self._status_address = status_address

    async def names(self) -> dict[str, str]:
        return await self._accounts.names()

    def titles(self) -> dict[str, str]:
        told = self._parts.authority
        return {f"{name}-{one.code}": one.title for name in LISTED for one in getattr(told, name)}

    def sheet(self, request: Request, kind: str, seen: Seen | None, **facts: Any) -> Response:
        told, today = self._parts.authority, self._parts.overview.today()
        return self._parts.pages.show(
            request,
            f"page/paper_{kind}.html",
            seen=seen,
            case=seen.case.request if seen else None,
            today=today,
            zone=told.time_zone,
            titles=titles,
            authority_titles=self.titles(),
            status_address=self._status_address,
            **facts,
        )


def postal_of(request: State) -> str:
    """Where letters go: the additional channel that the person chose before the address they once wrote. Raises `NoPostalAddress`."""
    chosen = request.additional.address if request.additional and request.additional.channel == "post" else None
    address = chosen or request.contacts.postal
    if not address:
        raise NoPostalAddress
    return address
