"""SQL of forms that are put by."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries

SQL = queries(__file__)


class SavedForm(NamedTuple):
    sealed: str
    kept_until: datetime


class SavedFormStore:
    """By mark; every method works in the caller's transaction."""

    async def keep(self, db: Connection, mark: bytes, form: SavedForm, uploads: Sequence[UUID]) -> None:
        await db.execute(SQL["keep_saved_form"], mark, form.sealed, list(uploads), form.kept_until)

    async def open(self, db: Connection, mark: bytes, now: datetime) -> SavedForm | None:
        row = await db.fetchrow(SQL["open_saved_form"], mark, now)
        return SavedForm(row["sealed"], row["kept_until"]) if row else None

    async def forget(self, db: Connection, mark: bytes) -> None:
        await db.execute(SQL["forget_saved_form"], mark)
