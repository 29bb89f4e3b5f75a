"""Terms warn by themselves: when days pass, each of those whom it concerns is told of once, whoever looks and whoever is killed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.stop import Stopping
from libs.events.contracts.intake_requests import (
    ClarificationNotReceived,
    ClarificationRequested,
    DeadlineApproaching,
    DeadlineMissed,
    RequestStatusChanged,
)
from libs.events.topics import REQUESTS
from libs.events.vocabulary import Contacts, Term
from services.intake.desk_root import code_key
from services.intake.main import book_of
from services.intake.settings import IntakeSettings
from services.intake.store import SQL, IntakeStore
from services.intake.term_watch import BATCH, TermWatch
from tests.examples import GREETING
from tests.integration.intake.test_desk_door import ASK, ASSIGN, CLASSIFY, Clerk, taken_in
from tests.integration.intake.town import Town, founded, said
from tests.stack import Database, eventually

START = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # noon in Novosibirsk; the answer is due on 16 December
DUE_DAY = datetime(2026, 12, 16, 16, 59, tzinfo=UTC)  # its last minute
LOOK_OFTEN = 0.05
DAMAGED = 7


def watch(town: Town, ring: Callable[[], None] = lambda: None) -> TermWatch:
    """Another replica's."""
    process = town.service.process
    assert isinstance(process.settings, IntakeSettings)
    book = book_of(process, process.settings, key := code_key(process.settings))
    return TermWatch(pool=process.pool, store=IntakeStore(process.store, key), book=book, clock=process.clock, ring=ring)


async def told(town: Town, *types: str) -> Counter[str]:
    """How often each stream has such an event."""
    rows = await town.rows("SELECT stream FROM events WHERE type = ANY($1)", list(types))
    return Counter(row["stream"] for row in rows)


async def requests(town: Town, names: Sequence[str], clock: FixedClock) -> None:
    answers = await asyncio.gather(*(town.site.post(said(name, dialogue=name, received_at=clock.now())) for name in names))
    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.requirement("N-9.1", "N-1.2", "R-10")
async def test_as_the_days_pass_a_request_is_said_to_be_near_its_end_and_then_over_it(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(START)
    async with founded(database, clock=clock, term_look_seconds=LOOK_OFTEN) as town:
        await town.site.post(said(received_at=clock.now()))

        async def has(kind: type[Any]) -> bool:
            return any(isinstance(fact, kind) for fact in await town.facts("site", "m-1"))

        clock.move_to(DUE_DAY - timedelta(days=3))
        await eventually(lambda: has(DeadlineApproaching), what="the warning three days before")
        clock.move_to(DUE_DAY)
        await eventually(lambda: town.value("SELECT term_told = 1 FROM requests"))
        await watch(town).look(Stopping())
        assert not await has(DeadlineMissed), "on the last day it is in time"
        clock.move(timedelta(minutes=1))
        await eventually(lambda: has(DeadlineMissed), what="the mark after midnight")
        published = await town.listener.until(lambda: town.listener.facts(REQUESTS.name, DeadlineMissed), "it is published")
        assert published == [DeadlineMissed(term=Term.ANSWER, due_on=DUE_DAY.date())]
        types = await town.types("site", "m-1")
        assert types[3:] == ["DeadlineApproaching", "DeadlineMissed"], "the marks are told nobody but staff, and once"


@pytest.mark.requirement("N-9.1", "N-8.2")
async def test_a_message_without_a_number_has_its_three_days(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(START)
    async with founded(database, clock=clock) as town:
        hello = said("m-1", text=GREETING, contacts=Contacts(), received_at=clock.now())
        await town.site.post(hello)
        spoken = said("m-2", text=GREETING, contacts=Contacts(), dialogue="spoken", received_at=clock.now())
        await town.site.post(spoken, point="in_person")
        await watch(town).look(Stopping())
        assert (await town.types("site", "m-1"))[2:] == []
        assert (await town.facts("site", "m-2"))[2:] == [DeadlineApproaching(term=Term.REGISTRATION, due_on=START.date(), days_left=0)], (
            "what is spoken is registered on its day"
        )
        clock.move(timedelta(days=4))
        await watch(town).look(Stopping())
        due = START.date() + timedelta(days=3)
        assert (await town.facts("site", "m-1"))[2:] == [DeadlineMissed(term=Term.REGISTRATION, due_on=due)]
        assert (await town.facts("site", "m-2"))[3:] == [DeadlineMissed(term=Term.REGISTRATION, due_on=START.date())]


@pytest.mark.requirement("N-9.1", "R-10")
async def test_of_a_thousand_open_requests_the_three_that_are_due_are_told_of_once_by_two_replicas(
    database: Database, fresh_kafka: str
) -> None:
    clock = FixedClock(START)
    async with founded(database, clock=clock, queue_limit=2_000) as town:
        await requests(town, [f"old-{n}" for n in range(3)], clock)
        clock.move(timedelta(days=10))
        await requests(town, [f"new-{n}" for n in range(997)], clock)
        due = {f"request-{row['request_id']}" for row in await town.rows("SELECT request_id FROM messages WHERE external_id ~ '^old'")}
        clock.move_to(DUE_DAY - timedelta(days=1))
        for _ in range(2):
            await asyncio.gather(*(watch(town).look(Stopping()) for _ in range(2)))
        assert await told(town, "DeadlineApproaching", "DeadlineMissed") == dict.fromkeys(due, 1)
        clock.move_to(DUE_DAY + timedelta(minutes=1))
        await asyncio.gather(*(watch(town).look(Stopping()) for _ in range(2)))
        assert await told(town, "DeadlineMissed") == dict.fromkeys(due, 1)
        assert await town.value("SELECT count(*) FROM events") == 1000 * 5 + 3 * 2, "nothing happened to the others"


@pytest.mark.requirement("N-9.1", "D-14")
async def test_who_is_stopped_or_killed_in_the_middle_tells_nothing_twice_and_leaves_nothing_out(
    database: Database, fresh_kafka: str
) -> None:
    clock = FixedClock(START)
    names = [f"m-{n}" for n in range(BATCH * 2 + 10)]
    async with founded(database, clock=clock) as town:
        await requests(town, names, clock)
        clock.move_to(DUE_DAY)
        async with database.superuser() as rival:
            await rival.execute("SET search_path = intake")

            async def waits() -> bool:
                return bool(await rival.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))

            async with rival.transaction():
                await rival.execute(SQL["lock_register"])
                killed = asyncio.create_task(watch(town).look(Stopping()))
                await eventually(waits, what="the look is in the middle of its first batch")
                killed.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await killed
        assert not await told(town, "DeadlineApproaching")

        stopping = Stopping()
        await watch(town, ring=stopping.request).look(stopping)
        first = await told(town, "DeadlineApproaching")
        assert len(first) == BATCH, "the first batch stands, the others wait"
        await asyncio.gather(*(watch(town).look(Stopping()) for _ in range(3)))
        every = await told(town, "DeadlineApproaching")
        assert (len(every), set(every.values())) == (len(names), {1})


@pytest.mark.requirement("N-9.1", "R-6")
async def test_one_request_that_can_not_be_read_holds_up_no_other(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(START)
    names = [f"m-{n}" for n in range(20)]
    async with founded(database, clock=clock) as town:
        await requests(town, names, clock)
        damaged = (await town.request("site", f"m-{DAMAGED}"))["stream"]
        async with database.superuser() as superuser:
            await superuser.execute("UPDATE intake.events SET sealed = '\\x00' WHERE stream = $1 AND version = 1", damaged)
        clock.move_to(DUE_DAY)
        await watch(town).look(Stopping())
        every = await told(town, "DeadlineApproaching")
        assert len(every) == len(names) - 1
        assert damaged not in every


@pytest.mark.requirement("S-16", "N-3.3", "S-12")
async def test_nobody_answers_our_question_and_the_request_goes_back_to_who_had_it(database: Database, fresh_kafka: str) -> None:
    clock = FixedClock(datetime.now(UTC))
    async with founded(database, clock=clock) as town:
        clerk = Clerk(town, Role.REGISTRAR)
        request_id: UUID = await taken_in(town)
        for command in (CLASSIFY, ASSIGN, ASK):
            await clerk.do(request_id, command)
        [asked] = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, ClarificationRequested)]
        zone = town.service.process.authority.time_zone
        clock.move_to(datetime(asked.wait_until.year, asked.wait_until.month, asked.wait_until.day, 23, 59, tzinfo=zone))
        await watch(town).look(Stopping())
        assert (await town.request("site", "m-1"))["status"] == "awaiting_clarification"
        clock.move(timedelta(minutes=1))
        await asyncio.gather(*(watch(town).look(Stopping()) for _ in range(2)))
        row = await town.request("site", "m-1")
        assert (row["status"], row["unit"], row["wait_until"]) == ("assigned", "land", None)
        waited, told_last = (await town.facts("site", "m-1"))[-2:]
        assert waited == ClarificationNotReceived(wait_until=asked.wait_until)
        assert isinstance(told_last, RequestStatusChanged)
        assert (told_last.visible, bool(told_last.targets)) == (True, True)
        await town.site.post(said("m-2", dialogue=said().dialogue, text="Прошу сообщить порядок покупки леса.", received_at=clock.now()))
        assert await town.value("SELECT count(*) FROM requests") == 2, "what comes after the wait is another request"
