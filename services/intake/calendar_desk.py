"""The production calendar at the desk: which days of a year differ and by which act, and a day that is declared another one (R-10)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from libs.chassis.access.roles import Role, Staff
from libs.chassis.bus.races import past_races
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection, Pool
from libs.events.contracts.authority_events import DayDeclared
from libs.events.envelope import Actor
from services.intake.authority.book import Book
from services.intake.authority.store import AuthorityStore
from services.intake.domain.authority.decided import Decided, DeclareDay, declare, replayed
from services.intake.production_calendar import Standing, differing, name_of, standing, with_declared
from services.intake.store import IntakeStore

MOST_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class ShownDay:
    """`name`: what the calendar calls it; `declared` with who declared it when, where somebody did."""

    day: date
    working: bool
    name: str | None
    declared: DayDeclared | None = None
    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ShownYear:
    """The days of a year that are otherwise than in a plain week."""

    year: int
    standing: Standing
    days: Sequence[ShownDay]


class CalendarDesk:
    """For administrators."""

    def __init__(
        self, *, pool: Pool, authorities: AuthorityStore, store: IntakeStore, book: Book, clock: Clock, ring: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._authorities = authorities
        self._store = store
        self._book = book
        self._clock = clock
        self._ring = ring

    def today(self) -> date:
        """Where the authority is."""
        return self._book.rules.day_of(self._clock.now())

    async def year(self, year: int) -> ShownYear:
        async with self._pool.acquire() as db:
            told = await self._authorities.recorded(db)
        last = {event.fact.day: event for event in told if isinstance(event.fact, DayDeclared)}
        declared = {day: event.fact for day, event in last.items() if isinstance(event.fact, DayDeclared)}
        is_working = with_declared(declared)
        return ShownYear(
            year=year,
            standing=standing(year),
            days=[
                ShownDay(
                    day=day,
                    working=is_working(day),
                    name=name_of(day),
                    declared=declared.get(day),
                    by=actor.id if (event := last.get(day)) and (actor := event.envelope.actor) else None,
                    at=event.envelope.occurred_at if event else None,
                )
                for day in differing(year, declared)
            ],
        )

    async def declare(self, by: Staff, command: DeclareDay, traceparent: str | None) -> int:
        """How many running terms end on another day by it, at most `MOST_COUNTED`: the term watch moves them within a minute."""

        async def once() -> tuple[Decided, int]:
            async with self._pool.acquire() as db, db.transaction():
                return await self._declared(db, by, command, traceparent)

        decided, moved = await past_races(once)
        self._book.take(decided)
        self._ring()
        return moved

    async def _declared(self, db: Connection, by: Staff, command: DeclareDay, traceparent: str | None) -> tuple[Decided, int]:
        before, today = await self._authorities.decided(db), self.today()
        facts = declare(before, command, by, today)
        actor = Actor(role=Role.ADMINISTRATOR.value, id=by.id)
        await self._authorities.append(db, before.version, facts, by=actor, at=self._clock.now(), traceparent=traceparent)
        after = replayed(facts, before)
        rules = replace(self._book.rules, declared=after.days, is_working=with_declared(after.days))
        return after, len(await self._store.misplaced(db, today, rules, MOST_COUNTED))
