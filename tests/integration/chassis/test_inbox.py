"""Two replicas may take the same events in another order at the same moment (R-6)."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from libs.chassis.store.inbox import Inbox
from tests.integration.chassis.chassis import Chassis
from tests.stack import eventually

LOWER, HIGHER = UUID(int=7), UUID(int=8)  # a set of these two begins with the higher one


@pytest.mark.requirement("R-6", "D-27")
async def test_batches_of_the_same_ids_in_another_order_wait_for_each_other_and_none_is_a_victim(
    chassis: Chassis, superuser: "asyncpg.Connection[Any]"
) -> None:
    inbox = Inbox("test")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def other() -> set[UUID]:
        async with chassis.pool.acquire() as db, db.transaction():
            return await inbox.first_time(db, [HIGHER, LOWER])

    async def waits() -> bool:
        return bool(await superuser.fetchval(waiting))

    async with chassis.pool.acquire() as db, db.transaction():
        assert await inbox.first_time(db, [LOWER]) == {LOWER}
        late = asyncio.create_task(other())
        await eventually(waits, what="the other batch waits for the first id")
        assert await inbox.first_time(db, [HIGHER]) == {HIGHER}
    assert await late == set()
