"""SQL of the calendars that staff subscribe to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from services.intake.due_calendar import DueDate

SQL = queries(__file__)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Whose calendar an address opens."""

    scope: str
    account: str
    unit: str | None


class FeedStore:
    """Every method works in the caller's transaction."""

    async def keep(self, db: Connection, account_id: UUID, scope: str, token_hash: bytes, at: datetime) -> None:
        await db.execute(SQL["keep_feed"], account_id, scope, token_hash, at)

    async def drop(self, db: Connection, account_id: UUID, scope: str) -> None:
        await db.execute(SQL["drop_feed"], account_id, scope)

    async def of(self, db: Connection, account_id: UUID) -> Mapping[str, datetime]:
        """By scope, since when."""
        return {row["scope"]: row["made_at"] for row in await db.fetch(SQL["feeds_of"], account_id)}

    async def by_token(self, db: Connection, token_hash: bytes) -> Feed | None:
        row = await db.fetchrow(SQL["feed_by_token"], token_hash)
        return Feed(**row) if row else None

    async def due_dates(self, db: Connection, executor: str | None, unit: str | None, most: int) -> Sequence[DueDate]:
        rows = await db.fetch(SQL["due_dates"], executor, unit, most)
        return [
            DueDate(
                request_id=row["request_id"],
                number=row["reg_no"],
                due_on=row["due_on"],
                version=row["version"],
                changed_at=row["recorded_at"],
            )
            for row in rows
        ]
