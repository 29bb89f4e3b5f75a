"""What the authority set, as rules: its file, and what it decided since."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from libs.chassis.ops.settings import Authority, Journal, WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Connection, Pool
from services.intake.authority_store import AuthorityStore
from services.intake.deadlines import TermRules, TermTooLong
from services.intake.domain.acceptance import Rules
from services.intake.domain.authority import Decided
from services.intake.domain.lists import Lists
from services.intake.oddities import PointRule
from services.intake.office_hours import OfficeDay, Week
from services.intake.production_calendar import with_declared

DAYS = frozenset(field.name for field in fields(TermRules) if field.name.endswith("_days"))
LOOK_SECONDS = 5.0


class Book:
    """The rules as they are now. What another process decided is known here `LOOK_SECONDS` later, what this one decided at once."""

    def __init__(self, *, make: Callable[[Decided], Rules], pool: Pool, store: AuthorityStore) -> None:
        self._make = make
        self._pool = pool
        self._store = store
        self._known: int | None = None
        self.rules = make(Decided())

    async def opened(self, db: Connection) -> Rules:
        """The rules, read from the store before they are first used: a date must not be told by a calendar that is not whole."""
        if self._known is None:
            self.take(await self._store.decided(db))
        return self.rules

    def take(self, decided: Decided) -> None:
        """What was just read or appended."""
        if self._known is None or decided.version > self._known:
            self.rules = self._make(decided)
            self._known = decided.version

    async def keep(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        """Looks for what others decided."""
        while not stopping.requested:
            async with self._pool.acquire() as db:
                if self._known != await self._store.version(db):
                    self.take(await self._store.decided(db))
            beat()
            await stopping.sleep(LOOK_SECONDS)


def rules_of(decided: Decided, *, authority: Authority, key: bytes, journal: Journal, roll: str, register_at_once: bool) -> Rules:
    """Raises `WrongSettings`."""
    return Rules(
        points=tuple(PointRule(point.code, point.kind, oral=point.oral) for point in authority.points),
        journal=journal.code,
        index=journal.index,
        time_zone=authority.time_zone,
        terms=terms_of(authority, roll),
        is_working=with_declared(decided.days),
        declared=decided.days,
        week=week_of(authority),
        key=key,
        lists=lists_of(authority),
        register_at_once=register_at_once,
    )


def terms_of(authority: Authority, roll: str) -> TermRules:
    """The law's terms, or the shorter ones that the authority promises; raises `WrongSettings`."""
    unknown = sorted(authority.terms.keys() - DAYS)
    if unknown:
        raise WrongSettings(f"The authority's file: [terms] has no {', '.join(unknown)}; it takes {', '.join(sorted(DAYS))}")
    told: dict[str, Any] = {"roll": roll, **authority.terms}
    try:
        return TermRules(**told)
    except TermTooLong as error:
        raise WrongSettings(f"The authority's file: [terms] {error}") from None


def week_of(authority: Authority) -> Week:
    """The hours by weekday, 0 is Monday."""
    return {
        weekday - 1: OfficeDay(opens=hours.opens, closes=hours.closes, breaks=tuple((one.since, one.until) for one in hours.breaks))
        for hours in authority.office_hours
        for weekday in hours.weekdays
    }


def lists_of(authority: Authority) -> Lists:
    return Lists(
        regime_of={one.code: one.regime for one in authority.types},
        topics=tuple(topic.code for topic in authority.topics),
        topics_of={unit.code: frozenset(unit.topics) for unit in authority.units},
    )
