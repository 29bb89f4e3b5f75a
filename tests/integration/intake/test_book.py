"""What the authority decided over its file, as rules: read before they are first used, and in the other process soon after."""

from datetime import UTC, date, datetime
from itertools import count

import pytest

from libs.chassis.ops.clock import FixedClock
from libs.events.contracts.authority_events import DayDeclared
from libs.events.envelope import Actor
from services.intake.authority.store import AuthorityStore
from tests.integration.intake.town import Town, founded, said, serving
from tests.running import Running
from tests.stack import Database, eventually

NOW = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
LAST = date(2026, 12, 16)  # of thirty days, an ordinary Wednesday
OFF = DayDeclared(day=LAST, working=False, decree="Указ от 01.12.2026 № 1")
WORKING = DayDeclared(day=LAST, working=True, decree="Указ от 02.12.2026 № 2")
BY = Actor(role="administrator", id="somebody")


async def declare(service: Running, fact: DayDeclared) -> None:
    process = service.process
    store = AuthorityStore(process.store, process.authority.code)
    async with process.pool.acquire() as db, db.transaction():
        await store.append(db, await store.version(db), [fact], by=BY, at=process.clock.now(), traceparent=None)


async def due_of_a_new_one(town: Town, external_id: str) -> str:
    answer = await town.site.post(said(external_id, received_at=NOW))
    return str(answer.json()["due_on"])


@pytest.mark.requirement("R-10")
async def test_what_was_declared_before_a_start_holds_for_the_first_message_already(database: Database) -> None:
    async with serving(database, clock=FixedClock(NOW)) as service:
        await declare(service, OFF)
    async with founded(database, clock=FixedClock(NOW)) as town:
        assert await due_of_a_new_one(town, "m-1") == "2026-12-15"


@pytest.mark.requirement("R-10")
async def test_what_one_process_declared_the_others_know_soon_and_the_last_word_counts(database: Database) -> None:
    async with founded(database, clock=FixedClock(NOW)) as town:
        numbers = count(1)

        async def is_due(day: str) -> bool:
            return await due_of_a_new_one(town, f"m-{next(numbers)}") == day

        assert await is_due("2026-12-16")
        await declare(town.service, OFF)
        await eventually(lambda: is_due("2026-12-15"), what="the day is off")
        await declare(town.service, WORKING)
        await eventually(lambda: is_due("2026-12-16"), what="the day is a working one again")
