"""The desk's HTTP door: where a request stands, and what staff do with it. It shows codes and dates, nothing that a person wrote."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.chassis.access.roles import Staff
from libs.chassis.access.staff import StaffDoor
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from libs.chassis.ops.telemetry import Telemetry
from libs.events.vocabulary import Classification, ClientKind, Status
from services.intake import statuses
from services.intake.api import checked, never_stored, read, takes
from services.intake.desk import Desk, Seen
from services.intake.domain.answer.commands import AnyCommand
from services.intake.transitions import DESK

MOST_AT_ONCE = 30


class CommandBody(BaseModel):
    """A command and the version of the request that its author had read."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1)
    do: AnyCommand


class CaseAnswer(BaseModel):
    """A request; `possible` are the transitions that are open to who asks (docs/orders.md, S)."""

    request_id: UUID
    version: int
    reference: str
    register_number: str | None
    status: Status
    status_title: str
    received_at: datetime | None
    registered_at: datetime | None
    due_on: date | None
    why_due: str | None
    extended: bool
    client_kind: ClientKind | None
    classification: Classification | None
    unit: str | None
    executor: str | None
    draft_sha256: str | None
    out_no: str | None
    possible: list[str]


def routes(desk: Desk, staff: StaffDoor, telemetry: Telemetry) -> APIRouter:
    limits = [Depends(never_stored), Depends(ConcurrencyLimit(MOST_AT_ONCE))]
    router = APIRouter(prefix="/v1/desk", responses=RESPONSES, dependencies=limits)
    may_work = Depends(staff(*sorted(DESK)))

    @router.get("/requests/{request_id}")
    async def look(request_id: UUID, who: Annotated[Staff, may_work]) -> CaseAnswer:
        """Where a request stands."""
        return shown(await desk.look(who, request_id))

    @router.post("/requests/{request_id}/commands", openapi_extra=takes(CommandBody))
    async def act(request_id: UUID, request: Request, who: Annotated[Staff, may_work]) -> CaseAnswer:
        """One step; 409 `changed-meanwhile` when somebody else made one since `version`."""
        body = checked(CommandBody, await read(request))
        return shown(await desk.act(who, request_id, body.version, body.do, telemetry.current_traceparent()))

    return router


def shown(seen: Seen) -> CaseAnswer:
    request = seen.case.request
    same: dict[str, Any] = {name: getattr(request, name) for name in CaseAnswer.model_fields if hasattr(request, name)}
    return CaseAnswer(
        **same,
        request_id=seen.case.request_id,
        register_number=request.reg_no,
        status_title=statuses.TITLES[request.status],
        why_due=seen.why_due,
        client_kind=request.kind,
        possible=list(seen.possible),
    )
