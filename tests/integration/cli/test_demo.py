"""Sample data: in the demo mode alone, once, and nobody is told of them."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from cli.demo import app
from libs.events.vocabulary import ClientKind
from tests.stack import Database

pytestmark = pytest.mark.requirement("E-18")


async def load(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["load", *arguments])


async def counts(database: Database) -> dict[str, int]:
    async with database.superuser() as db:
        return dict(await db.fetch("SELECT type, count(*) FROM intake.events GROUP BY 1"))


async def test_sample_data_are_loaded_once_and_bring_no_notices(commands: pytest.MonkeyPatch, database: Database) -> None:
    commands.setenv("OTKLIK_DEMO", "1")
    result = await load("--until", "2026-05-20")
    assert result.exit_code == 0, result.output
    loaded = await counts(database)
    assert (loaded["ClientIdentified"], loaded["HistoricalRequestImported"]) == (400, 2_000)
    assert loaded.keys() == {"ClientIdentified", "HistoricalRequestImported", "HistoricalEntryImported"}
    async with database.superuser() as db:
        kinds = {row["kind"] for row in await db.fetch("SELECT DISTINCT kind FROM intake.clients")}
        assert kinds == set(ClientKind) - {ClientKind.UNKNOWN}
        assert await db.fetchval("SELECT count(DISTINCT point) FROM intake.requests") == 9
        assert await db.fetchval("SELECT count(*) FROM intake.requests WHERE client_id IS NULL") == 0
    for day in ("2026-05-20", "2026-05-21"):
        again = await load("--until", day)
        assert (again.exit_code, "already" in again.output) == (0, True)
    assert await counts(database) == loaded


async def test_a_load_that_broke_off_is_finished(commands: pytest.MonkeyPatch, database: Database) -> None:
    commands.setenv("OTKLIK_DEMO", "1")
    await load("--until", "2026-05-20")
    whole = await counts(database)
    async with database.superuser() as db:
        await db.execute("SET search_path = intake")
        last = "SELECT stream FROM requests ORDER BY received_at DESC, stream LIMIT 150"
        await db.execute(f"CREATE TEMPORARY TABLE lost AS {last}")
        for table in ("events", "requests"):
            await db.execute(f"DELETE FROM {table} WHERE stream IN (SELECT stream FROM lost)")  # noqa: S608 - names of ours
    result = await load("--until", "2026-05-20")
    assert "0 clients, 150 contacts" in result.output
    assert await counts(database) == whole


@pytest.mark.parametrize("demo", ["", "0", "no"])
async def test_outside_the_demo_mode_nothing_is_loaded(commands: pytest.MonkeyPatch, database: Database, demo: str) -> None:
    commands.setenv("OTKLIK_DEMO", demo)
    result = await load()
    assert (result.exit_code, "demonstration" in result.output) == (2, True)
    assert await counts(database) == {}
