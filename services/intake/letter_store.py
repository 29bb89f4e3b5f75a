"""SQL of what left: answers by their number."""

from datetime import date
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries

SQL = queries(__file__)


class LetterStore:
    async def by_number(self, db: Connection, number: str) -> list[tuple[str, date]]:
        """The mark of each answer that left under this number, as `tracking.typed` makes it plain, and when it left."""
        return [(row["sha256"], row["sent_on"]) for row in await db.fetch(SQL["letters_by_number"], number)]

    async def to_post(self, db: Connection, most: int) -> list[UUID]:
        """Requests whose letter on paper waits for the post, the oldest first."""
        return [row["request_id"] for row in await db.fetch(SQL["letters_to_post"], most)]
