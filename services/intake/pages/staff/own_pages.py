"""One's own account: password, second factor."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from libs.chassis.access import second_factor
from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.chassis.access.tokens import LIFETIME
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.staff_events import ChangedBy
from libs.web.posted import posted
from services.intake.feeds import Scope
from services.intake.pages.people import DESK, ROLE_TITLES, People, keep_session, to
from services.intake.staff.accounts import owner
from services.intake.staff.sign_in import WrongCode
from services.intake.transitions import DESK as MAY_WORK

ME = f"{DESK}/me"
CALENDARS = {Scope.OWN: "Запросы, которые поручены мне", Scope.UNIT: "Запросы моего подразделения"}


def routes(people: People) -> APIRouter:
    router = APIRouter(prefix="/me", include_in_schema=False)
    anyone = Depends(people.door(*Role))

    @router.get("")
    async def own(request: Request, who: Annotated[SignedIn, anyone]) -> Response:
        return await show_me(people, request, who)

    @router.post("/password")
    async def change(request: Request, who: Annotated[SignedIn, anyone]) -> Response:
        """All sessions end; the browser at hand gets a new one."""
        form = await posted(request)
        try:
            await people.sign_in.prove_again(who, form.get("password", ""))
        except Refusal as refusal:
            return await show_me(people, request, who, {"password": refusal.says}, refusal.status)
        try:
            await people.accounts.change_password(who.staff, form.get("new_password", ""))
        except Refusal as refusal:
            return await show_me(people, request, who, {"new_password": refusal.says}, refusal.status)
        answer = to(f"{ME}?done=password")
        keep_session(request, answer, await people.sign_in.finish(await people.sign_in.whole(UUID(who.staff.id))))
        return answer

    @router.post("/second-factor/off")
    async def turn_off(request: Request, who: Annotated[SignedIn, anyone]) -> Response:
        try:
            await people.sign_in.prove_again(who, (await posted(request)).get("off_password", ""))
        except Refusal as refusal:
            return await show_me(people, request, who, {"off_password": refusal.says}, refusal.status)
        await people.accounts.drop_second_factor(owner(who.staff), UUID(who.staff.id), ChangedBy.SELF)
        return to(ME)

    router.include_router(_turning_on(people))
    router.include_router(_tokens(people))
    return router


async def show_me(people: People, request: Request, who: SignedIn, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    mine, once = await people.accounts.one(UUID(who.staff.id)), people.once(ME)
    shown = once.read(request) or {}
    facts: dict[str, Any] = {
        "codes": shown.get("codes", []),
        "feed": shown.get("feed"),
        "values": dict.fromkeys(("password", "new_password", "off_password"), ""),
    }
    answer = people.pages.show(
        request,
        "page/me.html",
        status=status,
        who=who,
        mine=mine,
        role_titles=ROLE_TITLES,
        unit=people.unit_title(mine.account.unit),
        absent=await people.deputies.absent(who.staff),
        calendars=await _calendars(people, who),
        zone=people.book.authority.time_zone,
        password_changed=request.query_params.get("done") == "password",
        errors=errors or {},
        **facts,
    )
    if shown:
        once.clear(answer)
    return answer


async def _calendars(people: People, who: SignedIn) -> list[tuple[Scope, str, datetime | None]]:
    """Of whose due dates, its title, since when there is an address of it; nothing to whom no request is given."""
    if not who.staff.may(MAY_WORK):
        return []
    made = await people.feeds.of(who.staff)
    return [(scope, title, made.get(scope)) for scope, title in CALENDARS.items() if scope is not Scope.UNIT or who.staff.unit]


def _tokens(people: People) -> APIRouter:
    router = APIRouter(prefix="/token")

    @router.post("")
    async def token(who: Annotated[SignedIn, Depends(people.door(*Role))]) -> JSONResponse:
        """A page asks again when it is over."""
        answer = {"token": people.token(who.staff), "expires_in": int(LIFETIME.total_seconds())}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    return router


def _turning_on(people: People) -> APIRouter:
    router = APIRouter(prefix="/second-factor")
    anyone = Depends(people.door(*Role))

    async def shown(request: Request, who: SignedIn, secret: str, refusal: Refusal | None = None) -> Response:
        mine = await people.accounts.one(UUID(who.staff.id))
        errors = {"code" if isinstance(refusal, WrongCode) else "password": refusal.says} if refusal else {}
        answer = people.pages.show(
            request,
            "page/second_factor.html",
            who=who,
            secret=secret,
            picture=second_factor.picture(secret, mine.account.login, people.issuer),
            values={"code": "", "password": ""},
            errors=errors,
            status=refusal.status if refusal else 200,
        )
        people.pending().write(request, answer, {"secret": secret})
        return answer

    @router.get("")
    async def offer(request: Request, who: Annotated[SignedIn, anyone]) -> Response:
        return await shown(request, who, second_factor.new_secret())

    @router.post("")
    async def turn_on(request: Request, who: Annotated[SignedIn, anyone]) -> Response:
        kept, form = people.pending().read(request), await posted(request)
        if kept is None:
            return to(f"{ME}/second-factor")
        secret = kept["secret"]
        try:
            await people.sign_in.prove_again(who, form.get("password", ""))
            step = second_factor.step_of(secret, form.get("code", ""), people.clock.now())
            if step is None:
                raise WrongCode
        except Refusal as refusal:
            return await shown(request, who, secret, refusal)
        codes = second_factor.recovery_codes()
        await people.accounts.set_second_factor(who.staff, secret, step, codes)
        answer = to(ME)
        people.once(ME).write(request, answer, {"codes": codes})
        people.pending().clear(answer)
        return answer

    return router
