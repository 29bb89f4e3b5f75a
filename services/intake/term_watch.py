"""Terms that warn by themselves, and questions that nobody answered: looked for when the day begins, and each minute after (N-9.1, S-16).

A look that was missed is made up by the next one. What was told is in the request's own stream, so a second look, another replica's
or one after a kill, finds nothing left to tell.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import structlog

from libs.chassis.bus.races import past_races
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Pool
from libs.chassis.store.events import Append, Recorded
from services.intake.authority.book import Book
from services.intake.contexts import clock_context
from services.intake.domain.client import Client
from services.intake.domain.overdue import passed
from services.intake.domain.telling import telling
from services.intake.store import REQUEST, IntakeStore, state_of

BATCH = 25  # the register waits meanwhile, some 70 ms
MOST_AT_ONCE = 10_000  # the others come with the next look

log = structlog.stdlib.get_logger("term-watch")


class TermWatch:
    """Any number of replicas may watch."""

    def __init__(self, *, pool: Pool, store: IntakeStore, book: Book, clock: Clock, ring: Callable[[], None]) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._clock = clock
        self._ring = ring

    async def run(self, stopping: Stopping, *, beat: Callable[[], None], pause_seconds: float) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        while not stopping.requested:
            beat()
            try:
                await self.look(stopping, beat)
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the terms wait for their infrastructure", error=error)
            now = self._clock.now()
            until_midnight = self._book.rules.next_day(now) - now
            await stopping.sleep(min(timedelta(seconds=pause_seconds), until_midnight).total_seconds())

    async def look(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Tells what today has to be told."""
        async with self._pool.acquire() as db:
            rules = await self._book.opened(db)
            today = rules.day_of(self._clock.now())
            found = await self._store.misplaced(db, today, rules, MOST_AT_ONCE)
            found += await self._store.concerned(db, today, rules, MOST_AT_ONCE)
        for start in range(0, len(found), BATCH):
            if stopping.requested:
                return
            await self._tell(found[start : start + BATCH], today)
            self._ring()
            beat()

    async def _tell(self, request_ids: Sequence[UUID], today: date) -> None:
        """In one transaction; when a single request breaks it, the others must not pay: the batch is halved until it is found."""
        try:
            await past_races(partial(self._told, request_ids, today))
        except INFRASTRUCTURE_ERRORS:
            raise
        except Exception as error:
            if len(request_ids) == 1:
                log.error("a request's terms can't be watched, the next look tries again", request_id=str(request_ids[0]), error=error)
                return
            middle = len(request_ids) // 2
            await self._tell(request_ids[:middle], today)
            await self._tell(request_ids[middle:], today)

    async def _told(self, request_ids: Sequence[UUID], today: date) -> None:
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            streams = await self._store.told(db, request_ids)
            clients = await self._store.clients(db, {one for events in streams.values() if (one := events[0].envelope.client_id)})
            appends = [self._append(request_id, events, clients, today) for request_id, events in streams.items()]
            await self._store.save(db, [append for append in appends if append.facts])

    def _append(self, request_id: UUID, events: Sequence[Recorded], clients: Mapping[UUID, Client], today: date) -> Append:
        request, first = state_of(events), events[0].envelope
        client = clients.get(first.client_id, Client()) if first.client_id else Client()
        how = telling(request_id, request, client, self._book.rules.key)
        return Append(
            category=REQUEST,
            aggregate_id=str(request_id),
            expected_version=request.version,
            facts=passed(request, first.point, today, self._book.rules, how),
            context=clock_context(request_id, first.client_id, self._clock.now()),
        )
