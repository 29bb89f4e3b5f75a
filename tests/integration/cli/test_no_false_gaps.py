"""What the services really publish has no gaps for history: every event of a published stream, imported ones too (D-18)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.importing import app
from services.history.main import build as build_history
from services.history.settings import HistorySettings
from services.notifier.main import build as build_notifier
from services.notifier.settings import NotifierSettings
from tests.examples import GREETING, boris
from tests.integration.cli.test_import_register import FIRST, SECOND
from tests.integration.intake.town import Town, founded, said
from tests.running import running, settings_of
from tests.stack import Database, eventually

PUBLISHED = """
    SELECT 'intake' AS producer, regexp_replace(stream, '^[a-z]+-', '') AS aggregate_id, max(version) AS highest
    FROM intake.events WHERE stream LIKE ANY ('{request-%,client-%}') GROUP BY stream
    UNION ALL
    SELECT 'notifier', regexp_replace(stream, '^(notice|reply-[a-z]+)-', ''), max(version)
    FROM notifier.events WHERE stream LIKE ANY ('{notice-%,reply-%}') GROUP BY stream
    ORDER BY 1, 2, 3
"""
HEARD = "SELECT producer, aggregate_id, highest FROM history.aggregate_heads ORDER BY 1, 2, 3"


@pytest.mark.requirement("D-18", "R-2", "R-22")
async def test_history_finds_no_gap_in_what_three_services_publish_of_messages_changes_and_an_imported_register(
    commands: pytest.MonkeyPatch, database: Database, fresh_kafka: str, mapping: Path, table: Callable[..., Path]
) -> None:
    relay = {"smtp_host": "127.0.0.1", "smtp_port": database.stack.parts.smtp_port, "mail_from": "otklik@example.org"}
    told = database.environment("notifier", **relay, site_url="https://otklik.example.org")
    notifier = running("notifier", settings_of(NotifierSettings, told), build_notifier)
    history = running("history", settings_of(HistorySettings, database.environment("history")), build_history)
    async with founded(database) as town, notifier, history, database.superuser() as db:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["register", str(table(FIRST, SECOND)), "--mapping", str(mapping)])
        assert done.exit_code == 0, done.output
        await everything_that_people_do(town)

        async def all_heard() -> Any:
            published = [tuple(row) for row in await db.fetch(PUBLISHED)]
            unsent = await db.fetchval("SELECT (SELECT count(*) FROM intake.outbox) + (SELECT count(*) FROM notifier.outbox)")
            heard = [tuple(row) for row in await db.fetch(HEARD)]
            return not unsent and {row[0] for row in heard} == {"intake", "notifier"} and heard == published

        await eventually(all_heard, seconds=60, what="history has heard every event of every published stream")
        assert await db.fetchval("SELECT count(*) FROM history.gaps") == 0


async def everything_that_people_do(town: Town) -> None:
    """Messages by both doors, an incomplete one that is completed, an edited one, another address."""
    first = (await town.site.post(said("form"))).json()
    await town.site.ask("channels", {"number": first["reference"], "tracking_code": first["tracking_code"], "email": "new@example.ru"})
    await town.vk.send(said("hello", boris, text=GREETING))
    await town.vk.receipt("hello")
    await town.vk.send(said("question", boris))
    await town.vk.receipt("question")
    await town.vk.send(said("question", boris, text="Прошу сообщить срок ответа."))
    await town.vk.receipt("question", 2)
