"""Indicators of a period with their charts, for whoever leads, and the same as files (N-1.2). The period stands in the address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.web.tables import CSV, TYPES, as_csv, as_xlsx
from services.intake.domain.filters import WrongFilter
from services.intake.indicators.period import Period, WrongPeriod, quarter_of, year_of
from services.intake.indicators.review import Indicators
from services.intake.pages.leading import indicator_tables
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import LEADING

INDICATORS = "/desk/indicators"
MAY_MEASURE = LEADING | {Role.ADMINISTRATOR}


def routes(parts: DeskParts, indicators: Indicators) -> APIRouter:
    router = APIRouter(prefix="/indicators", include_in_schema=False)
    may = Depends(parts.door(*sorted(MAY_MEASURE)))

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        """What is typed wrong is said at its field, beside the period that is shown by itself."""
        asked, today = dict(request.query_params), indicators.today()
        errors: dict[str, str] = {}
        try:
            period = Period.read(asked, today)
        except WrongPeriod as wrong:
            period, errors = Period.read({}, today), {wrong.field: wrong.says}
        review = await indicators.review(period)
        return parts.pages.show(
            request,
            "page/indicators.html",
            status=400 if errors else 200,
            who=who,
            period=period,
            before=period.before(),
            whole=indicator_tables.whole(review),
            divided=indicator_tables.parts(review, parts.book, parts.pages.language(request)),
            values={**period.written(), **(asked if errors else {})},
            errors=errors,
            others=_others(period),
            files={kind: f"{INDICATORS}/export?{urlencode({**period.written(), 'as': kind})}" for kind in TYPES},
        )

    @router.get("/export", dependencies=[may])
    async def take_away(request: Request) -> Response:
        asked = dict(request.query_params)
        kind, period = asked.get("as", ""), Period.read(asked, indicators.today())
        if kind not in TYPES:
            raise WrongFilter("as")
        review = await indicators.review(period)
        divided = indicator_tables.parts(review, parts.book, parts.pages.language(request))
        tables = [indicator_tables.whole(review), *(part.table for part in divided)]
        name = f"indicators-{period.first.isoformat()}-{period.last.isoformat()}.{kind}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(as_csv(tables) if kind == CSV else as_xlsx(tables), media_type=TYPES[kind], headers=headers)

    def _others(period: Period) -> list[tuple[str, str]]:
        """Periods that are asked for most: title and address."""
        today = indicators.today()
        this = quarter_of(today)
        last = quarter_of(Period(first=this[0], last=this[1], as_of=today).before().first)
        named = [("Этот квартал", this), ("Прошлый квартал", last), ("Этот год", year_of(today))]
        found = [(title, Period(first=first, last=end, as_of=today)) for title, (first, end) in named]
        return [(title, f"{INDICATORS}?{urlencode(one.written())}") for title, one in found if one != period]

    return router
