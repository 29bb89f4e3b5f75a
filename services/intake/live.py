"""What happens to a request while somebody has its card open: it changes, or others open it. Kept in memory: intake is one process."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.stop import Stopping

LOOK_SECONDS = 1.0
STREAM_SECONDS = 60.0  # then the browser asks anew, and whoever was signed out meanwhile is not let in again
GRACE_SECONDS = 5.0  # between two streams of the same card nobody seems to leave

Versions = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, int]]]


@dataclass(frozen=True, kw_only=True)
class News:
    """The newest version, 0 while it is not known, and the names of the others who have the card open."""

    version: int
    others: tuple[str, ...]


@dataclass
class _Card:
    version: int = 0
    names: dict[str, str] = field(default_factory=dict)
    open: Counter[str] = field(default_factory=Counter)
    left_at: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self) -> None:
        """Wakes whoever waits, and only them."""
        self.changed.set()
        self.changed = asyncio.Event()


class Live:
    """`now` is a monotonic clock in seconds; `versions` answers those of many requests at once."""

    def __init__(self, versions: Versions, now: Callable[[], float]) -> None:
        self._versions = versions
        self._now = now
        self._cards: defaultdict[UUID, _Card] = defaultdict(_Card)
        self._closed = False

    def others(self, request_id: UUID, account_id: str) -> tuple[str, ...]:
        """Who else has this card open, or had a moment ago."""
        card = self._cards.get(request_id)
        if card is None:
            return ()
        here = {one for one, count in card.open.items() if count} | {
            one for one, left_at in card.left_at.items() if self._now() - left_at < GRACE_SECONDS
        }
        return tuple(sorted(card.names[one] for one in here - {account_id}))

    async def watch(self, request_id: UUID, who: SignedIn, seconds: float = STREAM_SECONDS) -> AsyncGenerator[News]:
        """The news of a card, the first at once, until `seconds` passed or the process stops."""
        told: News | None = None
        with self._opened(request_id, who) as card, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._closed:
                    changed = card.changed
                    news = News(version=card.version, others=self.others(request_id, who.staff.id))
                    if news != told:
                        told = news
                        yield news
                    else:
                        await changed.wait()

    async def keep(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        """Looks at all open cards by one query; who left for good is forgotten."""
        while not stopping.requested:
            await self._look()
            beat()
            await stopping.sleep(LOOK_SECONDS)
        self._closed = True
        for card in self._cards.values():
            card.tell()

    async def _look(self) -> None:
        watched = [request_id for request_id, card in self._cards.items() if any(card.open.values())]
        versions = await self._versions(watched) if watched else {}
        for request_id, card in list(self._cards.items()):
            gone = [one for one, left_at in card.left_at.items() if self._now() - left_at >= GRACE_SECONDS]
            for one in gone:
                del card.left_at[one]
            newer = versions.get(request_id, card.version)
            if gone or newer != card.version:
                card.version = newer
                card.tell()
            if not any(card.open.values()) and not card.left_at:
                del self._cards[request_id]

    @contextlib.contextmanager
    def _opened(self, request_id: UUID, who: SignedIn) -> Iterator[_Card]:
        card, account_id = self._cards[request_id], who.staff.id
        card.names[account_id] = who.name
        card.left_at.pop(account_id, None)
        card.open[account_id] += 1
        card.tell()
        try:
            yield card
        finally:
            card.open[account_id] -= 1
            if not card.open[account_id]:
                card.left_at[account_id] = self._now()
