"""Read models are functions of their streams: dropped and rebuilt they are the same, row for row (R-1)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from libs.chassis.store.database import Connection, prepare_connection
from libs.chassis.store.events import Category, Recorded
from libs.chassis.store.models import ReadModels, Row, checksum, rebuild, refresh
from tests.integration.chassis.chassis import SERVICE, Chassis, note
from tests.integration.chassis.notes import NOTES, PRIVATE, Counted, Erased, Noted


def rows(stream: str, events: Sequence[Recorded]) -> dict[str, list[Row]]:
    """One row for each note that was not taken back."""
    kept = {row.fact.number: row for row in events if isinstance(row.fact, Noted)}
    for row in events:
        if isinstance(row.fact, Erased):
            kept.pop(row.fact.number, None)
    return {"board": [(stream, number, row.envelope.occurred_at, {"text": row.fact.text}) for number, row in kept.items()]}  # type: ignore[attr-defined]


MODEL = ReadModels(category=PRIVATE, tables={"board": ("stream", "number", "at", "said")}, rows=rows)


@pytest.fixture
async def owner(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> "asyncpg.Connection[Any]":
    """Who may rebuild; the table is there."""
    await superuser.execute("DROP TABLE IF EXISTS board")
    await superuser.execute("CREATE TABLE board (stream text, number int, at timestamptz, said jsonb, PRIMARY KEY (stream, number))")
    await superuser.execute(f"ALTER TABLE board OWNER TO {SERVICE}_owner; GRANT SELECT, INSERT, DELETE ON board TO {SERVICE}")
    await superuser.execute(f"SET ROLE {SERVICE}_owner")
    await prepare_connection(superuser)
    return superuser


async def write(chassis: Chassis, *appends: Any) -> None:
    """Append and refresh in one transaction, as a service does."""
    async with chassis.pool.acquire() as db, db.transaction():
        recorded = await chassis.store.append(db, appends)
        await refreshed(chassis, db, {row.envelope.aggregate_id for row in recorded})


async def refreshed(chassis: Chassis, db: Connection, aggregates: set[str]) -> None:
    found = await chassis.store.read(db, PRIVATE, aggregates)
    await refresh(db, [MODEL], {PRIVATE.stream(aggregate): events for aggregate, events in found.items()})


@pytest.mark.requirement("D-1", "R-1")
async def test_a_read_model_that_is_dropped_and_rebuilt_is_the_same_by_checksum(chassis: Chassis, owner: "asyncpg.Connection[Any]") -> None:
    await write(chassis, *(note(f"{n:05}", Noted(number=n, text=f"Ж{n}\n\t\\"), Noted(number=-n)) for n in range(1203)))
    await write(chassis, *(note(f"{n:05}", Erased(number=n), after=2) for n in range(0, 1203, 3)))
    before = await checksum(owner, "board")
    written = await owner.fetchval("SELECT count(*) FROM board")
    await owner.execute("DELETE FROM board")
    assert await checksum(owner, "board") != before
    assert await rebuild(owner, chassis.store, MODEL) == 2 * 1203 + 401
    assert await checksum(owner, "board") == before
    assert await owner.fetchval("SELECT count(*) FROM board") == written


@pytest.mark.requirement("D-1", "R-1")
async def test_other_categories_do_not_leak_into_a_read_model(chassis: Chassis, owner: "asyncpg.Connection[Any]") -> None:
    others = [Category(name=name, registry=NOTES) for name in ("not", "noteworthy", "zz", "aa")]
    await write(chassis, note("1", Noted(number=1)), note("2", Counted(notes=1)))
    await chassis.append(*(note("9", Noted(number=9), category=other) for other in others))
    assert await rebuild(owner, chassis.store, MODEL) == 2
    assert [row["number"] for row in await owner.fetch("SELECT number FROM board")] == [1]


@pytest.mark.requirement("R-1")
async def test_a_row_that_no_event_explains_is_gone_after_a_rebuild(chassis: Chassis, owner: "asyncpg.Connection[Any]") -> None:
    await write(chassis, note("1", Noted(number=1)))
    await owner.execute("INSERT INTO board VALUES ('note-1', 2, now(), '{}'), ('note-77', 1, now(), '{}')")
    await owner.execute("UPDATE board SET said = '{}' WHERE number = 1")
    await rebuild(owner, chassis.store, MODEL)
    assert [tuple(row) for row in await owner.fetch("SELECT stream, number, said->>'text' FROM board")] == [("note-1", 1, "")]


@pytest.mark.requirement("R-1")
async def test_the_checksum_sees_every_column_and_no_order(chassis: Chassis, owner: "asyncpg.Connection[Any]") -> None:
    await write(chassis, note("1", Noted(number=1)), note("2", Noted(number=2)))
    seen = {await checksum(owner, "board")}
    for change in ("stream = 'x' || stream", "number = number + 10", "at = at + interval '1 us'", 'said = \'{"text": "!"}\''):
        await owner.execute(f"UPDATE board SET {change} WHERE number = (SELECT min(number) FROM board)")  # noqa: S608 - a test's own
        seen.add(await checksum(owner, "board"))
    assert len(seen) == 5
    before = await checksum(owner, "board")
    await owner.execute("CREATE TEMPORARY TABLE kept AS TABLE board; DELETE FROM board; INSERT INTO board TABLE kept ORDER BY number DESC")
    assert await checksum(owner, "board") == before


@pytest.mark.requirement("R-1")
async def test_a_writer_waits_for_a_rebuild_and_loses_nothing(chassis: Chassis, owner: "asyncpg.Connection[Any]") -> None:
    await write(chassis, *(note(str(n), Noted(number=n)) for n in range(300)))
    await asyncio.gather(rebuild(owner, chassis.store, MODEL), *(write(chassis, note(f"late-{n}", Noted(number=n))) for n in range(20)))
    whole = await checksum(owner, "board")
    await rebuild(owner, chassis.store, MODEL)
    assert await checksum(owner, "board") == whole
    assert await owner.fetchval("SELECT count(*) FROM board") == 320
