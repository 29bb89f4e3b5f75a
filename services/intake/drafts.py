"""Half-written forms that a frontend puts by for a person who comes back: sealed by the frontend, kept some days, then destroyed (N-7.3).

The name is made of a code that only the person has, and the seal too: nobody here can read a form or tell whose it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final, NamedTuple
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.timers import Timer, cancel_timers, set_timers
from services.intake import tracking
from services.intake.store import SQL

EXPIRE: Final = "expire-draft"
KEPT: Final = timedelta(days=7)


class DraftNotFound(Refusal):
    """Nothing is kept under this name, or not any more."""

    code: ClassVar[str] = "draft-not-found"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Такого черновика нет: возможно, он уже отправлен или срок его хранения прошёл."


class Draft(NamedTuple):
    sealed: str
    kept_until: datetime


class Drafts:
    """By frontend and name. Files that a draft names are not swept while it is kept."""

    def __init__(self, *, pool: Pool, key: bytes, clock: Clock) -> None:
        self._pool = pool
        self._key = key
        self._clock = clock

    async def keep(self, frontend: str, name: str, sealed: str, uploads: Sequence[UUID]) -> Draft:
        """The same name again: what it held before is gone, and the days begin anew."""
        mark, kept_until = self._mark(frontend, name), self._clock.now() + KEPT
        async with self._pool.acquire() as db, db.transaction():
            await db.execute(SQL["keep_draft"], mark, sealed, list(uploads), kept_until)
            await set_timers(db, [Timer(kind=EXPIRE, key=mark.hex(), due_at=kept_until)])
        return Draft(sealed, kept_until)

    async def open(self, frontend: str, name: str) -> Draft:
        """Raises `DraftNotFound`."""
        row = await self._pool.fetchrow(SQL["open_draft"], self._mark(frontend, name), self._clock.now())
        if row is None:
            raise DraftNotFound
        return Draft(row["sealed"], row["kept_until"])

    async def forget(self, frontend: str, name: str) -> None:
        """Nothing where nothing is kept."""
        mark = self._mark(frontend, name)
        async with self._pool.acquire() as db, db.transaction():
            await db.execute(SQL["forget_draft"], mark)
            await cancel_timers(db, EXPIRE, [mark.hex()])

    async def expire(self, db: Connection, timer: Timer) -> None:
        await db.execute(SQL["forget_draft"], bytes.fromhex(timer.key))

    def _mark(self, frontend: str, name: str) -> bytes:
        return tracking.fingerprint(self._key, "draft", frontend, name)
