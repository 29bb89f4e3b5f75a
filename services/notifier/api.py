"""The door for programs of staff: what became of a request's notices. Nothing personal goes out, so a look is not audited."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.staff import StaffDoor
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES

MOST_LOOKS = 30  # at once: some three for each connection to the database


class Delivery(BaseModel):
    notice_id: UUID
    seq: int
    channel: str
    frontend: str | None
    role: str
    status: str
    state: str
    reason: str | None
    attempt: int
    duplicate_of: UUID | None
    planned_at: datetime
    due_at: datetime
    finished_at: datetime | None


class Deliveries(BaseModel):
    deliveries: list[Delivery]


class Reads(Protocol):
    async def of_request(self, request_id: str) -> Sequence[Mapping[str, Any]]: ...


def routes(notices: Reads, staff: StaffDoor) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=RESPONSES, dependencies=[Depends(ConcurrencyLimit(MOST_LOOKS))])
    may_look = staff(Role.OPERATOR, Role.REGISTRAR, Role.HEAD)

    @router.get("/deliveries")
    async def deliveries(
        request: Annotated[str, Query(min_length=1, max_length=200)],
        _: Annotated[Staff, Depends(may_look)],
    ) -> Deliveries:
        if "\x00" in request:
            return Deliveries(deliveries=[])
        rows = await notices.of_request(request)
        return Deliveries(deliveries=[Delivery.model_validate(row) for row in rows])

    return router
