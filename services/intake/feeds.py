"""Calendars of due dates behind a secret address, for programs that can't sign in: made, revoked, read.

The address is all that opens one, so it is long, kept as a SHA-256 alone, shown once, and opens numbers and days only.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Pool
from services.intake.authority.book import Book
from services.intake.domain.authority.listings import Listing
from services.intake.due_calendar import calendar_file
from services.intake.feed_store import FeedStore

TOKEN_BYTES = 32
MOST = 1_000
OWN_TITLE = "Сроки ответов: мои запросы"
UNIT_TITLE = "Сроки ответов: {unit}"


class Scope(StrEnum):
    """Of whose requests."""

    OWN = "own"
    UNIT = "unit"


@dataclass(frozen=True, kw_only=True)
class Feeds:
    pool: Pool
    store: FeedStore
    book: Book
    authority: str
    clock: Clock

    async def make(self, by: Staff, scope: Scope) -> str:
        """The secret of the address; an earlier one for the same requests opens nothing any more."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with self.pool.acquire() as db:
            await self.store.keep(db, UUID(by.id), scope, _hash(token), self.clock.now())
        return token

    async def revoke(self, by: Staff, scope: Scope) -> None:
        async with self.pool.acquire() as db:
            await self.store.drop(db, UUID(by.id), scope)

    async def of(self, who: Staff) -> Mapping[str, datetime]:
        """Those that they have, since when."""
        async with self.pool.acquire() as db:
            return await self.store.of(db, UUID(who.id))

    async def read(self, token: str) -> bytes | None:
        """The calendar as it is now; None where no address is so, it was revoked, or its account may not work here any more."""
        async with self.pool.acquire() as db:
            feed = await self.store.by_token(db, _hash(token))
            if feed is None:
                return None
            of_unit = feed.scope == Scope.UNIT
            executor, unit = (None, feed.unit) if of_unit else (feed.account, None)
            due_dates = await self.store.due_dates(db, executor, unit, MOST)
        title = UNIT_TITLE.format(unit=self.book.titles[Listing.UNITS].get(unit or "", "")) if of_unit else OWN_TITLE
        return calendar_file(title, self.authority, due_dates)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
