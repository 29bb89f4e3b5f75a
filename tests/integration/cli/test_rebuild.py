"""Read models are dropped and made again from the events, row for row the same."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.importing import app as importing
from cli.rebuild import command
from libs.chassis.store.destruction import destroy
from libs.chassis.store.models import checksum
from services.intake.main import build
from services.intake.settings import IntakeSettings
from tests.running import running, settings_of
from tests.stack import Database

pytestmark = [pytest.mark.requirement("D-1", "R-1"), pytest.mark.usefixtures("fresh_kafka")]

MODELS = ("requests", "messages", "dialogues", "clients", "identities")
BEHIND = "request_words"
ROWS = (
    "17;Почта;Иванова А. П.;11.01.2024;12.02.2024;;11.01.2024 09:30;Получено письмо;канцелярия",
    "18;Приём;Сидоров;11.01.2024;;;11.01.2024 09:30;Приём;канцелярия",
)


async def rebuild(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(command)
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def sums(database: Database) -> dict[str, str]:
    async with database.superuser() as db:
        return {table: await checksum(db, f"intake.{table}") for table in MODELS}


@pytest.fixture
async def filled(commands: pytest.MonkeyPatch, database: Database, table: Callable[..., Path], mapping: Path) -> dict[str, str]:
    """Rows in every read model: from an import, and from messages that were registered, joined, edited or still lack something."""
    commands.setenv("OTKLIK_ADMIN_DSN", database.admin_dsn)
    done = await asyncio.to_thread(CliRunner().invoke, importing, ["register", str(table(*ROWS)), "--mapping", str(mapping)])
    assert done.exit_code == 0, done.output
    key = {"Authorization": f"Bearer {database.stack.frontend_keys['vk']}"}
    whole: dict[str, Any] = {
        "point": "vk",
        "received_at": datetime.now(UTC).isoformat(),
        "sender": {"account": "id7", "name": "Петрова Ольга"},
    }
    async with running("intake", settings_of(IntakeSettings, database.environment("intake")), build) as intake:
        for external_id, dialogue, text in (
            ("1", "a", "Прошу сообщить порядок аренды участка."),
            ("1", "a", "Прошу сообщить порядок аренды двух участков."),
            ("2", "b", "Здравствуйте"),
            ("3", "c", "Здравствуйте"),
            ("4", "c", "Когда ведёт приём руководитель департамента?"),
        ):
            body = whole | {"external_id": external_id, "dialogue": dialogue, "text": text}
            answer = await intake.http.post("/v1/messages", json=body, headers=key)
            assert answer.is_success, answer.text
    async with database.superuser() as db:
        for model in MODELS:
            assert await db.fetchval(f"SELECT count(*) FROM intake.{model}") > 0, model  # noqa: S608 - a name of ours
    return await sums(database)


async def test_intakes_six_read_models_are_rebuilt_with_the_same_rows(filled: dict[str, str], database: Database) -> None:
    result = await rebuild("intake")
    assert result.exit_code == 0, result.output
    assert result.output.count("the same rows") == 4
    assert f"{BEHIND} 5 " in result.output, "what the index had not come to yet is read first"
    for model in MODELS:
        assert f"{model} {filled[model]}" in result.output
    assert await sums(database) == filled


async def test_what_was_destroyed_holds_up_no_rebuild_and_keeps_its_place_in_the_register(
    filled: dict[str, str], database: Database
) -> None:
    async with database.superuser() as db:
        await db.execute("SET search_path = intake")
        threads = [row["request_id"] for row in await db.fetch("SELECT request_id FROM requests ORDER BY request_id LIMIT 2")]
        clients = [row["client_id"] for row in await db.fetch("SELECT client_id FROM clients LIMIT 1")]
        assert len(await destroy(db, [*threads, *clients])) == 3
        await db.execute("UPDATE requests SET status = 'closed' WHERE request_id <> ALL($1::uuid[])", threads)
    left = await sums(database)
    result = await rebuild("intake")
    assert result.exit_code == 1, "the rows that a hand changed are others, so all others were made again"
    async with database.superuser() as db:
        rows = await db.fetch("SELECT request_id, status FROM intake.requests WHERE request_id = ANY($1::uuid[])", threads)
        assert {row["request_id"] for row in rows} == set(threads)
        assert "closed" not in {row["status"] for row in await db.fetch("SELECT status FROM intake.requests")}
    after = await sums(database)
    assert {table for table in MODELS if after[table] != left[table]} == {"requests"}
    assert (await rebuild("intake")).exit_code == 0


async def test_rows_that_were_lost_or_spoiled_come_back(filled: dict[str, str], database: Database) -> None:
    async with database.superuser() as db:
        await db.execute("DELETE FROM intake.requests WHERE channel = 'import'; UPDATE intake.clients SET kind = 'citizen'")
    result = await rebuild("intake", "--model", "requests")
    assert (result.exit_code, "OTHER ROWS" in result.output) == (1, True)
    assert (await rebuild("intake", "--model", "clients")).exit_code == 1
    assert await sums(database) == filled


async def test_the_rebuilt_tables_still_belong_to_the_application(filled: dict[str, str], database: Database) -> None:
    await rebuild("intake")
    async with database.pool("intake") as pool:
        assert await pool.fetchval("SELECT count(*) FROM requests") > 0
        assert await pool.execute("DELETE FROM requests WHERE false") == "DELETE 0"


@pytest.mark.parametrize("arguments", [("notifier",), ("intake", "--model", "events")])
async def test_what_is_no_read_model_is_not_touched(filled: dict[str, str], arguments: tuple[str, ...]) -> None:
    result = await rebuild(*arguments)
    assert (result.exit_code, "has no read model" in result.output) == (2, True)
