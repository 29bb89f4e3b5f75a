"""Read models: functions of one stream each, kept beside the events, dropped and rebuilt with identical rows (R-1)."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from libs.chassis.store.database import Connection
from libs.chassis.store.events import Category, EventStore, Recorded
from libs.chassis.store.queries import queries

SQL = queries(__file__)
EVENTS_AT_ONCE = 2_000

Row = tuple[Any, ...]
Streams = Mapping[str, Sequence[Recorded]]


@dataclass(frozen=True, kw_only=True)
class ReadModels:
    """Tables over the streams of one category: their columns by name, `stream` first.

    `rows` is pure, sees all events of one stream and answers its rows in each of the tables.
    """

    category: Category
    tables: Mapping[str, tuple[str, ...]]
    rows: Callable[[str, Sequence[Recorded]], Mapping[str, Sequence[Row]]]


async def refresh(db: Connection, models: Sequence[ReadModels], streams: Streams, *, new: Collection[str] = ()) -> None:
    """Bring the rows of these streams up to date; the sequences hold every event of each stream. `new` ones have no rows yet."""
    for model in models:
        mine = {stream: events for stream, events in streams.items() if stream.startswith(f"{model.category.name}-")}
        old = sorted(mine.keys() - set(new))
        for table in model.tables if old else ():
            await db.execute(f"DELETE FROM {table} WHERE stream = ANY($1::text[])", old)  # noqa: S608 - a name of ours
        await _copy(db, model, mine, {table: table for table in model.tables})


async def rebuild(db: Connection, store: EventStore, model: ReadModels) -> int:
    """Fill shadow tables from the events in one pass and swap them in, in one transaction; returns how many events were read.

    Needs the owner's rights. Writers wait meanwhile, so that no event falls between the shadow and the swap. What was made of a stream that
    is destroyed stays as it stands: there is nothing left to make it of.
    """
    shadows = {table: f"{table}_shadow" for table in model.tables}
    async with db.transaction():
        await db.execute("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        for table, shadow in shadows.items():
            await db.execute(f"CREATE TEMPORARY TABLE {shadow} (LIKE {table}) ON COMMIT DROP")
        read = 0
        destroyed = [row["stream"] for row in await db.fetch(SQL["destroyed_streams"], f"{model.category.name}-")]
        async for streams in _whole_streams(db, store, model.category, destroyed):
            await _copy(db, model, streams, shadows)
            read += sum(map(len, streams.values()))
        for table, shadow in shadows.items():
            columns = ", ".join(model.tables[table])
            await db.execute(f"DELETE FROM {table} WHERE stream <> ALL($1::text[])", destroyed)  # noqa: S608 - a name of ours
            await db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {shadow}")  # noqa: S608 - names of ours
    return read


async def checksum(db: Connection, table: str) -> str:
    """Over all columns of all rows, whatever their order on disk; in memory of a fixed size, however many rows there are."""
    sql = f"SELECT count(*) || ' ' || coalesce(sum(hashtextextended(r::text, 0)), 0) FROM {table} r"  # noqa: S608 - a name of ours
    return str(await db.fetchval(sql))


async def _whole_streams(db: Connection, store: EventStore, category: Category, but: Collection[str]) -> AsyncIterator[Streams]:
    """All streams of a category but these, some at a time and each whole."""
    cursor = await db.cursor(SQL["category_events"], f"{category.name}-", list(but))
    left: list[Recorded] = []
    while rows := await cursor.fetch(EVENTS_AT_ONCE):
        events = left + await store.opened(db, category, rows)
        last = events[-1].stream  # which the next rows may go on with
        left = [event for event in events if event.stream == last]
        yield _by_stream(events[: len(events) - len(left)])
    yield _by_stream(left)


def _by_stream(events: Sequence[Recorded]) -> Streams:
    return {stream: list(group) for stream, group in groupby(events, attrgetter("stream"))}


async def _copy(db: Connection, model: ReadModels, streams: Streams, into: Mapping[str, str]) -> None:
    found: dict[str, list[Row]] = {table: [] for table in into}
    for stream, events in streams.items():
        for table, rows in model.rows(stream, events).items():
            found[table].extend(rows)
    for table, rows in found.items():
        if rows:
            await db.copy_records_to_table(into[table], records=rows, columns=model.tables[table])
