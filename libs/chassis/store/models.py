"""Read models: functions of one stream each, kept beside the events, dropped and rebuilt with identical rows (R-1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from libs.chassis.store.database import Connection
from libs.chassis.store.events import Category, EventStore, Recorded
from libs.chassis.store.queries import queries

SQL = queries(__file__)
STREAMS_AT_ONCE = 500

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class ReadModel:
    """A table with a column `stream` first; `rows` is pure and sees all events of one stream."""

    table: str
    category: Category
    columns: tuple[str, ...]
    rows: Callable[[str, Sequence[Recorded]], list[Row]]


async def refresh(db: Connection, models: Sequence[ReadModel], streams: Mapping[str, Sequence[Recorded]]) -> None:
    """Bring the rows of these streams up to date; the sequences hold every event of each stream."""
    for model in models:
        mine = {stream: events for stream, events in streams.items() if stream.startswith(f"{model.category.name}-")}
        await db.execute(f"DELETE FROM {model.table} WHERE stream = ANY($1::text[])", sorted(mine))  # noqa: S608 - a name of ours
        await _copy(db, model, model.table, mine)


async def rebuild(db: Connection, store: EventStore, model: ReadModel) -> int:
    """Fill a shadow table from the events and swap it in, in one transaction; returns how many streams were read.

    Needs the owner's rights. Writers wait meanwhile, so that no event falls between the shadow and the swap.
    """
    shadow = f"{model.table}_shadow"
    async with db.transaction():
        await db.execute("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        await db.execute(f"CREATE TEMPORARY TABLE {shadow} (LIKE {model.table} INCLUDING ALL) ON COMMIT DROP")
        streams, after = 0, ""
        while names := [row["stream"] for row in await db.fetch(SQL["next_streams"], f"{model.category.name}-", after, STREAMS_AT_ONCE)]:
            found = await store.read(db, model.category, [model.category.aggregate(name) for name in names])
            await _copy(db, model, shadow, {model.category.stream(name): events for name, events in found.items()})
            streams, after = streams + len(names), names[-1]
        columns = ", ".join(model.columns)
        await db.execute(f"DELETE FROM {model.table}")  # noqa: S608 - a name of ours
        await db.execute(f"INSERT INTO {model.table} ({columns}) SELECT {columns} FROM {shadow}")  # noqa: S608 - names of ours
    return streams


async def checksum(db: Connection, table: str) -> str:
    """Over all columns of all rows, whatever their order on disk; in memory of a fixed size, however many rows there are."""
    sql = f"SELECT count(*) || ' ' || coalesce(sum(hashtextextended(r::text, 0)), 0) FROM {table} r"  # noqa: S608 - a name of ours
    return str(await db.fetchval(sql))


async def _copy(db: Connection, model: ReadModel, table: str, streams: Mapping[str, Sequence[Recorded]]) -> None:
    rows = [row for stream, events in streams.items() for row in model.rows(stream, events)]
    if rows:
        await db.copy_records_to_table(table, records=rows, columns=model.columns)
