"""The register of a year, in the authority's time zone (N-8.2)."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.events import Append
from libs.events.vocabulary import Contacts
from services.intake.contexts import person_context
from services.intake.domain.register import NumberingContinued, continue_numbering
from services.intake.store import REGISTER, IntakeStore
from tests.examples import GREETING, NOVOSIBIRSK, some_id
from tests.integration.intake.town import founded, said
from tests.stack import Database

LAST_MINUTE = datetime(2026, 12, 31, 23, 59, 30, tzinfo=NOVOSIBIRSK)


@pytest.mark.requirement("N-8.2")
async def test_the_year_turns_at_midnight_of_the_authority_and_numbers_begin_with_one(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(LAST_MINUTE)
    assert clock.now() == datetime(2026, 12, 31, 16, 59, 30, tzinfo=UTC)
    async with founded(database, clock=clock) as town:

        async def number(name: str) -> str:
            answer = await town.site.post(said(name, received_at=clock.now()))
            return str(answer.json()["register_number"])

        assert [await number(f"old-{n}") for n in range(3)] == ["ЗИ-1/2026", "ЗИ-2/2026", "ЗИ-3/2026"]
        clock.move(timedelta(minutes=1))
        assert [await number(f"new-{n}") for n in range(2)] == ["ЗИ-1/2027", "ЗИ-2/2027"]
        first = await town.request("site", "new-0")
        assert (first["year"], first["registered_at"], first["flags"]) == (2027, clock.now(), [])


@pytest.mark.requirement("N-8.2", "R-19")
async def test_who_is_completed_in_the_new_year_is_registered_in_it(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(LAST_MINUTE)
    async with founded(database, clock=clock) as town:
        await town.site.post(said("m-1", dialogue="d", text=GREETING, contacts=Contacts(), received_at=clock.now()))
        clock.move(timedelta(hours=1))
        answer = await town.site.post(said("m-2", dialogue="d", received_at=clock.now()))
        assert answer.json()["register_number"] == "ЗИ-1/2027"
        assert answer.json()["due_on"] == "2027-01-29"  # thirty days end on Sunday, the 31st


@pytest.mark.requirement("N-8.2", "R-22")
async def test_numbers_go_on_from_an_older_register(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(LAST_MINUTE)
    async with founded(database, clock=clock) as town:
        process = town.service.process
        store = IntakeStore(process.store, b"k" * 32)
        async with process.pool.acquire() as db, db.transaction():
            await store.lock(db)
            register = await store.register(db, "main", 2026)
            [fact] = continue_numbering(register, 4711)
            assert isinstance(fact, NumberingContinued)
            context = person_context(some_id("numbering"), None, clock.now(), None)
            append = Append(category=REGISTER, aggregate_id=register.aggregate_id, expected_version=0, facts=[fact], context=context)
            await store.save(db, [append])
        answers = [await town.site.post(said(f"m-{n}", received_at=clock.now())) for n in range(2)]
        assert [answer.json()["register_number"] for answer in answers] == ["ЗИ-4712/2026", "ЗИ-4713/2026"]
