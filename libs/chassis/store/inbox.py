"""The inbox: every effect once, however often Kafka delivers (R-6)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries

SQL = queries(__file__)
LIFETIME = timedelta(days=60)


class Inbox:
    """Notes the ids that a consumer has handled, in the transaction of their effect."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def first_time(self, db: Connection, event_ids: Collection[UUID]) -> set[UUID]:
        """Those of the ids that were not there before; they are noted in the caller's transaction."""
        rows = await db.fetch(SQL["first_time"], self._consumer, sorted(set(event_ids)))
        return {row["event_id"] for row in rows}


async def forget_inbox(db: Connection, now: datetime) -> None:
    """Housekeeping: what outlives this is unique by its business key."""
    await db.execute(SQL["forget_inbox"], now - LIFETIME)
