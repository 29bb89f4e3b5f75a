"""Durable timers: what must happen at a time waits in PostgreSQL and happens once, after a downtime too (R-10).

A timer is set and cancelled in the caller's transaction. It is run in the transaction that removes it, so its effect and its end are one:
who is killed in between has done nothing. Effects outside the database go through the outbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.queries import queries

SQL = queries(__file__)
POLL_SECONDS = 1.0
EFFECT_SECONDS = 30.0  # an effect that takes longer is a failed one: the other timers wait behind it
TELL_SECONDS = 15.0
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=1)

log = structlog.stdlib.get_logger("timers")


@dataclass(frozen=True, kw_only=True)
class Timer:
    """What is due when; `kind` and `key` together name it. `payload` holds ids alone, never anything personal."""

    kind: str
    key: str
    due_at: datetime
    payload: Mapping[str, str] = field(default_factory=dict)


Effect = Callable[[Connection, Timer], Awaitable[None]]
"""Works in the transaction that it is given; it may set its own timer anew."""


async def set_timers(db: Connection, timers: Iterable[Timer]) -> None:
    """In the caller's transaction; a timer that is set already moves."""
    rows = sorted({(timer.kind, timer.key): timer for timer in timers}.items())
    if rows:
        columns = zip(*((*name, timer.due_at, dict(timer.payload)) for name, timer in rows), strict=True)
        await db.execute(SQL["set_timers"], *map(list, columns))


async def cancel_timers(db: Connection, kind: str, keys: Collection[str]) -> None:
    """In the caller's transaction; one that has run or was never set is no mistake."""
    if keys:
        await db.execute(SQL["cancel_timers"], kind, sorted(keys))


def pause_after(failures: int) -> timedelta:
    """Before the next attempt, when so many have failed."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, 20)), LONGEST_PAUSE)


class Timers:
    """Runs what is due, in due order, one at a time; any number of replicas may do so at once."""

    def __init__(self, pool: Pool, clock: Clock, metrics: Metrics, *, effect_seconds: float = EFFECT_SECONDS) -> None:
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._effect_seconds = effect_seconds
        self._effects: dict[str, Effect] = {}
        self._tell_at: datetime | None = None

    def on(self, kind: str, effect: Effect) -> None:
        """What happens when a timer of this kind is due. Timers of kinds that nobody named here wait for a release that knows them."""
        if kind in self._effects:
            raise ValueError(f"two effects for timers of the kind {kind}")
        self._effects[kind] = effect

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        while not stopping.requested:
            beat()
            try:
                found = bool(self._effects) and await self.turn()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("timers wait for their infrastructure", error=error)
                found = False
            if not found:
                await stopping.sleep(POLL_SECONDS)

    async def turn(self) -> bool:
        """One timer, if one is due."""
        async with self._pool.acquire() as db:
            await self._tell(db)
            async with db.transaction():
                row = await db.fetchrow(SQL["claim_timer"], list(self._effects), self._clock.now())
                if row is None:
                    return False
                timer = Timer(kind=row["kind"], key=row["key"], due_at=row["due_at"], payload=row["payload"])
                try:
                    await self._take(db, row["id"], timer)
                except Exception as error:
                    if db.is_closed():
                        raise
                    await self._postpone(db, row["id"], timer, row["failures"] + 1, error)
        return True

    async def _take(self, db: Connection, row_id: int, timer: Timer) -> None:
        """Inside a savepoint: what a failing effect wrote is undone, and the timer stays locked until it is postponed."""
        async with db.transaction(), asyncio.timeout(self._effect_seconds):
            await db.execute(SQL["remove_timer"], row_id)
            await self._effects[timer.kind](db, timer)

    async def _postpone(self, db: Connection, row_id: int, timer: Timer, failures: int, error: Exception) -> None:
        pause = pause_after(failures)
        await db.execute(SQL["postpone_timer"], row_id, self._clock.now() + pause)
        log.error("a timer failed and is tried again", kind=timer.kind, failures=failures, retry_in=pause.total_seconds(), error=error)

    async def _tell(self, db: Connection) -> None:
        now = self._clock.now()
        if self._tell_at is None or now >= self._tell_at:
            self._tell_at = now + timedelta(seconds=TELL_SECONDS)
            self._metrics.timers({row["kind"]: row["oldest"] for row in await db.fetch(SQL["overdue_timers"], now)})
