"""Stored events through the outbox again: the same ids and keys, and the order of each stream (R-12, D-20).

Who has heard them knows them by their ids. An event that is appended meanwhile has an outbox row of its own, before the copies or behind
them; among themselves neither new events nor copies overtake.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Category, EventStore, Recorded, record_of
from libs.chassis.store.outbox import Outbox, Record
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal
from libs.events.contracts.history_events import HistoryGapDetected

SQL = queries(__file__)
STREAMS_AT_ONCE = 100
SAME_AGAIN = timedelta(minutes=1)  # the same gap asked for sooner is not answered: the first answer is on its way
LOOK_SECONDS = 3_600.0  # one look at the whole table of events may take longer than any other query
ALL = 2**62  # a version that no stream reaches

Span = tuple[str, int, int]
"""A stream and its first and last version to publish."""
log = structlog.stdlib.get_logger("store")


@dataclass(frozen=True, kw_only=True)
class Published:
    """Streams that begin with `prefix`, each of a category with a topic; `key` is the Kafka key that their events were published under."""

    prefix: str
    of_stream: Callable[[str], Category]
    of_topic: Callable[[str], Category | None]
    key: Callable[[Recorded], str]


def published(category: Category, key: Callable[[Recorded], str] | None = None) -> Published:
    """One category; the key is the aggregate's id where nothing else is said."""

    def of_topic(topic: str) -> Category | None:
        return category if category.topic is not None and category.topic.name == topic else None

    return Published(prefix=category.stream(""), of_stream=lambda _: category, of_topic=of_topic, key=key or _aggregate)


def _aggregate(row: Recorded) -> str:
    return row.envelope.aggregate_id


class Republisher:
    """Of one service, whose `kinds` are all that it publishes from its store."""

    def __init__(self, *, store: EventStore, outbox: Outbox, clock: Clock, kinds: Sequence[Published]) -> None:
        self._store = store
        self._outbox = outbox
        self._clock = clock
        self._kinds = kinds

    def stream_of(self, topic: str, aggregate_id: str) -> str | None:
        """The stream whose events are published there; None when there is no such."""
        categories = [category for kind in self._kinds if (category := kind.of_topic(topic)) is not None]
        return categories[0].stream(aggregate_id) if categories else None

    async def since(self, pool: Pool, moment: datetime, *, topic: str | None = None) -> AsyncIterator[int]:
        """Everything recorded since then, some streams in a transaction; tells how many events each of them put into the outbox.

        The names of the streams are held in memory, some hundred bytes for each.
        """
        rows = await pool.fetch(SQL["streams_since"], moment, timeout=LOOK_SECONDS)
        spans = [(row["stream"], row["first"], ALL) for row in rows if self._goes_to(row["stream"], topic)]
        for start in range(0, len(spans), STREAMS_AT_ONCE):
            async with pool.acquire() as db, db.transaction():
                count = await self.publish(db, spans[start : start + STREAMS_AT_ONCE])
            yield count

    async def publish(self, db: Connection, spans: Sequence[Span]) -> int:
        """In the caller's transaction; how many events that were. Those whose key was destroyed stay where they are."""
        streams, firsts, lasts = [span[0] for span in spans], [span[1] for span in spans], [span[2] for span in spans]
        rows = await db.fetch(SQL["events_from"], streams, firsts, lasts)
        records: list[Record] = []
        for kind in self._kinds:
            for category, mine in _by_category(kind, rows).items():
                if category.topic is not None:
                    opened = await self._opened(db, category, mine)
                    records += [record_of(row.envelope, category.topic.name, kind.key(row), None) for row in opened]
        left = await self._outbox.add_again(db, records, self._clock.now())
        for record in left:
            _stays(record.event_id)
        return len(records) - len(left)

    async def _opened(self, db: Connection, category: Category, rows: Sequence[Mapping[str, Any]]) -> list[Recorded]:
        try:
            return await self._store.opened(db, category, rows)
        except BrokenSeal:
            if len(rows) == 1:
                _stays(rows[0]["event_id"])
                return []
        middle = len(rows) // 2
        return await self._opened(db, category, rows[:middle]) + await self._opened(db, category, rows[middle:])

    def _goes_to(self, stream: str, topic: str | None) -> bool:
        topics = (kind.of_stream(stream).topic for kind in self._kinds if stream.startswith(kind.prefix))
        return any(found is not None and topic in (None, found.name) for found in topics)


def _stays(event_id: UUID) -> None:
    log.warning("an event can't be opened and is not published again", event_id=str(event_id))


async def is_first_answer(db: Connection, gap: HistoryGapDetected, now: datetime) -> bool:
    """Whether nobody answered the same question a moment ago; noted in the caller's transaction."""
    place = (gap.topic, gap.aggregate_id, gap.from_seq, gap.to_seq)
    return bool(await db.fetchval(SQL["answer_gap"], *place, now, now - SAME_AGAIN))


async def last_recorded(pool: Pool) -> datetime | None:
    """When the newest event was recorded."""
    found: datetime | None = await pool.fetchval(SQL["last_recorded"], timeout=LOOK_SECONDS)
    return found


def _by_category(kind: Published, rows: Sequence[Mapping[str, Any]]) -> dict[Category, list[Mapping[str, Any]]]:
    found: dict[str, tuple[Category, list[Mapping[str, Any]]]] = {}
    for row in rows:
        if row["stream"].startswith(kind.prefix):
            category = kind.of_stream(row["stream"])
            found.setdefault(category.name, (category, []))[1].append(row)
    return dict(found.values())
