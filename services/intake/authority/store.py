"""The stream of what the authority decided about itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from libs.chassis.store.database import Connection
from libs.chassis.store.events import Append, Category, Context, EventStore, Recorded
from libs.events.contracts import authority_events
from libs.events.envelope import Actor
from libs.events.fact import Event
from libs.events.registry import Registry
from libs.events.topics import AUTHORITY as AUTHORITY_TOPIC
from services.intake.domain.authority.decided import Decided, replayed

AUTHORITY = Category(name="authority", registry=Registry(authority_events.EVENTS), topic=AUTHORITY_TOPIC)
THREADS = UUID("0b7f3ad4-4d0c-5b0a-9d53-9a7a5b1f6f21")


class AuthorityStore:
    """Of one authority, which is a thread of its own; every method works in the caller's transaction."""

    def __init__(self, events: EventStore, code: str) -> None:
        self._events = events
        self._code = code

    async def decided(self, db: Connection) -> Decided:
        return replayed([event.fact for event in await self.recorded(db)])

    async def recorded(self, db: Connection) -> Sequence[Recorded]:
        """Every decision, the oldest first."""
        return (await self._events.read(db, AUTHORITY, [self._code])).get(self._code, [])

    async def version(self, db: Connection) -> int:
        return await self._events.version(db, AUTHORITY, self._code)

    async def append(
        self, db: Connection, version: int, facts: Sequence[Event], *, by: Actor, at: datetime, traceparent: str | None
    ) -> None:
        """Raises `LostRace` when somebody decided meanwhile."""
        context = Context(thread_id=uuid5(THREADS, self._code), occurred_at=at, actor=by, traceparent=traceparent)
        await self._events.append(
            db, [Append(category=AUTHORITY, aggregate_id=self._code, expected_version=version, facts=facts, context=context)]
        )
