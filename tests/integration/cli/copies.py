"""What the tests of backup and restore stand on: copies in two places, the commands, and a town with something in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from cli import backup as backing_up
from cli import restore as restoring
from cli.services import SCHEMAS
from libs.chassis.access.roles import Role
from libs.chassis.store.models import checksum
from services.history.main import build as build_history
from services.history.settings import HistorySettings
from services.intake.main import build as build_intake
from services.intake.settings import IntakeSettings
from services.intake.upload_api import DIALOGUE, EXTERNAL_ID
from services.intake.upload_api import NAME as NAME_OF_FILE
from tests.running import running, settings_of
from tests.stack import Database, eventually

NAME = "Верещагина Пелагея Савельевна"


@dataclass
class Place:
    """Where copies go, and the environment in which the commands run."""

    data: Path
    keys: Path

    def only(self, place: Path) -> Path:
        [copy] = [path for path in place.iterdir() if path.is_dir()]
        return copy


async def run(command: Callable[..., None], *arguments: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return await asyncio.to_thread(CliRunner().invoke, app, [str(argument) for argument in arguments])


async def backed_up(place: Place, *more: object) -> Result:
    return await run(backing_up.command, place.data, "--keys-to", place.keys, *more)


async def restored(place: Place, into: Database, monkeypatch: pytest.MonkeyPatch, *more: object) -> Result:
    monkeypatch.setenv("OTKLIK_ADMIN_DSN", into.admin_dsn)
    return await run_restore(place, *more)


async def run_restore(place: Place, *more: object) -> Result:
    return await run(restoring.command, place.data, "--keys-from", place.keys, *more)


@asynccontextmanager
async def both(database: Database) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """The doors of intake and history, with their loops running; without a scanner files are opened with a warning."""
    intake = settings_of(IntakeSettings, database.environment("intake", unscanned_files="warn"))
    history = settings_of(HistorySettings, database.environment("history"))
    async with running("intake", intake, build_intake) as one, running("history", history, build_history) as other:
        yield one.http, other.http


async def uploaded(database: Database, intake: httpx.AsyncClient, raw: bytes, name: str = "a.txt", dialogue: str = "m-0") -> dict[str, Any]:
    """One file at the upload door, as a message names it."""
    key = {"Authorization": f"Bearer {database.stack.frontend_keys['site']}", "Content-Type": "text/plain"}
    told = {EXTERNAL_ID: "f", DIALOGUE: dialogue, NAME_OF_FILE: quote(name)}
    answer = await intake.post("/v1/uploads", content=raw, headers=key | told)
    assert answer.status_code in (200, 201), answer.text
    return {part: value for part, value in answer.json().items() if part != "state"}


async def say(database: Database, intake: httpx.AsyncClient, *external_ids: str, attachments: Sequence[dict[str, Any]] = ()) -> list[str]:
    """Messages at the HTTP door; their register numbers."""
    key = {"Authorization": f"Bearer {database.stack.frontend_keys['site']}"}
    numbers = []
    for external_id in external_ids:
        message = {
            "external_id": external_id,
            "dialogue": external_id,
            "point": "site",
            "sender": {"name": NAME, "kind": "citizen"},
            "contacts": {"email": "vereshchagina@example.ru"},
            "text": "Прошу сообщить порядок аренды земельного участка.",
            "received_at": datetime.now(UTC).isoformat(),
            "attachments": list(attachments),
        }
        answer = await intake.post("/v1/messages", json=message, headers=key)
        assert answer.status_code in (200, 201), answer.text
        numbers.append(answer.json()["register_number"])
    return numbers


async def entries(database: Database, history: httpx.AsyncClient, number: str) -> list[dict[str, Any]]:
    token = database.stack.staff_token(Role.OPERATOR)
    answer = await history.get("/v1/entries", params={"number": number}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def copied(database: Database, history: httpx.AsyncClient, number: str) -> dict[str, Any]:
    """What history says of the one file of a request that it keeps."""

    async def kept() -> list[dict[str, Any]]:
        return [one["payload"] for one in await entries(database, history, number) if one["type"] == "AttachmentKept"]

    [payload] = await eventually(kept, what="history has a copy of the file")
    return dict(payload)


async def filled(database: Database, count: int = 3) -> list[str]:
    """Numbered requests, and all of them in history."""
    async with both(database) as (intake, history):
        numbers = await say(database, intake, *(f"m-{n}" for n in range(count)))

        async def heard() -> bool:
            return all([len(await entries(database, history, number)) >= 3 for number in numbers])

        await eventually(heard, what="history has every request")
    return numbers


async def sums(database: Database) -> dict[str, str]:
    """Every table of every schema, row for row; but for the audit of who looked, which only a running history writes."""
    async with database.superuser() as db:
        tables = await db.fetch(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY($1)", [s.name for s in SCHEMAS]
        )
        return {name: await checksum(db, name) for (name,) in tables}


async def grants(database: Database) -> list[tuple[Any, ...]]:
    async with database.superuser() as db:
        tables = (
            "SELECT nspname, relname, relacl::text, relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        )
        functions = (
            "SELECT nspname, proname, proacl::text, proowner::regrole::text FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
        )
        ours = " WHERE nspname = ANY($1) ORDER BY 1, 2"
        names = [schema.name for schema in SCHEMAS]
        return [tuple(row) for what in (tables, functions) for row in await db.fetch(what + ours, names)]


async def drained(database: Database) -> None:
    """Everything that intake had to say is in Kafka."""

    async def is_empty() -> bool:
        async with database.superuser() as db:
            return bool(await db.fetchval("SELECT count(*) = 0 FROM intake.outbox"))

    await eventually(is_empty, what="the outbox is empty")
