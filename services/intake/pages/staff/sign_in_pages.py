"""Signing in and out, and the set-up of an installation that has no account yet."""

import posixpath
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import COOKIE, SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.web.posted import posted
from services.intake.domain.staff.account import OpenAccount, WeakPassword
from services.intake.pages.commands import command_of
from services.intake.pages.people import DESK, OWN_FORM, WRONG, People, drop_session, keep_session, to
from services.intake.staff.accounts import AlreadySetUp, SamePassword
from services.intake.staff.sign_in import Half, StartAgain, WrongCode, token_hash

SIGN_IN = f"{DESK}/sign-in"
SET_UP = f"{DESK}/set-up"
LEAVE = f"{SIGN_IN}/provider/leave"
SETTINGS = f"{DESK}/settings"
ADMINISTRATORS = (Role.ADMINISTRATOR, Role.REGISTRAR)


def routes(people: People) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(_signing_in(people))
    router.include_router(_further_step(people, "code", people.sign_in.prove_code))
    router.include_router(_further_step(people, "password", people.sign_in.renew))
    router.include_router(_setting_up(people))

    @router.post("/sign-out")
    async def sign_out(request: Request, _: Annotated[SignedIn, Depends(people.door(*Role))]) -> Response:
        by_provider = await people.accounts.end_session(token_hash(request.cookies[COOKIE]))
        answer = to(LEAVE if by_provider and people.entry else SIGN_IN)
        drop_session(answer)
        return answer

    return router


def _signing_in(people: People) -> APIRouter:
    router = APIRouter(dependencies=[OWN_FORM])

    def shown(request: Request, login: str, onward: str, refusal: Refusal | None = None) -> Response:
        errors = {"login": refusal.says} if refusal else {}
        values = {"login": login, "password": "", "next": onward}
        status, by_provider = refusal.status if refusal else 200, people.entry is not None
        return people.pages.show(
            request, "page/sign_in.html", who=None, by_provider=by_provider, values=values, errors=errors, status=status
        )

    @router.get("/sign-in")
    async def ask(request: Request) -> Response:
        if not await people.accounts.is_set_up():
            return to(SET_UP)
        return shown(request, "", local(request.query_params.get("next", "")))

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await posted(request)
        login, onward = form.get("login", ""), local(form.get("next", ""))
        try:
            return await go_on(people, request, await people.sign_in.start(login, form.get("password", "")), onward)
        except Refusal as refusal:
            return shown(request, login, onward, refusal)

    return router


def _further_step(people: People, step: str, act: Callable[[Half, str], Awaitable[Half]]) -> APIRouter:
    """A page with one field, which is named after the step."""
    router = APIRouter(prefix=f"/sign-in/{step}", dependencies=[OWN_FORM])

    def kept(request: Request) -> tuple[Half, str]:
        value = people.half().read(request)
        if value is None:
            raise StartAgain
        return Half.of(value), value["next"]

    def shown(request: Request, refusal: Refusal | None = None) -> Response:
        facts: dict[str, Any] = {"who": None, "values": {step: ""}, "errors": {step: refusal.says} if refusal else {}}
        return people.pages.show(request, f"page/sign_in_{step}.html", status=refusal.status if refusal else 200, **facts)

    @router.get("")
    async def ask(request: Request) -> Response:
        kept(request)
        return shown(request)

    @router.post("")
    async def take(request: Request) -> Response:
        half, onward = kept(request)
        try:
            return await go_on(people, request, await act(half, (await posted(request)).get(step, "")), onward)
        except (WrongCode, WeakPassword, SamePassword) as refusal:
            return shown(request, refusal)

    return router


def _setting_up(people: People) -> APIRouter:
    router = APIRouter(dependencies=[OWN_FORM])

    def shown(request: Request, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
        values = {"login": "", "name": "", **values, "code": "", "password": ""}
        return people.pages.show(request, "page/set_up.html", who=None, values=values, errors=errors, status=status)

    @router.get("/set-up")
    async def ask(request: Request) -> Response:
        if await people.accounts.is_set_up():
            raise AlreadySetUp
        return shown(request, {}, {})

    @router.post("/set-up")
    async def set_up(request: Request) -> Response:
        form = await posted(request)
        typed = {name: form.get(name, "") for name in ("login", "name")}
        command, errors = command_of(OpenAccount, {**typed, "roles": ADMINISTRATORS}, WRONG)
        if command is None:
            return shown(request, typed, errors, 422)
        try:
            account_id = await people.accounts.set_up(form.get("code", ""), command, form.get("password", ""))
        except AlreadySetUp:
            raise
        except Refusal as refusal:
            return shown(request, typed, {"password" if refusal.code == "weak-password" else "code": refusal.says}, refusal.status)
        return await go_on(people, request, await people.sign_in.whole(account_id), SETTINGS)

    return router


async def go_on(people: People, request: Request, half: Half, onward: str) -> Response:
    """To the next step, or with a new session to where they wanted."""
    if not half.is_whole:
        answer = to(f"{SIGN_IN}/{'code' if half.needs_code else 'password'}")
        people.half().write(request, answer, {**half.kept(), "next": onward})
        return answer
    answer = to(onward)
    keep_session(request, answer, await people.sign_in.finish(half))
    people.half().clear(answer)
    return answer


def local(onward: str) -> str:
    """Where to go after signing in: a page of the desk, whatever a link said."""
    plain = onward.isascii() and onward.isprintable() and posixpath.normpath(onward) == onward and not set(onward) & set("\\?#%")
    return onward if plain and onward.startswith(f"{DESK}/") and not onward.startswith((SIGN_IN, SET_UP)) else DESK
