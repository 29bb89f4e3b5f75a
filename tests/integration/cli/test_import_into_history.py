"""An imported register stands in the five-year log, entry by entry."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.importing import app
from services.history.main import build as build_history
from services.history.settings import HistorySettings
from services.intake.main import build as build_intake
from services.intake.settings import IntakeSettings
from tests.integration.cli.conftest import RECEIPT
from tests.running import running, settings_of
from tests.stack import Database, eventually

CASES, ENTRIES = 1_434, 8_577
LATE = """
    SELECT count(*) FROM history.log WHERE type = 'HistoricalRequestImported'
    AND ((open ->> 'closed_at')::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date
        > ((open ->> 'due_at')::timestamptz AT TIME ZONE 'Europe/Amsterdam')::date
"""


@pytest.mark.requirement("R-22", "N-4.4")
async def test_every_case_and_entry_of_an_imported_register_stands_in_the_history(
    commands: pytest.MonkeyPatch, database: Database, fresh_kafka: str, shared_data: Path
) -> None:
    intake = settings_of(IntakeSettings, database.environment("intake"))
    history = settings_of(HistorySettings, database.environment("history"))
    command = ["register", str(shared_data / "receipt.csv"), "--mapping", str(RECEIPT)]
    async with running("intake", intake, build_intake), running("history", history, build_history), database.superuser() as db:
        done = await asyncio.to_thread(CliRunner().invoke, app, command)
        assert done.exit_code == 0, done.output

        async def in_history() -> bool:
            return bool(await db.fetchval("SELECT count(*) FROM history.log") >= CASES + ENTRIES)

        await eventually(in_history, seconds=120, what="all of the register in the log")
        assert dict(await db.fetch("SELECT type, count(*) FROM history.log GROUP BY 1")) == {
            "HistoricalRequestImported": CASES,
            "HistoricalEntryImported": ENTRIES,
        }
        points = "SELECT point, count(*) FROM history.log WHERE type = 'HistoricalRequestImported' GROUP BY 1"
        assert dict(await db.fetch(points)) == {"site": 1250, "in_person": 109, "post": 53, "email": 21, "internal": 1}
        closed = "SELECT count(*) FROM history.log WHERE type = 'HistoricalRequestImported' AND open ->> 'state' = 'closed'"
        assert await db.fetchval(closed) == 1_329
        assert await db.fetchval(LATE) == 309
        [when] = await db.fetch("SELECT min(occurred_at), max(occurred_at) FROM history.log WHERE type = 'HistoricalEntryImported'")
        assert (when["min"].year, when["max"].year) == (2010, 2012), "each entry keeps its own date"
