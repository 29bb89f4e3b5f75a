"""What the desk lists: how much waits for whom, and the rows of the register."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection, Pool
from services.intake.authority.book import Book
from services.intake.domain.filters import MINE, After, Filters
from services.intake.domain.request import Request
from services.intake.office_hours import Office
from services.intake.store import IntakeStore
from services.intake.transitions import OPEN

PAGE_ROWS = 50
MOST_OF_A_CLIENT = 20


@dataclass(frozen=True, kw_only=True)
class RegisterRow:
    """One request in the register; `overdue`: its day passed and it is still open.

    Of a `destroyed` one number, status and days are left.
    """

    request_id: UUID
    request: Request
    overdue: bool
    destroyed: bool = False


@dataclass(frozen=True, kw_only=True)
class RegisterPage:
    """`after` leads to the next rows, None at the end."""

    rows: Sequence[RegisterRow]
    after: After | None


@dataclass(frozen=True, kw_only=True)
class ThingsToDo:
    """How many open requests wait for what; `mine` and `unit`: of who asks."""

    received: int
    registered: int
    classified: int
    in_work: int
    drafting: int
    waiting: int
    on_approval: int
    approved: int
    overdue: int
    soon: int
    mine: int
    unit: int


class Overview:
    """Lists for whoever is at the desk."""

    def __init__(self, *, pool: Pool, store: IntakeStore, book: Book, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._clock = clock

    async def things_to_do(self, by: Staff) -> ThingsToDo:
        today = self.today()
        soon = today + timedelta(days=self.warn_days)
        async with self._pool.acquire() as db:
            return ThingsToDo(**await self._store.things_to_do(db, today, soon, by.works_as, by.unit))

    async def page(self, by: Staff, filters: Filters, after: After | None, rows: int = PAGE_ROWS) -> RegisterPage:
        """One row more is read than shown, so that the last page knows that it is the last."""
        async with self._pool.acquire() as db:
            found = await self.places(db, by, filters, after, rows + 1)
            shown = await self._rows(db, [row.request_id for row in found[:rows]])
        return RegisterPage(rows=shown, after=found[rows - 1] if len(found) > rows else None)

    async def places(self, db: Connection, by: Staff, filters: Filters, after: After | None, rows: int) -> list[After]:
        """Where the next rows stand, in the order of the filters."""
        first_due, last_due = filters.due_days(self.today(), self.warn_days)
        asked: list[Any] = [
            [filters.status] if filters.status else None,
            *(filters.type or None, filters.topic or None, filters.urgency or None, filters.unit or None),
            by.works_as if filters.who == MINE else None,
            *(first_due, last_due, filters.same_as()),
        ]
        return await self._store.register_rows(db, filters.is_queue(), asked, after, rows)

    async def of_client(self, client_id: UUID | None, but: UUID) -> Sequence[RegisterRow]:
        """The newest other requests of a client."""
        if client_id is None:
            return []
        async with self._pool.acquire() as db:
            return await self._rows(db, await self._store.requests_of_client(db, client_id, but, MOST_OF_A_CLIENT))

    @property
    def warn_days(self) -> int:
        """How long before its end a term counts as near."""
        return self._book.rules.terms.warn_days

    def office(self) -> Office:
        """Whether somebody answers the reference phones at this moment."""
        return self._book.rules.office.at(self._clock.now())

    async def rows_of(self, request_ids: Sequence[UUID]) -> Sequence[RegisterRow]:
        """These requests, in this order."""
        async with self._pool.acquire() as db:
            return await self._rows(db, request_ids)

    def today(self) -> date:
        """The day that it is where the authority is."""
        return self._book.rules.day_of(self._clock.now())

    def is_overdue(self, request: Request) -> bool:
        """On the day it is in time, the next day overdue (N-9.1)."""
        return request.due_on is not None and request.due_on < self.today() and request.status in OPEN

    async def _rows(self, db: Connection, request_ids: Sequence[UUID]) -> Sequence[RegisterRow]:
        states = await self._store.states(db, request_ids)
        lost = [request_id for request_id in request_ids if request_id not in states]
        remains = await self._store.remains(db, lost)
        rows = {request_id: self._row(request_id, request) for request_id, request in states.items()}
        rows |= {
            request_id: RegisterRow(request_id=request_id, request=request, overdue=False, destroyed=True)
            for request_id, request in remains.items()
        }
        return [rows[request_id] for request_id in request_ids if request_id in rows]

    def _row(self, request_id: UUID, request: Request) -> RegisterRow:
        return RegisterRow(request_id=request_id, request=request, overdue=self.is_overdue(request))
