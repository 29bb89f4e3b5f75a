"""Records that never left a service: history notices, the service publishes them again, and nobody did anything (D-18, R-12)."""

from typing import Any

import pytest

from services.history.main import build
from services.history.settings import HistorySettings
from tests.integration.history.keeping import environment
from tests.integration.intake.town import founded, said
from tests.running import running, settings_of
from tests.stack import Database, eventually

REQUESTS = 5
LOSE = """
CREATE FUNCTION intake.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER lose BEFORE INSERT ON intake.outbox FOR EACH ROW WHEN (NEW.headers ->> 'schema' LIKE 'RequestRegistered/%')
    EXECUTE FUNCTION intake.lose();
"""
REGISTERED = "SELECT event_id FROM {table} WHERE type = 'RequestRegistered' ORDER BY event_id"


@pytest.mark.requirement("D-18", "R-12")
async def test_records_lost_on_their_way_are_noticed_and_published_again_with_the_same_ids(database: Database, fresh_kafka: str) -> None:
    settings = settings_of(HistorySettings, environment(database, gap_grace_seconds=0.5))
    async with founded(database) as town, running("history", settings, build), database.superuser() as db:
        await db.execute(LOSE)
        for number in range(REQUESTS):
            assert (await town.site.post(said(f"m-{number}", dialogue=f"d-{number}"))).status_code == 201
        await db.execute("DROP FUNCTION intake.lose() CASCADE")

        async def all_there() -> Any:
            meant = await db.fetch(REGISTERED.format(table="intake.events"))
            heard = await db.fetch(REGISTERED.format(table="history.log"))
            return len(heard) == REQUESTS and heard == meant and not await db.fetchval("SELECT EXISTS (SELECT FROM history.gaps)")

        await eventually(all_there, seconds=90, what="every registration in the log, no gap left")
        assert await db.fetchval("SELECT count(*) FROM history.log WHERE type = 'HistoryGapDetected'") >= REQUESTS
