"""Every look of staff at what people wrote is written down, and every attempt at what their roles do not allow (N-8.1)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from libs.chassis.access.roles import Staff
from libs.chassis.bus.races import past_races
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Pool
from libs.chassis.store.events import Append, Context, EventStore
from libs.events.contracts.audit_events import ActRefused, CaseViewed
from libs.events.envelope import Actor
from libs.events.fact import Event
from services.intake.store import AUDIT

THREADS: Final = UUID("5f1f5a0c-1c0e-5f7b-8a55-6a1b8f3f0d11")


@dataclass(frozen=True, kw_only=True)
class Looks:
    """Written before the answer goes out: who can't be written down sees nothing."""

    pool: Pool
    events: EventStore
    zone: ZoneInfo
    clock: Clock
    ring: Callable[[], None]
    traceparent: Callable[[], str | None]

    async def looked(self, by: Staff, what: str, request_id: UUID | None = None, found: int | None = None) -> None:
        await self._note(by, CaseViewed(what=what, request_id=request_id, found=found))

    async def refused(self, by: Staff, what: str, request_id: UUID | None = None) -> None:
        await self._note(by, ActRefused(what=what, request_id=request_id))

    async def _note(self, by: Staff, fact: Event) -> None:
        await past_races(partial(self._append, by, fact))
        self.ring()

    async def _append(self, by: Staff, fact: Event) -> None:
        now = self.clock.now()
        day = f"{by.id}-{now.astimezone(self.zone).date()}"
        actor = Actor(role=min(by.roles, default="staff"), id=by.id, on_behalf_of=by.acting_for)
        context = Context(thread_id=uuid5(THREADS, by.id), occurred_at=now, actor=actor, traceparent=self.traceparent())
        async with self.pool.acquire() as db, db.transaction():
            version = await self.events.version(db, AUDIT, day)
            append = Append(category=AUDIT, aggregate_id=day, expected_version=version, facts=[fact], context=context, key=by.id)
            await self.events.append(db, [append])
