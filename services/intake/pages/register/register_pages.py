"""The desk's first page, with what waits for whom, and the register as a table (N-8.3). Filters stand in the address, codes alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SessionDoor, SignedIn
from libs.chassis.ops.settings import Authority
from libs.events.vocabulary import Status, Urgency
from libs.web.languages import Language
from libs.web.pages import Pages
from libs.web.posted import posted
from libs.web.tables import TYPES
from services.intake.authority.book import Book
from services.intake.desk import Desk
from services.intake.domain.authority.listings import Listing
from services.intake.domain.filters import MINE, NEWEST, OVERDUE, QUEUE, SOON, After, Filters
from services.intake.domain.views import SHARING
from services.intake.live import Live
from services.intake.looks import Looks
from services.intake.overview import Overview, ThingsToDo
from services.intake.pages import titles
from services.intake.pages.people import to
from services.intake.together import MAY
from services.intake.transitions import DESK, WORKING
from services.intake.views import SavedViews
from services.intake.words.alike import Likeness
from services.intake.words.search import Search
from services.intake.words.suggestions import Hint

REGISTER = "/desk/requests"


@dataclass(frozen=True, kw_only=True)
class DeskParts:
    """What the pages about requests stand on."""

    pages: Pages
    door: SessionDoor
    desk: Desk
    overview: Overview
    looks: Looks
    live: Live
    views: SavedViews
    search: Search
    likeness: Likeness
    hints: Sequence[Hint]

    book: Book

    @property
    def authority(self) -> Authority:
        """As it is now."""
        return self.book.authority


def routes(parts: DeskParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    may = Depends(parts.door(*sorted(DESK | {Role.ADMINISTRATOR, Role.AUDITOR})))
    may_work = Depends(parts.door(*sorted(DESK)))

    @router.get("/")
    async def start(request: Request, who: Annotated[SignedIn, may]) -> Response:
        things = await parts.overview.things_to_do(who.staff) if who.staff.may(DESK) else None
        soon = soon_in_words(parts.pages.language(request), parts.overview.warn_days)
        return parts.pages.show(
            request,
            "page/things.html",
            who=who,
            things=things and _things(things, who, soon),
            may_post=who.staff.may(WORKING),
            **_office(parts),
        )

    @router.get("/requests")
    async def register(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        return await _register(parts, request, who)

    @router.post("/find")
    async def find(request: Request, who: Annotated[SignedIn, may_work]) -> Response:
        """A number leads to its card, anything else to a list. What is typed may be a name: it goes into no address."""
        typed = (await posted(request)).get("text", "").strip()
        request_id = await parts.desk.by_number(typed) if typed else None
        if request_id is not None:
            return to(f"{REGISTER}/{request_id}")
        found = await parts.search.find(typed)
        await parts.looks.looked(who.staff, "search", found=len(found.rows))
        return parts.pages.show(
            request,
            "page/found.html",
            status=200 if found.rows else 404,
            who=who,
            found=found,
            typed=typed,
            same=await parts.likeness.counts([row.request_id for row in found.rows]),
            **_told(parts.book),
        )

    return router


async def _register(parts: DeskParts, request: Request, who: SignedIn) -> Response:
    asked = dict(request.query_params)
    titles_of = parts.book.titles
    filters = Filters.read(asked, titles_of)
    after = After.read(asked["after"]) if asked.get("after") else None
    page = await parts.overview.page(who.staff, filters, after)
    await parts.looks.looked(who.staff, "register", found=len(page.rows))
    onward = address_of({**filters.written(), "after": page.after.written()}) if page.after else None
    return parts.pages.show(
        request,
        "page/register.html",
        who=who,
        page=page,
        filters=filters,
        same=await parts.likeness.counts([row.request_id for row in page.rows]),
        files={kind: f"{REGISTER}/export?{urlencode({**filters.written(), 'as': kind})}" for kind in TYPES},
        onward=onward,
        on_paper=f"{REGISTER}/print?{urlencode(filters.written())}",
        first=address_of(filters.written()) if after else None,
        values={**vars(filters), "order": QUEUE if filters.is_queue() else NEWEST, "name": "", "shared": ""},
        choices=choices_of(parts.book),
        views=await parts.views.seen_by(who.staff),
        address_of=address_of,
        may_share=who.staff.may(SHARING),
        may_choose=who.staff.may(MAY),
        back=urlencode(filters.written()),
        **_told(parts.book),
    )


def _office(parts: DeskParts) -> dict[str, Any]:
    """Whether the reference phones are answered now."""
    return {"office": parts.overview.office(), "zone": parts.authority.time_zone}


def _told(book: Book) -> dict[str, Any]:
    """What a table of requests says instead of codes."""
    return {"titles": titles, "topics": book.titles[Listing.TOPICS], "units": book.titles[Listing.UNITS], "zone": book.authority.time_zone}


def soon_in_words(language: Language, days: int) -> str:
    if days == 0:
        return language.text("Срок истекает сегодня")
    return language.counted("До конца срока не больше {days} дня", "До конца срока не больше {days} дней", days).format(days=days)


def _things(things: ThingsToDo, who: SignedIn, soon: str) -> list[tuple[str, int, str]]:
    """What waits, how many, and where they are listed: the most pressing first."""
    rows = [
        ("Просроченные", things.overdue, Filters(due=OVERDUE)),
        (soon, things.soon, Filters(due=SOON)),
        ("Поступили, номера ещё нет", things.received, Filters(status=Status.RECEIVED)),
        ("Зарегистрированы, ждут классификации", things.registered, Filters(status=Status.REGISTERED)),
        ("Классифицированы, ждут передачи исполнителю", things.classified, Filters(status=Status.CLASSIFIED)),
        ("У исполнителей", things.in_work, Filters(status=Status.ASSIGNED)),
        ("Готовится ответ", things.drafting, Filters(status=Status.DRAFTING)),
        ("Ждут согласования руководителя", things.on_approval, Filters(status=Status.ON_APPROVAL)),
        ("Согласованы, ждут отправки", things.approved, Filters(status=Status.APPROVED)),
        ("Ждут уточнения от клиента", things.waiting, Filters(status=Status.AWAITING_CLARIFICATION)),
    ]
    if who.staff.may(frozenset((Role.EXECUTOR,))):
        rows.insert(0, ("Поручены мне", things.mine, Filters(who=MINE)))
    if who.staff.unit:
        rows.insert(0, ("В моём подразделении", things.unit, Filters(unit=who.staff.unit)))
    return [(title, count, address_of(filters.written())) for title, count, filters in rows]


def address_of(filters: Mapping[str, str]) -> str:
    """Of the register by these filters, as an address says them."""
    return f"{REGISTER}?{urlencode(filters)}"


def choices_of(book: Book) -> dict[str, list[tuple[str, str]]]:
    """What each filter offers; what is offered no more stands last, for it is still in the register."""
    authority, titles_of = book.authority, book.titles

    def listed(listing: Listing) -> list[tuple[str, str]]:
        offered = {one.code: one.title for one in getattr(authority, listing.value)}
        return [*offered.items(), *((code, f"{title} (закрыто)") for code, title in titles_of[listing].items() if code not in offered)]

    return {
        "status": [("", "Любой"), *((status.value, titles.STATUSES[status]) for status in Status)],
        "type": [("", "Любой"), *listed(Listing.TYPES)],
        "topic": [("", "Любая"), *listed(Listing.TOPICS)],
        "unit": [("", "Любое"), *listed(Listing.UNITS)],
        "urgency": [("", "Любая"), *((one.value, titles.URGENCIES[one]) for one in Urgency)],
        "due": [("", "Любой"), (OVERDUE, "просрочен"), (SOON, "скоро истекает")],
        "who": [("", "Кому угодно"), (MINE, "мне")],
        "order": [(QUEUE, "открытые, срочные сначала"), (NEWEST, "все, новые сначала")],
    }
