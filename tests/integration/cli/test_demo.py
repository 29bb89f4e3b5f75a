"""Sample data and sample accounts: in the demo mode alone, once, and nobody is told of them."""

import asyncio

import pytest
from typer.testing import CliRunner, Result

from cli.demo import app
from libs.events.vocabulary import ClientKind
from local.sample.staff import ACCOUNTS
from tests.integration.intake.people import Browser
from tests.integration.intake.town import founded
from tests.stack import Database

pytestmark = pytest.mark.requirement("E-18")


PASSWORD = "учебный вход для проб"


async def load(*arguments: str) -> Result:
    return await demo("load", *arguments)


async def demo(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


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


@pytest.mark.requirement("E-1")
async def test_sample_accounts_are_opened_once_and_each_of_them_signs_in_at_the_desk(
    commands: pytest.MonkeyPatch, database: Database
) -> None:
    commands.setenv("OTKLIK_DEMO", "1")
    assert "OTKLIK_DEMO_PASSWORD" in (await demo("accounts")).output
    commands.setenv("OTKLIK_DEMO_PASSWORD", PASSWORD)
    opened = await demo("accounts")
    assert opened.output.split() == [word for account in ACCOUNTS for word in ("opened", account.login)]
    again = await demo("accounts")
    assert (again.exit_code, again.output) == (0, "")
    async with founded(database) as town:
        for account in ACCOUNTS:
            browser = Browser(town)
            await browser.sign_in(account.login, PASSWORD)
            assert account.name in (await browser.get("/me")).text


@pytest.mark.parametrize("is_demo", ["", "0", "no"])
@pytest.mark.parametrize("command", ["load", "accounts"])
async def test_outside_the_demo_mode_nothing_is_loaded(
    commands: pytest.MonkeyPatch, database: Database, is_demo: str, command: str
) -> None:
    commands.setenv("OTKLIK_DEMO", is_demo)
    commands.setenv("OTKLIK_DEMO_PASSWORD", PASSWORD)
    result = await demo(command)
    assert (result.exit_code, "demonstration" in result.output) == (2, True)
    assert await counts(database) == {}
