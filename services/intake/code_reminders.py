"""The code that a person has lost: it goes once more where the notices of the request go, and to nobody else (E-10).

Whoever asks hears the same in the same time, whatever there is: the door notes which requests may be meant, a timer does the rest.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Context
from libs.chassis.store.timers import Timer, set_timers
from libs.events.contracts.intake_requests import TrackingCodeAsked
from libs.events.vocabulary import Contacts
from services.intake import tracking
from services.intake.authority.book import Book
from services.intake.contexts import frontend_actor
from services.intake.domain import reminding
from services.intake.domain.request import Request
from services.intake.domain.telling import telling
from services.intake.store import REQUEST, IntakeStore
from services.intake.words import normal
from services.intake.words.marks import Marks, contacts_of
from services.intake.words.search import holding

REMIND: Final = "remind-code"
MOST_MEANT: Final = 5  # the newest requests of a contact
MOST_A_DAY: Final = 5  # letters to one address
DAY: Final = timedelta(days=1)


class CodeReminders:
    """Asked at the door, sent by the timer."""

    def __init__(self, *, pool: Pool, store: IntakeStore, book: Book, key: bytes, clock: Clock, ids: Ids, ring: Callable[[], None]) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._key = key
        self._marks = Marks(key)
        self._clock = clock
        self._ids = ids
        self._ring = ring

    async def ask(self, known_by: str, frontend: str) -> None:
        """`known_by`: a number, a reference, or a contact that the request names. The same steps for what is there and what is not."""
        mark = self._marks.contact(_contact(known_by))
        async with self._pool.acquire() as db, db.transaction():
            by_number = await self._store.find(db, tracking.typed(known_by))
            by_contact = await holding(db, [[mark]], MOST_MEANT)
            told = {"by_number": _listed(by_number), "by_contact": _listed(by_contact), "mark": str(mark), "frontend": frontend}
            await set_timers(db, [Timer(kind=REMIND, key=str(self._ids.new()), due_at=self._clock.now(), payload=told)])

    async def remind(self, db: Connection, timer: Timer) -> None:
        """Of each request that is meant; a contact must still be the request's own."""
        now, mark, frontend = self._clock.now(), int(timer.payload["mark"]), timer.payload["frontend"]
        await self._store.lock(db)
        await self._store.forget_reminders(db, now - DAY)
        by_number = _ids(timer.payload["by_number"])
        for request_id in dict.fromkeys((*by_number, *_ids(timer.payload["by_contact"]))):
            found = await self._store.request(db, request_id)
            if found is not None and (request_id in by_number or mark in self._contacts(found[0])):
                await self._asked(db, request_id, *found, frontend, now)
        self._ring()

    async def _asked(
        self, db: Connection, request_id: UUID, request: Request, client_id: UUID | None, frontend: str, now: datetime
    ) -> None:
        client, rules = await self._store.client(db, client_id), await self._book.opened(db)
        how = telling(request_id, request, client, rules.key)
        fact = await self._bounded(db, reminding.reminder(request_id, request, how, rules.key), request_id, now)
        if fact is None:
            return
        context = Context(thread_id=request_id, occurred_at=now, actor=frontend_actor(frontend), client_id=client_id)
        append = Append(category=REQUEST, aggregate_id=str(request_id), expected_version=request.version, facts=[fact], context=context)
        await self._store.save(db, [append])

    async def _bounded(self, db: Connection, fact: TrackingCodeAsked, request_id: UUID, now: datetime) -> TrackingCodeAsked | None:
        """Without those who were written to often enough today; None when nobody is left. One that reaches nobody counts by itself."""
        if not fact.notices:
            return fact if await self._store.note_reminder(db, request_id.bytes, now, now - DAY, MOST_A_DAY) else None
        marked = [(notice, reminding.mark(self._key, notice.target)) for notice in fact.notices]
        left = [notice for notice, mark in marked if await self._store.note_reminder(db, mark, now, now - DAY, MOST_A_DAY)]
        return fact.model_copy(update={"notices": tuple(left)}) if left else None

    def _contacts(self, request: Request) -> set[int]:
        own = (*contacts_of(request.contacts, request.additional), *contacts_of(Contacts(email=request.email), None))
        return {self._marks.contact(address) for address in own}


def _contact(typed: str) -> str:
    """A phone or an address in the form that it is looked for."""
    return normal.email(typed) or (normal.phone(typed) if normal.is_phone(typed) else None) or ""


def _listed(ids: list[UUID]) -> str:
    return " ".join(str(one) for one in ids)


def _ids(listed: str) -> list[UUID]:
    return [UUID(one) for one in listed.split()]
