"""The live side of a card: a stream of server-sent events. Without JavaScript the card says the same when it is opened."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from libs.chassis.access.sessions import SessionDoor, SignedIn
from services.intake.live import Live
from services.intake.transitions import DESK

AGAIN_MS = 1_000


def routes(live: Live, door: SessionDoor) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    may_work = Depends(door(*sorted(DESK)))

    @router.get("/requests/{request_id:uuid}/live", response_class=EventSourceResponse)
    async def news(request_id: UUID, who: Annotated[SignedIn, may_work]) -> AsyncIterator[ServerSentEvent]:
        async for one in live.watch(request_id, who):
            yield ServerSentEvent(event="news", data={"version": one.version, "others": one.others}, retry=AGAIN_MS)

    return router
