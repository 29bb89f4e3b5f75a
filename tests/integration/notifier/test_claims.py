"""What a claim and its outcome cost while very many letters wait, on tables of which the planner knows nothing yet."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.chassis.store.database import Connection
from services.notifier.store import SQL
from tests.integration.notifier.conftest import Notifying

WAITING = """
INSERT INTO notifier.notices (
    notice_id, request_id, seq, role, channel, status, template, thread_id, cause, state, attempt, version, planned_at, due_at
)
SELECT gen_random_uuid(), 'request-' || n, 3, 'email', 'email', 'registered', 'registered', gen_random_uuid(), gen_random_uuid(),
    'planned', 0, 1, now(), now() - make_interval(secs => 100000 - n)
FROM generate_series($1::integer, $2::integer) AS n"""
CLAIMED = 20


@pytest.mark.requirement("N-3.5")
async def test_a_letter_costs_the_same_however_many_wait_behind_it(notifying: Notifying) -> None:
    await notifying.execute("ALTER TABLE notifier.notices SET (autovacuum_enabled = off)")
    async with notifying.store() as store, notifying.database.superuser() as db:
        await db.execute(WAITING, 1, 1_000)
        few = [await claim(store), await outcome(store)]
        await db.execute(WAITING, 1_001, 30_000)
        many = [await claim(store), await outcome(store)]
    assert all(now <= before * 1.5 for before, now in zip(few, many, strict=True)), (few, many)


async def claim(store: Any) -> int:
    async with store._queue_pool.acquire() as db:
        return await pages_touched(db, "claim_notices", "email", 60.0, CLAIMED, [], True)


async def outcome(store: Any) -> int:
    async with store._pool.acquire() as db:
        taken = await db.fetch("SELECT notice_id, attempt FROM notices WHERE state = 'sending' ORDER BY notice_id")
        said = {"state": "accepted", "reason": None, "provider_ref": "<m@example.org>", "version": 2, "pause": 0.0, "finished": True}
        rows = [{"notice_id": str(row["notice_id"]), "attempt": row["attempt"], **said} for row in taken]
        assert len(rows) == CLAIMED
        return await pages_touched(db, "settle_notices", rows, datetime.now(UTC), ["sending"])


async def pages_touched(db: Connection, query: str, *arguments: Any) -> int:
    statement = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL[query]}"
    plan = json.loads(await db.fetchval(statement, *arguments))[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
