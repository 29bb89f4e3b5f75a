"""Saved views of the register: load, decide, keep. A work table holds them: they say nothing of a request, so no event tells of them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.access.roles import Staff
from libs.chassis.ops.identifiers import Ids
from libs.chassis.store.database import Connection, Pool
from services.intake.domain import views as rules
from services.intake.domain.views import ChangeView, SaveView, View
from services.intake.view_store import ViewStore


@dataclass(frozen=True, kw_only=True)
class SavedViews:
    """A deputy has their own, too: a view is a habit, not a piece of work."""

    pool: Pool
    store: ViewStore
    ids: Ids

    async def seen_by(self, who: Staff) -> Sequence[View]:
        """Their own, and those for everybody."""
        async with self.pool.acquire() as db:
            return await self.store.seen_by(db, UUID(who.id))

    async def save(self, by: Staff, command: SaveView) -> None:
        async with self._changing() as db:
            await self.store.keep(db, rules.saved(command, by, await self.store.seen_by(db, UUID(by.id)), self.ids.new()))

    async def change(self, by: Staff, view_id: UUID, command: ChangeView) -> None:
        async with self._changing() as db:
            view = rules.changeable(by, await self.store.seen_by(db, UUID(by.id)), view_id)
            await self.store.keep(db, rules.changed(view, command, by, await self.store.seen_by(db, view.owner)))

    async def drop(self, by: Staff, view_id: UUID) -> None:
        async with self._changing() as db:
            await self.store.drop(db, rules.changeable(by, await self.store.seen_by(db, UUID(by.id)), view_id).view_id)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Connection]:
        """One at a time: which name is free."""
        async with self.pool.acquire() as db, db.transaction():
            await self.store.lock(db)
            yield db
