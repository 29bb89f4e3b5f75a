"""The production calendar, for administrators: the days of a year that differ, and a form that declares one."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.telemetry import Telemetry
from libs.web.posted import posted
from services.intake import statuses
from services.intake.calendar_desk import CalendarDesk
from services.intake.domain.authority.decided import YEARS_AHEAD, DeclareDay
from services.intake.pages.commands import command_of
from services.intake.pages.people import to
from services.intake.pages.register.register_pages import DeskParts
from services.intake.staff.accounts import Accounts

CALENDAR = "/desk/calendar"
YEARS_BACK = 3
FIELDS = ("day", "working", "decree", "in_force_on")
WRONG = {
    "day": "Укажите день: число, месяц и год",
    "working": "Выберите, рабочим или нерабочим станет день",
    "decree": "Укажите акт: название, дату и номер, не длиннее 2000 знаков",
    "in_force_on": "Укажите день, с которого действует акт, или оставьте поле пустым",
}
FIELD_OF_REFUSAL = {"day-is-over": "day", "day-too-far": "day", "day-already-so": "working"}
MEANS = {"yes": True, "no": False}


def routes(parts: DeskParts, calendar: CalendarDesk, accounts: Accounts, telemetry: Telemetry) -> APIRouter:
    router = APIRouter(prefix="/calendar", include_in_schema=False)
    may = Depends(parts.door(Role.ADMINISTRATOR))

    async def shown(
        request: Request, who: SignedIn, year: int, typed: Mapping[str, str], errors: dict[str, str], *, status: int = 200
    ) -> Response:
        found = await calendar.year(year)
        moved = request.query_params.get("moved", "")
        return parts.pages.show(
            request,
            "page/calendar.html",
            who=who,
            shown=found,
            doubt=statuses.calendar_of(year, found.standing),
            years=_years(calendar),
            names=await accounts.names(),
            values={name: typed.get(name, "") for name in FIELDS},
            errors=errors,
            moved=int(moved) if moved.isdecimal() and len(moved) < 6 else None,
            zone=parts.authority.time_zone,
            status=status,
        )

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        asked = request.query_params.get("year", "")
        years = _years(calendar)
        year = int(asked) if asked in map(str, years) else calendar.today().year
        return await shown(request, who, year, {}, {})

    @router.post("")
    async def declare(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        command, errors = _command(typed)
        if command is None:
            return await shown(request, who, calendar.today().year, typed, errors, status=422)
        try:
            moved = await calendar.declare(who.staff, command, telemetry.current_traceparent())
        except Refusal as refusal:
            field = FIELD_OF_REFUSAL.get(refusal.code)
            if field is None:
                raise
            return await shown(request, who, calendar.today().year, typed, {field: refusal.says}, status=refusal.status)
        return to(f"{CALENDAR}?year={command.day.year}&moved={moved}")

    return router


def _years(calendar: CalendarDesk) -> range:
    now = calendar.today().year
    return range(now - YEARS_BACK, now + YEARS_AHEAD + 1)


def _command(typed: Mapping[str, str]) -> tuple[DeclareDay | None, dict[str, str]]:
    """The command, or what is wrong with each field."""
    filled = {name: typed.get(name, "").strip() for name in FIELDS}
    told: dict[str, object] = {name: value for name, value in filled.items() if value} | {"working": MEANS.get(filled["working"])}
    return command_of(DeclareDay, told, WRONG)
