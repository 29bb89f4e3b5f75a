"""What the authority set, as rules: its file, and what it decided since."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from libs.chassis.ops.settings import Authority, Journal, WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Connection, Pool
from services.intake.authority.store import AuthorityStore
from services.intake.deadlines import LAW, LONGEST, TermRules, TermTooLong
from services.intake.domain.acceptance import Rules
from services.intake.domain.authority.decided import Decided, effective, titles
from services.intake.domain.authority.lists import Lists
from services.intake.oddities import PointRule
from services.intake.office_hours import OfficeDay, Week
from services.intake.production_calendar import with_declared

DAYS = frozenset(field.name for field in fields(TermRules) if field.name.endswith("_days"))
LOOK_SECONDS = 5.0


class Book:
    """The rules as they are now. What another process decided is known here `LOOK_SECONDS` later, what this one decided at once."""

    def __init__(self, *, file: Authority, make: Callable[[Decided, Authority], Rules], pool: Pool, store: AuthorityStore) -> None:
        self._file = file
        self._make = make
        self._pool = pool
        self._store = store
        self._known: int | None = None
        self.decided = Decided()
        self.authority = file
        self.titles = titles(file, self.decided)  # of every entry of the lists, closed ones too
        self.rules = make(self.decided, file)

    async def opened(self, db: Connection) -> Rules:
        """The rules, read from the store before they are first used: a date must not be told by a calendar that is not whole."""
        if self._known is None:
            self.take(await self._store.decided(db))
        return self.rules

    def take(self, decided: Decided) -> None:
        """What was just read or appended."""
        if self._known is None or decided.version > self._known:
            self.decided = decided
            self.authority = effective(self._file, decided)
            self.titles = titles(self._file, decided)
            self.rules = self._make(decided, self.authority)
            self._known = decided.version

    async def keep(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        """Looks for what others decided."""
        while not stopping.requested:
            async with self._pool.acquire() as db:
                if self._known != await self._store.version(db):
                    self.take(await self._store.decided(db))
            beat()
            await stopping.sleep(LOOK_SECONDS)


def rules_of(decided: Decided, authority: Authority, *, key: bytes, journal: Journal, roll: str, register_at_once: bool) -> Rules:
    """`authority`: as it is now. Raises `WrongSettings`."""
    return Rules(
        points=tuple(PointRule(one.code, one.kind, oral=one.oral, since=one.since, until=one.until) for one in authority.points),
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
        out_journal=authority.outgoing.code,
        out_index=authority.outgoing.index,
        signatory=authority.signatory,
        body=authority.name,
        postal_address=authority.postal_address,
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
    """Raises `WrongSettings`."""
    for one in authority.types:
        if one.answer_days is not None and not 0 < one.answer_days <= LONGEST["answer_days"]:
            raise WrongSettings(f"The type {one.code}: answer_days = {one.answer_days}: 1 to {LONGEST['answer_days']} days, {LAW}")
    return Lists(
        regime_of={one.code: one.regime for one in authority.types},
        topics=tuple(topic.code for topic in authority.topics),
        topics_of={unit.code: frozenset(unit.topics) for unit in authority.units},
        answer_days={one.code: one.answer_days for one in authority.types if one.answer_days is not None},
    )
