"""Letters on paper that wait for the post."""

from typing import NamedTuple
from uuid import UUID

from libs.chassis.store.database import Pool
from services.intake.domain.request import Request
from services.intake.letter_store import LetterStore
from services.intake.store import IntakeStore

MOST = 500


class ToPost(NamedTuple):
    request_id: UUID
    request: Request


class Outgoing:
    def __init__(self, pool: Pool, store: IntakeStore, letters: LetterStore) -> None:
        self._pool = pool
        self._store = store
        self._letters = letters

    async def waiting(self) -> list[ToPost]:
        """The oldest letters first, as many as one list may have."""
        async with self._pool.acquire() as db:
            ids = await self._letters.to_post(db, MOST)
            states = await self._store.states(db, ids)
        return [ToPost(request_id, states[request_id]) for request_id in ids]
