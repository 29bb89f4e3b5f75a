"""Half-written forms that a frontend puts by for a person who comes back: sealed by the frontend, kept some days, then destroyed (N-7.3).

The name is made of a code that only the person has, and the seal too: nobody here can read a form or tell whose it is.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.timers import Timer, cancel_timers, set_timers
from services.intake import tracking
from services.intake.draft_store import Draft, DraftStore

EXPIRE: Final = "expire-draft"
KEPT: Final = timedelta(days=7)


class DraftNotFound(Refusal):
    """Nothing is kept under this name, or not any more."""

    code: ClassVar[str] = "draft-not-found"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Такого черновика нет: возможно, он уже отправлен или срок его хранения прошёл."


class Drafts:
    """By frontend and name. Files that a draft names are not swept while it is kept."""

    def __init__(self, *, pool: Pool, store: DraftStore, key: bytes, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._key = key
        self._clock = clock

    async def keep(self, frontend: str, name: str, sealed: str, uploads: Sequence[UUID]) -> Draft:
        """The same name again: what it held before is gone, and the days begin anew."""
        mark, draft = self._mark(frontend, name), Draft(sealed, self._clock.now() + KEPT)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.keep(db, mark, draft, uploads)
            await set_timers(db, [Timer(kind=EXPIRE, key=mark.hex(), due_at=draft.kept_until)])
        return draft

    async def open(self, frontend: str, name: str) -> Draft:
        """Raises `DraftNotFound`."""
        async with self._pool.acquire() as db:
            draft = await self._store.open(db, self._mark(frontend, name), self._clock.now())
        if draft is None:
            raise DraftNotFound
        return draft

    async def forget(self, frontend: str, name: str) -> None:
        """Nothing where nothing is kept."""
        mark = self._mark(frontend, name)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.forget(db, mark)
            await cancel_timers(db, EXPIRE, [mark.hex()])

    async def expire(self, db: Connection, timer: Timer) -> None:
        await self._store.forget(db, bytes.fromhex(timer.key))

    def _mark(self, frontend: str, name: str) -> bytes:
        return tracking.fingerprint(self._key, "draft", frontend, name)
