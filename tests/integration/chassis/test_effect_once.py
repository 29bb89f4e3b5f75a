"""Every effect once: done, refused, seen before, lost race; one bad record never costs its batch (R-6, R-7)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Poison, Received
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection
from libs.chassis.store.events import LostRace
from libs.chassis.store.inbox import LIFETIME, forget_inbox
from libs.chassis.store.sealing import unseal
from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.contracts.intake_requests import RequestEmailConfirmed
from libs.events.envelope import MAX_RECORD_BYTES, encode
from libs.events.topics import INBOUND, dead_letter_topic
from tests.integration.chassis.chassis import MOMENT, Chassis, delivery, envelope, note
from tests.integration.chassis.notes import Counted, Erased, Noted, published

BAD = 13


def notes(*numbers: int) -> list[Any]:
    return [delivery(envelope(Noted(number=number))) for number in numbers]


def failing(chassis: Chassis, error: Exception, at: int = BAD) -> Any:
    """A handler that has its effect and fails on one number."""

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        await chassis.count(db, batch)
        if any(item.event == Noted(number=at) for item in batch):
            raise error

    return handle


class NotWanted(Refusal):
    """Nobody wants it."""

    code = "not-wanted"
    says = "Это не нужно."


@pytest.mark.requirement("D-14", "R-6")
async def test_done_each_record_has_its_effect_in_the_order_in_which_it_came(chassis: Chassis) -> None:
    order: list[int] = []

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        order.extend(item.event.number for item in batch if isinstance(item.event, Noted))
        await chassis.count(db, batch)

    await chassis.effect_once(handle).take(notes(3, 1, 2))
    assert order == [3, 1, 2]
    assert await chassis.effects() == [1, 2, 3]
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="done") == 3


@pytest.mark.requirement("D-14", "R-6")
async def test_seen_before_a_record_that_comes_again_has_no_second_effect(chassis: Chassis) -> None:
    first, second, third = notes(1, 2, 3)
    effect = chassis.effect_once(chassis.count)
    await effect.take([first, second, first])
    await effect.take([second, third])
    assert await chassis.effects() == [1, 2, 3]
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="seen-before") == 2


@pytest.mark.requirement("D-14", "R-6", "D-28")
async def test_two_members_that_have_the_same_batch_at_once_have_each_effect_once(chassis: Chassis) -> None:
    batch = notes(*range(40))
    await asyncio.gather(
        *(chassis.again().effect_once(chassis.count).take(order) for order in (batch, batch[::-1], batch[20:] + batch[:20]))
    )
    assert await chassis.effects() == list(range(40))


@pytest.mark.requirement("D-17", "R-6", "R-7")
@pytest.mark.parametrize("size", [1, 2, 3, 200])
@pytest.mark.parametrize("error", [Poison("no-such-thing"), NotWanted(), ValueError("Иванова")], ids=lambda error: type(error).__name__)
async def test_refused_the_culprit_alone_is_set_aside_with_its_reason(chassis: Chassis, size: int, error: Exception) -> None:
    numbers = [BAD, *range(100, 100 + size - 1)]
    batch = notes(*numbers[size // 2 :], *numbers[: size // 2])
    await chassis.effect_once(failing(chassis, error)).take(batch)
    assert await chassis.effects() == sorted(set(numbers) - {BAD})
    reason = getattr(error, "code", "handler-failed:ValueError")
    assert await chassis.reasons() == [reason]
    assert chassis.figure("otklik_dead_letters_total", consumer="test", reason=reason) == 1


@pytest.mark.requirement("D-17", "R-6")
async def test_several_culprits_in_one_batch_are_all_found_and_nobody_else_pays(chassis: Chassis) -> None:
    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        for item in batch:
            if isinstance(item.event, Noted) and item.event.number % 10 == 3:
                raise Poison("three")
            await chassis.count(db, [item])

    await chassis.effect_once(handle).take(notes(*range(100)))
    assert await chassis.effects() == [number for number in range(100) if number % 10 != 3]
    assert await chassis.reasons() == ["three"] * 10


@pytest.mark.requirement("D-17", "R-7")
async def test_a_record_that_is_set_aside_stands_sealed_where_it_lay_and_is_told_once(chassis: Chassis) -> None:
    topic = await chassis.topic(dead_letters=True)
    [bad] = [delivery(envelope(Noted(number=BAD)), topic=topic.name, key=b"\xff\x00")]
    effect = chassis.effect_once(failing(chassis, Poison("no-such-thing")))
    await effect.take([bad])
    await effect.take([bad])
    [row] = await chassis.pool.fetch("SELECT d.*, k.wrapped FROM dead_letters d JOIN dead_letter_keys k USING (day)")
    key = unseal(b"intake".ljust(32, b"-"), row["wrapped"], row["day"].isoformat().encode())
    assert unseal(key, row["sealed"], topic.name.encode()) == bad.value
    assert unseal(key, row["sealed_key"], topic.name.encode()) == b"\xff\x00"
    assert (row["consumer"], row["topic"], row["kafka_partition"], row["kafka_offset"]) == ("test", topic.name, 0, bad.offset)
    async with chassis.relaying(), chassis.tap(dead_letter_topic(topic.name)) as tap:
        [told] = await tap.until(1)
        await tap.to_the_end()
    assert len(tap.records) == 1
    assert f'"source_offset":{bad.offset}'.encode() in (told.value or b"")
    assert told.key == f"{topic.name}-0-{bad.offset}".encode()
    assert chassis.figure("otklik_dead_letters_total", consumer="test", reason="no-such-thing") == 1


@pytest.mark.requirement("D-14", "R-2")
async def test_lost_race_the_batch_is_decided_again_and_has_its_effect_once(chassis: Chassis) -> None:
    rivals = iter([note("1", Noted(number=90)), note("1", Noted(number=91), after=1)])

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        await chassis.count(db, batch)
        after = len((await chassis.store.read(db, note("1").category, ["1"])).get("1", []))
        with suppress(StopIteration):
            await chassis.again().append(next(rivals))
        await chassis.store.append(db, [note("1", *[item.event for item in batch], after=after)])

    await chassis.effect_once(handle).take(notes(1, 2, 3))
    assert [row.fact for row in await chassis.read("1")] == [Noted(number=number) for number in (90, 91, 1, 2, 3)]
    assert await chassis.effects() == [1, 2, 3]
    assert await chassis.reasons() == []


@pytest.mark.requirement("D-14", "R-2")
async def test_many_consumers_that_race_for_one_stream_all_win_in_the_end(chassis: Chassis) -> None:
    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        after = len((await chassis.store.read(db, note("1").category, ["1"])).get("1", []))
        await chassis.store.append(db, [note("1", *[item.event for item in batch], after=after)])

    await asyncio.gather(*(chassis.effect_once(handle).take(notes(number)) for number in range(8)))
    assert {row.fact for row in await chassis.read("1")} == {Noted(number=number) for number in range(8)}
    assert await chassis.reasons() == []


@pytest.mark.requirement("R-6", "R-7")
async def test_a_race_that_is_lost_for_ever_is_a_mistake_and_is_told_as_one(chassis: Chassis) -> None:
    await chassis.effect_once(failing(chassis, LostRace())).take(notes(1, BAD, 2))
    assert await chassis.reasons() == ["lost-race"]
    assert await chassis.effects() == [1, 2]


NUL = encode(envelope(Noted(text="?"))).replace(b"?", b"\\u0000")
DEEP = encode(envelope(Noted(text="?"))).replace(b'"?"', b"[" * 900 + b'"\\u0000"' + b"]" * 900)
BAD_RECORDS: list[tuple[str, bytes | None, str]] = [
    ("null", None, "empty-value"),
    ("nothing", b"", "empty-value"),
    ("not-json", b"{'a': 1}", "not-json"),
    ("not-utf-8", b'{"a": "\xff"}', "not-json"),
    ("nul", NUL, "contains-nul"),
    ("a-raw-nul", encode(envelope(Noted(text="?"))).replace(b"?", b"\x00"), "not-json"),
    ("a-nul-in-a-name", encode(envelope(Noted())).replace(b'"text"', b'"te\\u0000xt"'), "contains-nul"),
    ("deep", DEEP, "wrong-schema"),
    ("deeper", b"[" * 100_000, "not-json"),
    ("no-envelope", b"[1, 2]", "wrong-schema"),
    ("only-null", b"null", "wrong-schema"),
    ("no-payload", encode(envelope(Noted())).replace(b'"payload"', b'"load"'), "wrong-schema"),
    ("wrong-payload", encode(envelope(Noted(), payload={"number": "many"})), "wrong-schema"),
    ("version-0", encode(envelope(Noted())).replace(b'"version":1', b'"version":0'), "wrong-schema"),
    ("version-below", encode(envelope(Counted(notes=1))).replace(b'"version":2', b'"version":-3'), "wrong-schema"),
    ("version-huge", encode(envelope(Noted())).replace(b'"version":1', b'"version":1e30'), "wrong-schema"),
    ("seq-huge", encode(envelope(Noted())).replace(b'"seq":null', b'"seq":1e30'), "wrong-schema"),
    ("no-such-moment", encode(envelope(Noted())).replace(b'"2026-11-03T09:15:00Z"', b'"0001-01-01T00:00:00+14:00"'), "wrong-schema"),
    ("newer-version", encode(envelope(Noted(), version=2)), "newer-version"),
    ("an-old-version-that-was-never-so", encode(envelope(Noted(), type="Counted", version=1, payload={})), "wrong-schema"),
    ("too-large", encode(envelope(Noted(text="x" * MAX_RECORD_BYTES))), "too-large"),
]


@pytest.mark.requirement("R-21", "D-17", "R-11")
@pytest.mark.parametrize(("value", "reason"), [case[1:] for case in BAD_RECORDS], ids=[case[0] for case in BAD_RECORDS])
async def test_a_bad_record_is_set_aside_with_its_reason_and_the_others_go_on(chassis: Chassis, value: bytes | None, reason: str) -> None:
    first, second = notes(1, 2)
    bad = delivery(value)
    await chassis.effect_once(chassis.count, hears=(Noted, Counted)).take([first, bad, second])
    assert await chassis.reasons() == [reason]
    assert await chassis.effects() == [1, 2]
    assert chassis.figure("otklik_dead_letters_total", consumer="test", reason=reason) == 1


@pytest.mark.requirement("R-11", "R-21", "D-8")
async def test_an_unknown_type_is_skipped_and_counted_and_so_is_one_that_is_not_heard(chassis: Chassis) -> None:
    unknown = delivery(envelope(Noted(), type="Invented", version=9, payload={"anything": [None]}))
    unheard = delivery(envelope(Erased(number=1)))
    unheard_newer = delivery(envelope(Erased(number=1), version=5))
    newer_field = delivery(envelope(Noted(), payload={"number": 7, "added_later": {"x": 1}}))
    await chassis.effect_once(chassis.count).take([unknown, unheard, unheard_newer, newer_field])
    assert await chassis.effects() == [7]
    assert await chassis.reasons() == []
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="unknown-type") == 1
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="skipped") == 2


@pytest.mark.requirement("R-11", "D-16")
async def test_an_older_version_is_lifted_to_todays_shape(chassis: Chassis) -> None:
    heard: list[object] = []

    async def handle(_db: Connection, batch: Sequence[Received]) -> None:
        heard.extend(item.event for item in batch)

    await chassis.effect_once(handle, hears=(Counted,)).take([delivery(envelope(Counted(notes=1), version=1, payload={"count": 5}))])
    assert heard == [Counted(notes=5)]


@pytest.mark.requirement("D-23", "R-21")
async def test_a_type_of_another_topic_is_set_aside_because_a_frontend_must_not_speak_for_a_service(chassis: Chassis) -> None:
    heard: list[object] = []

    async def handle(_db: Connection, batch: Sequence[Received]) -> None:
        heard.extend(item.event for item in batch)

    report = DeliveryReported(notice_id="n", outcome="delivered")
    forged = delivery(envelope(RequestEmailConfirmed(confirmed_at=MOMENT)), topic=INBOUND.of("vk"))
    effect = chassis.effect_once(handle, hears=(DeliveryReported, RequestEmailConfirmed), registry=REGISTRY)
    await effect.take([forged, delivery(envelope(report), topic=INBOUND.of("vk"))])
    assert heard == [report]
    assert await chassis.reasons() == ["wrong-topic"]


@pytest.mark.requirement("R-21", "D-14")
async def test_a_value_that_the_database_can_not_hold_is_the_records_fault(chassis: Chassis) -> None:
    async with asyncio.timeout(10):
        await chassis.effect_once(chassis.count).take(notes(1, 2**40, 2))
    assert await chassis.effects() == [1, 2]
    assert await chassis.reasons() == ["handler-failed:DataError"]


@pytest.mark.requirement("R-6", "R-21")
@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        asyncpg.DeadlockDetectedError("…"),
        asyncpg.SerializationError("…"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.DiskFullError("…"),
        asyncpg.PostgresIOError("…"),
        asyncpg.UndefinedTableError("…"),
        asyncpg.InsufficientPrivilegeError("…"),
        asyncpg.InvalidPasswordError("…"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_the_outside_does_is_no_poison_the_whole_batch_waits(chassis: Chassis, error: Exception) -> None:
    batch = notes(1, BAD, 2)
    with pytest.raises(type(error)):
        await chassis.effect_once(failing(chassis, error)).take(batch)
    assert await chassis.effects() == []
    assert await chassis.reasons() == []
    await chassis.effect_once(chassis.count).take(batch)
    assert await chassis.effects() == [1, 2, BAD]


@pytest.mark.requirement("D-14")
async def test_consumers_note_what_they_saw_each_for_itself(chassis: Chassis) -> None:
    [one] = notes(1)
    other = chassis.effect_once(chassis.count)
    other._inbox._consumer = "other"
    await chassis.effect_once(chassis.count).take([one])
    await other.take([one])
    assert await chassis.effects() == [1, 1]


@pytest.mark.requirement("R-6", "R-2")
async def test_events_that_a_handler_appends_are_there_once_whatever_it_was_halved_for(chassis: Chassis) -> None:
    topic = await chassis.topic()

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        await chassis.store.append(db, [note(str(item.envelope.event_id), item.event, category=published(topic)) for item in batch])
        await failing(chassis, Poison("no"))(db, batch)

    await chassis.effect_once(handle).take(notes(*range(20)))
    assert await chassis.pool.fetchval("SELECT count(*) FROM events") == 19
    assert await chassis.pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", topic.name) == 19
    assert await chassis.pool.fetchval("SELECT count(*) FROM thread_keys") == 19 + 1, "and one for what the dead-letter topic is told"


async def test_ids_are_forgotten_after_sixty_days_and_not_before(chassis: Chassis, superuser: "asyncpg.Connection[Any]") -> None:
    for age in (LIFETIME.days + 1, LIFETIME.days - 1):
        await superuser.execute("INSERT INTO inbox VALUES ('test', $1, now() - make_interval(days => $2))", uuid4(), age)
    async with chassis.pool.acquire() as db:
        await forget_inbox(db, chassis.clock.now())
    assert await chassis.pool.fetchval("SELECT count(*) FROM inbox") == 1


@pytest.mark.requirement("D-17", "R-7")
async def test_who_wants_to_know_of_a_record_set_aside_is_told_once_in_the_transaction_that_keeps_it(chassis: Chassis) -> None:
    told: list[tuple[int, str, int]] = []

    async def tell(db: Connection, bad: Delivery, reason: str) -> None:
        told.append((bad.offset, reason, await db.fetchval("SELECT count(*) FROM dead_letters")))

    effect = chassis.effect_once(failing(chassis, Poison("no-such-thing")), on_set_aside=tell)
    good, bad, torn = *notes(1, BAD), delivery(b"{")
    await effect.take([good, bad, torn])
    await effect.take([good, bad, torn])
    assert told == [(torn.offset, "not-json", 1), (bad.offset, "no-such-thing", 2)]
