"""SQL of forms that are put by."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries

SQL = queries(__file__)


class Draft(NamedTuple):
    sealed: str
    kept_until: datetime


class DraftStore:
    """By mark; every method works in the caller's transaction."""

    async def keep(self, db: Connection, mark: bytes, draft: Draft, uploads: Sequence[UUID]) -> None:
        await db.execute(SQL["keep_draft"], mark, draft.sealed, list(uploads), draft.kept_until)

    async def open(self, db: Connection, mark: bytes, now: datetime) -> Draft | None:
        row = await db.fetchrow(SQL["open_draft"], mark, now)
        return Draft(row["sealed"], row["kept_until"]) if row else None

    async def forget(self, db: Connection, mark: bytes) -> None:
        await db.execute(SQL["forget_draft"], mark)
