"""What a claim, its renewal and its outcome cost while very many letters wait, by plans that were made, and kept, when none did."""

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.chassis.store.database import Connection
from services.notifier.store import SQL, Notices
from tests.integration.notifier.conftest import Notifying

WAITING = """
INSERT INTO notifier.notices (
    notice_id, request_id, seq, role, channel, status, template, thread_id, cause, state, attempt, version, planned_at, due_at
)
SELECT gen_random_uuid(), 'request-' || n, 3, 'email', 'email', 'registered', 'registered', gen_random_uuid(), gen_random_uuid(),
    'planned', 0, 1, now(), now() - make_interval(secs => 100000 - n)
FROM generate_series($1::integer, $2::integer) AS n"""
ROWS_READ = "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relid = 'notifier.notices'::regclass"
UNTIL_KEPT = 8  # PostgreSQL keeps a plan from the sixth time on
CLAIMED = 20


@pytest.mark.requirement("N-3.5")
async def test_a_letter_costs_the_same_however_many_wait_behind_it(notifying: Notifying) -> None:
    await notifying.execute("ALTER TABLE notifier.notices SET (autovacuum_enabled = off)")
    async with notifying.store() as store, notifying.database.superuser() as db:
        for _ in range(UNTIL_KEPT):
            await store.claim("email", CLAIMED, 60.0)
            async with store.transaction() as plain:
                await renewed(plain, [])
                await settled(plain, [])
        await db.execute(WAITING, 1, 1_000)
        few = await rows_read(store)
        await db.execute(WAITING, 1_001, 30_000)
        many = await rows_read(store)
    assert max(*few, *many) <= 10 * CLAIMED, (few, many)  # of 1,000 and of 30,000


async def rows_read(store: Notices) -> tuple[int, int, int]:
    """Rows of the table that a claim looks at, the renewal and the outcome of all that it claimed; counted inside each transaction."""
    async with store._queue_pool.acquire() as queue, queue.transaction():
        claimed = await queue.fetch(SQL["claim_notices"], "email", 60.0, CLAIMED, [], True)
        by_claim = int(await queue.fetchval(ROWS_READ))
    assert len(claimed) == CLAIMED
    async with store.transaction() as db:
        assert await renewed(db, claimed) == CLAIMED
        by_renewal = int(await db.fetchval(ROWS_READ))
    async with store.transaction() as db:
        assert await settled(db, claimed) == CLAIMED
        by_outcome = int(await db.fetchval(ROWS_READ))
    return by_claim, by_renewal, by_outcome


async def renewed(db: Connection, claimed: list[Any]) -> int:
    ids, attempts = [row["notice_id"] for row in claimed], [row["attempt"] for row in claimed]
    return len(await db.fetch(SQL["renew_leases"], ids, attempts, 60.0))


async def settled(db: Connection, claimed: list[Any]) -> int:
    said = {"state": "accepted", "reason": None, "provider_ref": "<m@example.org>", "version": 2, "pause": 0.0, "finished": True}
    rows = [{"notice_id": row["notice_id"], "attempt": row["attempt"], **said} for row in claimed]
    ids = [row["notice_id"] for row in claimed]
    return len(await db.fetch(SQL["settle_notices"], rows, datetime.now(UTC), ["sending"], ids))
