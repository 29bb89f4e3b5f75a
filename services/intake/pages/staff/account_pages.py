"""Accounts of staff, for their administrators."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.staff_events import ChangedBy, Ending
from libs.web.posted import posted
from services.intake.domain.staff.account import ChangeRoles, Disable, Enable, IdentityTaken, OpenAccount
from services.intake.pages.commands import command_of
from services.intake.pages.people import DESK, ROLE_TITLES, WRONG, People, roles_of, to
from services.intake.staff.accounts import AccountNotFound, administrator
from services.intake.staff.entry import Entry, NewcomerNotFound
from services.intake.transitions import LEADING

ACCOUNTS = f"{DESK}/accounts"
UNPROCESSABLE = 422


def routes(people: People) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    for part in (_opening(people), _rights(people), _ways_in(people)):
        router.include_router(part)
    if people.entry is not None:
        router.include_router(_identities(people, people.entry))
    return router


def _opening(people: People) -> APIRouter:
    router = APIRouter(prefix="/accounts")
    may = Depends(people.door(Role.ADMINISTRATOR))

    async def shown(request: Request, who: SignedIn, form: Mapping[str, str], errors: dict[str, str], status: int = 200) -> Response:
        values: dict[str, Any] = {name: form.get(name, "") for name in ("login", "name", "unit")} | {"roles": roles_of(form)}
        return people.pages.show(
            request,
            "page/accounts.html",
            who=who,
            accounts=await people.accounts.listed(),
            role_titles=ROLE_TITLES,
            units=people.unit_options(),
            now=people.clock.now(),
            values=values,
            errors=errors,
            status=status,
        )

    @router.get("")
    async def every(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await shown(request, who, {}, {})

    @router.post("")
    async def open_one(request: Request, who: Annotated[SignedIn, may]) -> Response:
        form = await posted(request)
        typed = {"login": form.get("login", ""), "name": form.get("name", ""), "roles": roles_of(form), "unit": form.get("unit") or None}
        command, errors = command_of(OpenAccount, typed, WRONG)
        if command is None:
            return await shown(request, who, form, errors, UNPROCESSABLE)
        try:
            account_id, password = await people.accounts.open_with_temporary_password(who.staff, command)
        except Refusal as refusal:
            return await shown(request, who, form, {"unit" if refusal.code == "unknown-unit" else "login": refusal.says}, refusal.status)
        return with_password(people, request, account_id, password)

    return router


def _rights(people: People) -> APIRouter:
    router = APIRouter(prefix="/accounts/{account_id:uuid}")
    may = Depends(people.door(Role.ADMINISTRATOR))

    async def act(request: Request, who: SignedIn, account_id: UUID, kind: type[ChangeRoles | Disable | Enable], typed: Any) -> Response:
        command, errors = command_of(kind, typed, WRONG)
        if command is None:
            return await show_one(people, request, who, account_id, errors, UNPROCESSABLE)
        try:
            await people.accounts.act(who.staff, account_id, command)
        except Refusal as refusal:
            field = next(name for name in (*WRONG, "act") if name in typed or name == "act")
            return await show_one(people, request, who, account_id, {field: refusal.says}, refusal.status)
        return to(f"{ACCOUNTS}/{account_id}")

    @router.get("")
    async def one(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        return await show_one(people, request, who, account_id)

    @router.post("/roles")
    async def roles(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        form = await posted(request)
        return await act(request, who, account_id, ChangeRoles, {"roles": roles_of(form), "unit": form.get("unit") or None})

    @router.post("/disable")
    async def disable(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        return await act(request, who, account_id, Disable, {"reason": (await posted(request)).get("reason", "")})

    @router.post("/enable")
    async def enable(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        return await act(request, who, account_id, Enable, {"reason": (await posted(request)).get("reason", "")})

    return router


def _ways_in(people: People) -> APIRouter:
    router = APIRouter(prefix="/accounts/{account_id:uuid}")
    may = Depends(people.door(Role.ADMINISTRATOR))

    @router.post("/password")
    async def password(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        return with_password(people, request, account_id, await people.accounts.reset_password(who.staff, account_id))

    @router.post("/second-factor/off")
    async def second_factor(account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        await people.accounts.drop_second_factor(administrator(who.staff), account_id, ChangedBy.ADMINISTRATOR)
        return to(f"{ACCOUNTS}/{account_id}")

    @router.post("/sessions/end")
    async def sessions(account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        await people.accounts.end_sessions(administrator(who.staff), account_id, Ending.ADMINISTRATOR)
        return to(f"{ACCOUNTS}/{account_id}")

    return router


def _identities(people: People, entry: Entry) -> APIRouter:
    """Whom the provider's identities belong to."""
    router = APIRouter(prefix="/accounts/{account_id:uuid}/identity")
    may = Depends(people.door(Role.ADMINISTRATOR))

    @router.post("")
    async def link(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        try:
            await entry.link(who.staff, account_id, (await posted(request)).get("newcomer", ""))
        except (NewcomerNotFound, IdentityTaken) as refusal:
            return await show_one(people, request, who, account_id, {"newcomer": refusal.says}, refusal.status)
        return to(f"{ACCOUNTS}/{account_id}")

    @router.post("/off")
    async def unlink(account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        await entry.unlink(who.staff, account_id)
        return to(f"{ACCOUNTS}/{account_id}")

    return router


async def newcomers(people: People) -> list[tuple[str, str]] | None:
    """Who waits to be linked, as options of a list; None where there is no provider."""
    if people.entry is None:
        return None
    waiting = await people.entry.waiting()
    return [("", "Выберите"), *((one.mark, f"{one.code}: {', '.join(filter(None, (one.name, one.login)))}") for one in waiting)]


def with_password(people: People, request: Request, account_id: UUID, password: str) -> Response:
    """To the account's page, which shows its temporary password once."""
    path = f"{ACCOUNTS}/{account_id}"
    answer = to(path)
    people.once(path).write(request, answer, {"password": password})
    return answer


async def show_one(
    people: People,
    request: Request,
    who: SignedIn,
    account_id: UUID,
    errors: dict[str, str] | None = None,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
) -> Response:
    everybody, once = await people.accounts.listed(), people.once(f"{ACCOUNTS}/{account_id}")
    one = next((one for one in everybody if one.account_id == account_id), None)
    if one is None:
        raise AccountNotFound
    shown = once.read(request) or {}
    known = {"roles": sorted(role.value for role in one.account.roles), "unit": one.account.unit or ""}
    blank = dict.fromkeys(("reason", "newcomer", "deputy", "first_day", "last_day", "deputy_reason"), "")
    answer = people.pages.show(
        request,
        "page/account.html",
        who=who,
        one=one,
        password=shown.get("password"),
        role_titles=ROLE_TITLES,
        units=people.unit_options(one.account.unit),
        now=people.clock.now(),
        may_hand_over=who.staff.may(LEADING),
        newcomers=await newcomers(people),
        names={other.account_id: other.account.name for other in everybody},
        today=people.deputies.today(),
        may_stand_in=[
            ("", "Выберите"),
            *((str(other.account_id), other.account.name) for other in everybody if other.account.enabled and other is not one),
        ],
        values={**blank, **known, **(typed or {})},
        errors=errors or {},
        status=status,
    )
    if shown:
        once.clear(answer)
    return answer
