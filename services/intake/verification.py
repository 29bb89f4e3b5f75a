"""Whether an answer that somebody holds on paper left here: told by its number and its mark, and nothing else is told (N-9.5)."""

from datetime import date
from typing import ClassVar

from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Pool
from services.intake import tracking
from services.intake.letter_store import LetterStore


class LetterUnknown(Refusal):
    """No answer with this number and this mark left; which of the two is wrong is not told."""

    code: ClassVar[str] = "letter-unknown"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Ответ с таким номером и отпечатком этот орган не отправлял. Проверьте номер и отпечаток: они указаны на бумаге."


class Verification:
    def __init__(self, pool: Pool, store: LetterStore) -> None:
        self._pool = pool
        self._store = store

    async def sent_on(self, number: str, mark: str) -> date:
        """When it left. `mark` may be as short as the door lets it be. Raises `LetterUnknown`."""
        async with self._pool.acquire() as db:
            letters = await self._store.by_number(db, tracking.typed(number))
        for sha256, sent_on in letters:
            if sha256.startswith(mark):
                return sent_on
        raise LetterUnknown
