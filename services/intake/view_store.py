"""SQL of saved views."""

from collections.abc import Sequence
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from services.intake.domain.views import View

SQL = queries(__file__)


class ViewStore:
    """Every method works in the caller's transaction."""

    async def lock(self, db: Connection) -> None:
        await db.execute(SQL["lock_views"])

    async def seen_by(self, db: Connection, account_id: UUID) -> Sequence[View]:
        """Their own and those for everybody, by name."""
        return [View(**row) for row in await db.fetch(SQL["views_seen_by"], account_id)]

    async def keep(self, db: Connection, view: View) -> None:
        await db.execute(SQL["keep_view"], view.view_id, view.owner, view.name, view.filters, view.shared)

    async def drop(self, db: Connection, view_id: UUID) -> None:
        await db.execute(SQL["drop_view"], view_id)
