"""Requests by what somebody typed: a name or its beginning, a phone, an address, words of the text. What is typed is kept nowhere."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.queries import queries
from services.intake.overview import Overview, RegisterRow
from services.intake.words import normal
from services.intake.words.marks import LONGEST_PREFIX, Marks

SQL = queries(__file__)
MOST_FOUND = 50  # as many as a page of the register has; who finds more says more
MOST_ASKED = 6  # words; the query has so many places
LONGEST_TYPED = 300
LOOKED_THROUGH = 1_000  # newest requests; a word of every twentieth one fills the list with these
COUNTED_BEHIND = 1_000


@dataclass(frozen=True, kw_only=True)
class Found:
    """The newest first. `more`: there are more than these; `behind`: changes that the index has not read yet, counted up to a thousand;
    `asked`: words that were looked for."""

    rows: Sequence[RegisterRow]
    more: bool
    behind: int
    asked: int


class Search:
    def __init__(self, *, pool: Pool, overview: Overview, key: bytes) -> None:
        self._pool = pool
        self._overview = overview
        self._marks = Marks(key)

    async def find(self, typed: str) -> Found:
        """Requests that hold every word of it."""
        asked = await asyncio.to_thread(asked_for, self._marks, typed[:LONGEST_TYPED])
        ids = await self.holding(asked, MOST_FOUND + 1) if asked else []
        behind = await self._pool.fetchval(SQL["words_behind"], COUNTED_BEHIND)
        rows = await self._overview.rows_of(ids[:MOST_FOUND])
        return Found(rows=rows, more=len(ids) > MOST_FOUND, behind=int(behind), asked=len(asked))

    async def holding(self, asked: Sequence[Collection[int]], limit: int) -> list[UUID]:
        async with self._pool.acquire() as db:
            return await holding(db, asked, limit)


async def holding(db: Connection, asked: Sequence[Collection[int]], limit: int) -> list[UUID]:
    """The newest that hold a mark of each list. Of words that stand everywhere the index would bring half the table."""
    lists = [sorted(marks) for marks in asked[:MOST_ASKED]]
    places = lists + [lists[0]] * (MOST_ASKED - len(lists))
    rows = await db.fetch(SQL["newest_by_words"], *places, limit, LOOKED_THROUGH)
    if len(rows) < limit:
        rows = await db.fetch(SQL["requests_by_words"], *places, limit)
    return [row["request_id"] for row in rows]


def asked_for(marks: Marks, typed: str) -> list[frozenset[int]]:
    """A list of marks for each word, one of which must be there; the longest words when there are too many. Empty: nothing to look for."""
    number = normal.phone(typed) if normal.is_phone(typed) else None
    if number is not None:
        as_written = [marks.word(word) for word in normal.asked_words(typed)] if len(typed.split()) == 1 else []
        return [frozenset((marks.contact(number), *as_written))]  # «5406123456» may be no phone but a taxpayer's number in the text
    lists = {}
    for token in typed.split():
        address = normal.email(token)
        if address is not None:
            lists[address] = frozenset((marks.contact(address),))
        else:
            lists |= {word: _of_word(marks, word) for word in normal.asked_words(token)}
    found = sorted((word for word, one in lists.items() if one), key=len, reverse=True)
    return [lists[word] for word in found[:MOST_ASKED]]


def _of_word(marks: Marks, word: str) -> frozenset[int]:
    """A word of the text in any of its forms, or a name that is it or begins so."""
    lemmas = [marks.word(lemma) for lemma in normal.lemmas(word)]
    names = [marks.name(word)] if 1 < len(word) <= LONGEST_PREFIX else []
    return frozenset(lemmas + names)
