"""Append and read: one winner, no hole, nothing rewritten, the same facts back (R-1, R-2)."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from libs.chassis.store.events import MAX_EVENT_BYTES, Append, Category, EventTooLarge, LostRace
from libs.events.contracts import intake_requests
from libs.events.contracts.intake_requests import RequestReceived, RequestStatusChanged
from libs.events.envelope import Actor
from libs.events.registry import Registry
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, Flag, MessageRef, Sender, Status, Target, WantedForm
from tests.integration.chassis.chassis import Chassis, about, note
from tests.integration.chassis.notes import Erased, Noted

REQUEST = Category(name="request", registry=Registry(intake_requests.EVENTS))
ODD = 'Ж\u0301 "кавычки" \\ \u2028 \u202e \x01\x1f\x7f 👩‍👩‍👧‍👦 NULL \r\n\t {"a":1}'


@pytest.mark.requirement("R-2", "N-4.7")
async def test_events_of_a_stream_are_read_in_the_order_in_which_they_were_appended(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=1), Noted(number=2)))
    await chassis.append(note("1", Erased(number=1), after=2), note("2", Noted(number=9)))
    recorded = await chassis.read("1")
    assert [(row.version, row.fact) for row in recorded] == [(1, Noted(number=1)), (2, Noted(number=2)), (3, Erased(number=1))]
    assert [row.envelope.seq for row in recorded] == [1, 2, 3]


@pytest.mark.requirement("N-2.2", "D-8")
async def test_what_is_read_is_what_was_appended_byte_for_byte(chassis: Chassis) -> None:
    received = RequestReceived(
        reference="ABCDE-FGHJK",
        message_ref=MessageRef(frontend="vk", external_id=ODD.replace("\x01\x1f", "")),
        channel="vk",
        dialogue_thread=uuid4(),
        dialogue_key="0a" * 32,
        dialogue=ODD,
        received_at=datetime.fromisoformat("2026-11-03T09:15:00.123456+07:00"),
        flags=(Flag.CLOCK_OFF, Flag.UNKNOWN_POINT),
        sender=Sender(name=ODD, account="id1"),
        contacts=Contacts(email="a@b.ru", phone="+7", postal=ODD),
        text=ODD * 100,
        wanted_form=WantedForm.ELECTRONIC,
        additional_channel=AdditionalChannel(channel="post", address=ODD),
        attachments=(Attachment(upload_id="u", name=ODD, type="image/png", size=2**40, sha256="00"),),
    )
    changed = RequestStatusChanged(
        from_status=None,
        to_status=Status.RECEIVED,
        visible=True,
        template="received",
        explanation=ODD,
        reference="ABCDE-FGHJK",
        due_on=date(2026, 12, 3),
        targets=(Target(role="original", channel="site", confirm_token="secret"), Target(role="email", channel="email", address=ODD)),
    )
    context = about(actor=Actor(role="frontend", id="vk"), client_id=uuid4(), point="vk", correlation_id=uuid4(), causation_id=uuid4())
    [first, second] = await chassis.append(note("1", received, changed, category=REQUEST, context=context))
    again = await chassis.again().read("1", REQUEST)
    assert [row.fact for row in again] == [received, changed]
    assert [row.envelope.payload for row in again] == [first.envelope.payload, second.envelope.payload]
    assert again[0].envelope.model_dump(exclude={"recorded_at"}) == first.envelope.model_dump(exclude={"recorded_at"})
    assert again[0].envelope.recorded_at == first.envelope.recorded_at
    around = {"actor", "client_id", "point", "correlation_id", "causation_id", "thread_id", "occurred_at"}
    assert {name: getattr(again[1].envelope, name) for name in around} == {name: getattr(context, name) for name in around}


@pytest.mark.requirement("R-2")
async def test_an_append_after_an_old_version_loses_the_race_and_leaves_nothing(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=1)))
    with pytest.raises(LostRace):
        await chassis.append(note("2", Noted(number=2)), note("1", Noted(number=3), after=0))
    assert [row.fact for row in await chassis.read("1")] == [Noted(number=1)]
    assert await chassis.read("2") == []


@pytest.mark.requirement("R-2", "D-18")
async def test_an_append_after_a_version_that_is_not_there_leaves_no_hole(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=1)))
    for after in (2, 7):
        with pytest.raises(LostRace):
            await chassis.append(note("1", Noted(number=2), after=after))
    with pytest.raises(ValueError, match="hole"):
        await chassis.append(note("1", Noted(number=2), after=1), note("1", Noted(number=3), after=5))
    assert [row.version for row in await chassis.read("1")] == [1]


@pytest.mark.requirement("R-2", "N-8.2")
async def test_of_twenty_writers_of_one_stream_one_wins(chassis: Chassis) -> None:
    await chassis.append(note("1", Noted(number=0)))

    async def write(number: int) -> bool:
        try:
            await chassis.append(note("1", Noted(number=number), after=1))
        except LostRace:
            return False
        return True

    won = await asyncio.gather(*(write(number) for number in range(1, 21)))
    assert sum(won) == 1
    assert [row.fact for row in await chassis.read("1")] == [Noted(number=0), Noted(number=1 + won.index(True))]


@pytest.mark.requirement("R-2")
async def test_writers_that_load_again_after_a_lost_race_leave_no_gap(chassis: Chassis) -> None:
    async def write(number: int) -> None:
        while True:
            after = len(await chassis.read("1"))
            try:
                await chassis.append(note("1", Noted(number=number), after=after))
            except LostRace:
                continue
            return

    await asyncio.gather(*(write(number) for number in range(10)))
    rows = await chassis.read("1")
    assert [row.version for row in rows] == list(range(1, 11))
    assert {row.fact for row in rows} == {Noted(number=number) for number in range(10)}


@pytest.mark.requirement("R-2")
async def test_an_event_id_that_is_taken_is_no_lost_race(chassis: Chassis) -> None:
    [first] = await chassis.append(note("1", Noted()))

    class Again:
        def new(self) -> object:
            return first.envelope.event_id

    chassis.store._ids = Again()  # type: ignore[assignment]  # a generator that repeats itself
    with pytest.raises(asyncpg.UniqueViolationError):
        await chassis.append(note("2", Noted()))


@pytest.mark.requirement("N-4.7", "D-19", "N-4.2")
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE events SET type = 'Other'",
        "UPDATE events SET sealed = NULL",
        "DELETE FROM events",
        "TRUNCATE events",
        "DROP TABLE events",
        "ALTER TABLE events ADD COLUMN more text",
        "CREATE RULE r AS ON INSERT TO events DO INSTEAD NOTHING",
        "UPDATE thread_keys SET wrapped = ''",
        "DELETE FROM thread_keys",
        "UPDATE dead_letters SET sealed = ''",
        "UPDATE dead_letter_keys SET wrapped = ''",
        "UPDATE outbox SET sealed = ''",
        "SET ROLE intake_owner",
        "SELECT * FROM history.events",
    ],
)
async def test_the_role_of_a_service_can_not_rewrite_what_happened(chassis: Chassis, attempt: str) -> None:
    await chassis.append(note("1", Noted(number=1)))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await chassis.pool.execute(attempt)


@pytest.mark.requirement("R-21", "R-3")
@pytest.mark.parametrize("field", ["text", "unmarked"])
async def test_an_event_that_is_too_large_is_refused_before_anything_is_written(chassis: Chassis, field: str) -> None:
    with pytest.raises(EventTooLarge):
        await chassis.append(note("1", Noted(number=1)), note("2", Noted.model_validate({field: "ы" * (MAX_EVENT_BYTES // 2)})))
    assert await chassis.pool.fetchval("SELECT count(*) FROM events") == 0
    await chassis.append(note("1", Noted(text="ы" * (MAX_EVENT_BYTES // 2 - 512))))


async def test_an_append_of_nothing_changes_nothing(chassis: Chassis) -> None:
    assert await chassis.append(note("1")) == []
    assert await chassis.append() == []


async def test_versions_and_first_events_of_streams_are_found_without_reading_them(chassis: Chassis) -> None:
    many: list[Append] = [note("1", *[Noted(number=number) for number in range(3)])]
    await chassis.append(*many)
    async with chassis.pool.acquire() as db:
        assert await chassis.store.version(db, many[0].category, "1") == 3
        assert await chassis.store.version(db, many[0].category, "2") == 0
        first = await chassis.store.first(db, many[0].category, "1")
        assert first is not None
        assert first.fact == Noted(number=0)
        assert await chassis.store.first(db, many[0].category, "2") is None


async def test_times_are_kept_as_moments_whatever_their_zone(chassis: Chassis) -> None:
    early = datetime.fromisoformat("2026-01-01T00:00:00+12:00")
    await chassis.append(note("1", Noted(), context=replace(about(), occurred_at=early)))
    [row] = await chassis.read("1")
    assert row.envelope.occurred_at == early.astimezone(UTC)


@pytest.mark.requirement("N-2.2", "R-21")
async def test_every_naughty_string_comes_back_as_it_was_typed(chassis: Chassis, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "naughty" / "blns.json").read_text("utf-8"))
    facts = [Noted(number=number, text=text, unmarked=text) for number, text in enumerate(naughty)]
    await chassis.append(note("1", *facts))
    assert [row.fact for row in await chassis.again().read("1")] == facts
