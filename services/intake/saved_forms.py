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
from services.intake.saved_form_store import SavedForm, SavedFormStore

EXPIRE: Final = "expire-saved-form"
KEPT: Final = timedelta(days=7)


class SavedFormNotFound(Refusal):
    """Nothing is kept under this name, or not any more."""

    code: ClassVar[str] = "saved-form-not-found"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "По этому коду ничего нет: форма уже отправлена или срок её хранения прошёл."


class SavedForms:
    """By frontend and name. Files that a form names are not swept while it is kept."""

    def __init__(self, *, pool: Pool, store: SavedFormStore, key: bytes, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._key = key
        self._clock = clock

    async def keep(self, frontend: str, name: str, sealed: str, uploads: Sequence[UUID]) -> SavedForm:
        """The same name again: what it held before is gone, and the days begin anew."""
        mark, form = self._mark(frontend, name), SavedForm(sealed, self._clock.now() + KEPT)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.keep(db, mark, form, uploads)
            await set_timers(db, [Timer(kind=EXPIRE, key=mark.hex(), due_at=form.kept_until)])
        return form

    async def open(self, frontend: str, name: str) -> SavedForm:
        """Raises `SavedFormNotFound`."""
        async with self._pool.acquire() as db:
            form = await self._store.open(db, self._mark(frontend, name), self._clock.now())
        if form is None:
            raise SavedFormNotFound
        return form

    async def forget(self, frontend: str, name: str) -> None:
        """Nothing where nothing is kept."""
        mark = self._mark(frontend, name)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.forget(db, mark)
            await cancel_timers(db, EXPIRE, [mark.hex()])

    async def expire(self, db: Connection, timer: Timer) -> None:
        await self._store.forget(db, bytes.fromhex(timer.key))

    def _mark(self, frontend: str, name: str) -> bytes:
        return tracking.fingerprint(self._key, "saved form", frontend, name)
