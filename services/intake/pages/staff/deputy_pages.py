"""Who stands in for whom: appointed on the page of the one who is away, taken up on one's own page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import COOKIE, SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.web.posted import posted
from services.intake.domain.staff.deputies import AppointDeputy, EndDeputy
from services.intake.pages.commands import command_of
from services.intake.pages.people import DESK, WRONG, People, to
from services.intake.pages.staff.account_pages import ACCOUNTS, UNPROCESSABLE, show_one
from services.intake.pages.staff.own_pages import ME
from services.intake.staff.sign_in import token_hash

FIELD_OF_REFUSAL = {"deputy-wrong": "deputy", "period-wrong": "last_day", "already-deputy": "deputy"}
FIELDS = {"deputy": "deputy", "first_day": "first_day", "last_day": "last_day", "reason": "deputy_reason"}


def routes(people: People) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.include_router(_appointing(people))
    router.include_router(_acting(people))
    return router


def _appointing(people: People) -> APIRouter:
    router = APIRouter(prefix="/accounts/{account_id:uuid}/deputies")
    may = Depends(people.door(Role.ADMINISTRATOR))

    @router.post("")
    async def appoint(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        form = await posted(request)
        typed = {name: form.get(field, "") for name, field in FIELDS.items()}
        command, errors = command_of(AppointDeputy, typed, WRONG)
        shown = {FIELDS[name]: value for name, value in typed.items()}
        if command is None:
            errors = {FIELDS[name]: said for name, said in errors.items()}
            return await show_one(people, request, who, account_id, errors, UNPROCESSABLE, typed=shown)
        try:
            await people.deputies.appoint(who.staff, account_id, command)
        except Refusal as refusal:
            errors = {FIELD_OF_REFUSAL.get(refusal.code, "act"): refusal.says}
            return await show_one(people, request, who, account_id, errors, refusal.status, typed=shown)
        return to(f"{ACCOUNTS}/{account_id}#deputies")

    @router.post("/{appointment_id:uuid}/end")
    async def end(request: Request, account_id: UUID, appointment_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        typed = {"appointment_id": appointment_id, "reason": (await posted(request)).get("end_reason", "")}
        command, errors = command_of(EndDeputy, typed, WRONG)
        if command is None:
            return await show_one(people, request, who, account_id, {"act": errors["reason"]}, UNPROCESSABLE)
        await people.deputies.end(who.staff, account_id, command)
        return to(f"{ACCOUNTS}/{account_id}#deputies")

    return router


def _acting(people: People) -> APIRouter:
    router = APIRouter(prefix="/me/acting")
    anyone = Depends(people.door(*Role))

    @router.post("/{account_id:uuid}")
    async def take_up(request: Request, account_id: UUID, who: Annotated[SignedIn, anyone]) -> Response:
        await people.deputies.take_up(who.staff, token_hash(request.cookies[COOKIE]), account_id)
        return to(f"{DESK}/")

    @router.post("/end")
    async def put_down(request: Request, _: Annotated[SignedIn, anyone]) -> Response:
        await people.deputies.put_down(token_hash(request.cookies[COOKIE]))
        return to(ME)

    return router
