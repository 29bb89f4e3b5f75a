"""Behind a record that was set aside those of its key wait, and nobody else does (R-7)."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from libs.chassis.bus.effect_once import EffectOnce, Received
from libs.chassis.ops import logs
from libs.chassis.ops.stop import Stopping
from libs.chassis.store import settling
from libs.chassis.store.database import Connection
from libs.chassis.store.lanes import forget_dead_letters
from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.registry import Registry
from libs.events.topics import INBOUND
from tests.integration.chassis.chassis import Chassis, delivery, envelope
from tests.integration.chassis.mending import Mendable, ask, in_order, of_key, open_lanes, unsettled
from tests.integration.chassis.notes import Noted

pytestmark = pytest.mark.requirement("D-17", "R-7")
SITE = INBOUND.of("site")


async def replay(effect: EffectOnce) -> None:
    await effect.replay.round(Stopping())


async def test_later_records_of_the_key_wait_in_the_same_batch_and_in_the_next_and_others_go_on(chassis: Chassis) -> None:
    effect = chassis.effect_once(Mendable(chassis, 2))
    first, bad, later = of_key("anna", 1, 2, 3)
    await effect.take([first, *of_key("boris", 10), bad, *of_key("boris", 11), later])
    await effect.take([*of_key("boris", 12), *of_key("anna", 4)])
    assert await in_order(chassis) == [1, 10, 11, 12]
    assert await unsettled(chassis) == ["not-yet", "waits", "waits"]
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="waits") == 2
    assert chassis.figure("otklik_dead_letters_total", consumer="test", reason="not-yet") == 1
    assert await chassis.pending() == 1, "the dead-letter topic is told of the culprit alone"


async def test_nothing_happens_by_itself_and_after_the_fix_they_follow_in_order(chassis: Chassis) -> None:
    handler = Mendable(chassis, 1)
    effect = chassis.effect_once(handler)
    await effect.take(of_key("anna", 1, 2, 3))
    await replay(effect)
    assert await in_order(chassis) == []
    handler.bad.clear()
    assert await ask(chassis) == 1
    await replay(effect)
    await effect.take(of_key("anna", 4))
    assert await in_order(chassis) == [1, 2, 3, 4]
    assert (await unsettled(chassis), await open_lanes(chassis)) == ([], 0)
    assert chassis.figure("otklik_records_handled_total", consumer="test", outcome="replayed") == 3


async def test_a_record_that_fails_again_stays_with_its_new_reason_and_its_key_waits_on(chassis: Chassis) -> None:
    effect = chassis.effect_once(Mendable(chassis, 1))
    await effect.take(of_key("anna", 1, 2))

    async def otherwise(*_: object) -> None:
        raise KeyError("a mistake")

    later = chassis.again().effect_once(otherwise)
    await ask(chassis)
    await replay(later)
    assert await unsettled(chassis) == ["handler-failed:KeyError", "waits"]
    await replay(effect)
    assert await in_order(chassis) == [], "it was asked for once"
    assert await chassis.pending() == 1, "and is told once"


async def test_a_second_culprit_in_the_lane_is_found_told_and_stops_what_is_behind_it(chassis: Chassis) -> None:
    handler = Mendable(chassis, 0, 70)
    effect = chassis.effect_once(handler)
    await effect.take(of_key("anna", *range(100)))
    handler.bad.remove(0)
    await ask(chassis)
    await replay(effect)
    assert await in_order(chassis) == list(range(70))
    assert await unsettled(chassis) == ["not-yet", *["waits"] * 29]
    assert await chassis.pending() == 2
    assert chassis.figure("otklik_dead_letters_total", consumer="test", reason="not-yet") == 2
    handler.bad.clear()
    await ask(chassis)
    await replay(effect)
    assert await in_order(chassis) == list(range(100))


@pytest.mark.requirement("D-14", "R-6")
async def test_what_is_delivered_again_while_it_waits_or_afterwards_is_neither_lost_nor_doubled(chassis: Chassis) -> None:
    handler = Mendable(chassis, 2)
    effect = chassis.effect_once(handler)
    batch = of_key("anna", 1, 2, 3, 4)
    for _ in range(2):
        await effect.take(batch)
    assert await unsettled(chassis) == ["not-yet", "waits", "waits"]
    assert await in_order(chassis) == [1]
    handler.bad.clear()
    await ask(chassis)
    await effect.take(batch)
    await replay(effect)
    await effect.take(batch)
    assert await in_order(chassis) == [1, 2, 3, 4]
    assert await unsettled(chassis) == []


async def test_records_without_a_key_wait_for_nobody(chassis: Chassis) -> None:
    handler = Mendable(chassis, 1)
    effect = chassis.effect_once(handler)
    await effect.take(of_key(None, 1, 2))
    assert (await in_order(chassis), await open_lanes(chassis)) == ([2], 0)
    handler.bad.clear()
    await ask(chassis)
    await replay(effect)
    assert (await in_order(chassis), await unsettled(chassis)) == ([2, 1], [])


async def test_a_record_without_a_key_that_a_person_drops_while_another_is_tried_stays_dropped(chassis: Chassis) -> None:
    await chassis.effect_once(Mendable(chassis, 1, 2)).take(of_key(None, 1, 2))
    await ask(chassis)

    async def meanwhile(db: Connection, batch: Sequence[Received]) -> None:
        await chassis.count(db, batch)
        async with chassis.pool.acquire() as person:
            [_, other] = await settling.unsettled(person, None, 10)
            assert await settling.drop(person, other.kept, None, "sent by mistake", chassis.clock.now())

    await replay(chassis.effect_once(meanwhile))
    assert await in_order(chassis) == [1]
    assert [row["outcome"] for row in await chassis.pool.fetch("SELECT outcome FROM dead_letters ORDER BY id")] == ["replayed", "dropped"]


async def test_the_same_key_in_another_topic_or_for_another_consumer_waits_for_nobody(chassis: Chassis) -> None:
    await chassis.effect_once(Mendable(chassis, 1)).take([*of_key("anna", 1), *of_key("anna", 2, topic="other.v1")])
    other = chassis.again().effect_once(chassis.count, consumer="other")
    await other.take(of_key("anna", 3))
    assert await in_order(chassis) == [2, 3]


async def test_what_came_before_an_event_that_cant_be_read_is_done_and_what_comes_after_it_waits(chassis: Chassis) -> None:
    before, newer, after = of_key("anna", 1, 0, 3)
    newer = replace(newer, value=delivery(envelope(Noted(number=2), version=9)).value)
    await chassis.effect_once(chassis.count).take([before, newer, after])
    assert await in_order(chassis) == [1]
    assert await unsettled(chassis) == ["newer-version", "waits"]


@pytest.mark.requirement("R-21")
async def test_what_is_no_event_at_all_has_no_place_in_an_order(chassis: Chassis) -> None:
    torn = [replace(delivery(value), key=b"anna") for value in (None, b"{", b"[]")]
    await chassis.effect_once(chassis.count).take([*torn, *of_key("anna", 1)])
    assert await in_order(chassis) == [1]
    assert await unsettled(chassis) == ["empty-value", "not-json", "wrong-schema"]


@pytest.mark.requirement("R-21", "D-23")
async def test_a_frontends_mistake_does_not_stop_the_persons_dialogue(chassis: Chassis) -> None:
    heard: list[object] = []

    async def handle(_db: object, batch: object) -> None:
        heard.extend(item.event for item in batch)  # type: ignore[attr-defined]

    report = DeliveryReported(notice_id="n", outcome="delivered")
    wrong = [envelope(report, version=9), envelope(report, payload={}), envelope(Noted(), type="RequestRegistered")]
    effect = chassis.effect_once(handle, hears=(DeliveryReported,), registry=REGISTRY)
    await effect.take([delivery(value, topic=SITE, key=b"anna") for value in (*wrong, envelope(report))])
    assert heard == [report]
    assert await unsettled(chassis) == ["newer-version", "wrong-schema", "wrong-topic"]


@pytest.mark.requirement("R-11")
async def test_a_newer_version_is_handled_by_itself_after_the_upgrade_and_what_waited_follows(chassis: Chassis) -> None:
    newer, later = of_key("anna", 1, 2)
    await chassis.effect_once(chassis.count).take([replace(newer, value=newer_note(1)), later])
    effect = upgraded(chassis)
    await effect.replay.start()
    await replay(effect)
    assert await in_order(chassis) == [1, 2]


def newer_note(number: int) -> bytes | None:
    """As a release that is one version ahead writes it."""
    return delivery(envelope(Noted(number=number), version=2)).value


def upgraded(chassis: Chassis) -> EffectOnce:
    """The same consumer, of that release."""
    newer = type("Noted", (Noted,), {"version": 2})
    registry = Registry((newer,), {("Noted", 1): lambda payload: payload})
    return chassis.again().effect_once(chassis.count, hears=(newer,), registry=registry)


@pytest.mark.requirement("R-11")
async def test_one_round_takes_the_oldest_hundred_keys_and_the_oldest_hundred_without_one_and_the_next_those_behind(
    chassis: Chassis,
) -> None:
    with_keys = [replace(each, key=str(n).encode()) for n, each in enumerate(of_key("any", *range(101)))]
    newer = [replace(each, value=newer_note(n)) for n, each in enumerate([*with_keys, *of_key(None, *range(101, 202))])]
    await chassis.effect_once(chassis.count).take(newer)
    effect = upgraded(chassis)
    await effect.replay.start()
    await replay(effect)
    assert await in_order(chassis) == [*range(100), *range(101, 201)]
    await replay(effect)
    assert sorted(await in_order(chassis)) == list(range(202))


@dataclass(frozen=True)
class Ahead:
    """A clock that goes some days ahead."""

    days: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


@pytest.mark.requirement("R-17")
async def test_after_thirty_days_record_and_key_are_gone_and_what_waited_behind_follows(chassis: Chassis) -> None:
    handler = Mendable(chassis, 1)
    await chassis.effect_once(handler).take(of_key("anna", 1))
    later = Chassis(pool=chassis.pool, kafka=chassis.kafka, clock=Ahead(20))
    effect = later.effect_once(handler)
    await effect.take(of_key("anna", 2))
    async with chassis.pool.acquire() as db:
        await forget_dead_letters(db, Ahead(29).now())
        await replay(effect)
        assert await unsettled(chassis) == ["not-yet", "waits"]
        await forget_dead_letters(db, Ahead(31).now())
    assert await chassis.pool.fetchval("SELECT count(*) FROM dead_letter_keys") == 1, "that of the day on which the other was kept"
    await replay(effect)
    await effect.take(of_key("anna", 3))
    assert await in_order(chassis) == [2, 3]
    assert (await unsettled(chassis), await open_lanes(chassis)) == ([], 0)


@pytest.mark.requirement("R-17")
async def test_what_is_destroyed_though_nobody_settled_it_is_told_by_its_place_and_what_was_settled_is_not(
    chassis: Chassis, log_lines: io.StringIO
) -> None:
    handler = Mendable(chassis, 1, 2)
    effect = chassis.effect_once(handler)
    lost, mended = of_key(None, 1, 2)
    await effect.take([lost, mended])
    handler.bad.remove(2)
    await ask(chassis)
    await replay(effect)
    logs.configure(service="test", stream=log_lines)
    async with chassis.pool.acquire() as db:
        await forget_dead_letters(db, Ahead(31).now())
    [told] = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    assert (told["level"], "destroyed" in told["event"]) == ("critical", True)
    place = {"topic": lost.topic, "partition": lost.partition, "offset": lost.offset}
    assert told.items() >= {"consumer": "test", "reason": "not-yet", **place}.items()
    assert "withheld" not in told


async def test_figures_tell_how_many_keys_wait_how_much_lies_there_and_how_old_it_is(chassis: Chassis) -> None:
    effect = chassis.effect_once(Mendable(chassis, 1, 10))
    await effect.take([*of_key("anna", 1, 2, 3), *of_key("boris", 10), *of_key(None, 1)])
    await effect.replay.tell()
    assert chassis.figure("otklik_parked_keys", where="dead-letters") == 2
    assert chassis.figure("otklik_dead_letters_unsettled") == 5
    assert chassis.figure("otklik_dead_letters_oldest_age_seconds") > 0


@pytest.mark.requirement("R-17")
async def test_a_record_that_nothing_waits_for_grows_old_in_the_figures_until_it_is_destroyed(chassis: Chassis) -> None:
    before = Chassis(pool=chassis.pool, kafka=chassis.kafka, clock=Ahead(-26))
    await before.effect_once(chassis.count).take([replace(delivery(b"{"), topic=SITE)])
    replay = chassis.effect_once(chassis.count).replay
    await replay.tell()
    assert chassis.figure("otklik_parked_keys", where="dead-letters") == 0
    assert chassis.figure("otklik_dead_letters_oldest_age_seconds") == pytest.approx(26 * 86_400, abs=60)
    async with chassis.pool.acquire() as db:
        await forget_dead_letters(db, Ahead(5).now())
    await replay.tell()
    assert chassis.figure("otklik_dead_letters_oldest_age_seconds") == 0
