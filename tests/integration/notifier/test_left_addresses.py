"""What becomes of letters to an address that the person leaves before they arrived."""

import asyncio
from time import monotonic
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from libs.chassis.ops import metrics
from libs.chassis.ops.clock import SystemClock
from libs.events.contracts.intake_requests import RequestChannelsChanged
from libs.events.envelope import Envelope
from libs.events.vocabulary import Status
from services.notifier.domain import Accepted, Deferred, Rejected, Terms, Unanswered, decide, evolve
from services.notifier.figures import Figures
from services.notifier.handlers import Handlers
from services.notifier.store import Claimed, Settled
from tests.integration.notifier.conftest import Notifying, figure, store_of
from tests.integration.notifier.test_notices import email
from tests.running import Running
from tests.stack import eventually
from tests.unit.notifier.examples import by_site, envelope, new_address, typed_only

OLD, NEW = "old@example.org", "new@example.org"
BUSY = "451 4.7.1 Come again later"
DROPPED = RequestChannelsChanged(email=None)
MOVED = new_address(typed_only.model_copy(update={"address": NEW}))
LATE = "otklik_notices_settled_late_total"


async def change_address(notifying: Notifying, request: str, event: RequestChannelsChanged) -> Envelope:
    notifying.seqs[request] += 1
    made = envelope(event, request=request, seq=notifying.seqs[request], event_id=uuid4())
    await notifying.publish(made)
    return made


async def two_letters_wait(notifying: Notifying, request: str) -> None:
    """The first is deferred for ten minutes, the second waits for it; from now on the old address would take both."""
    notifying.sink.texts[OLD] = BUSY
    await notifying.changed(request, Status.REGISTERED, by_site, email(OLD))
    await notifying.changed(request, Status.ASSIGNED, by_site, email(OLD))
    await notifying.become(request, "accepted", "deferred", "accepted", "planned")
    notifying.sink.texts.clear()


@pytest.mark.requirement("N-3.2", "N-3.4")
async def test_a_deferred_letter_to_the_old_address_ends_and_the_one_to_the_new_address_goes_at_once(notifying: Notifying) -> None:
    async with notifying.running(notice_first_pause_seconds=600) as service:
        await two_letters_wait(notifying, "moved")
        made = await change_address(notifying, "moved", MOVED)
        rows = await notifying.become("moved", "accepted", "failed", "accepted", "failed", "accepted")
        facts = [await notifying.facts(row["notice_id"]) for row in rows]
        async with notifying.database.superuser() as db:
            await db.execute("DELETE FROM notifier.inbox")
        await notifying.publish(made)
        await notifying.changed("moved", Status.CLOSED, by_site, email(NEW))
        assert (await notifying.become("moved", *[row["state"] for row in rows], "accepted", "accepted"))[:5] == rows
        assert [await notifying.facts(row["notice_id"]) for row in rows] == facts, "a redelivery tells nothing new"
        assert figure(service, "otklik_notices_total", channel="email", outcome="failed") == 2
    assert [row["reason"] for row in rows] == [None, "address-changed", None, "address-changed", None]
    assert all(row["sealed"] is None and row["finished_at"] for row in rows)
    assert facts[1] == ["NotificationQueued", "NotificationFailed", "NotificationFailed"]
    assert facts[3] == ["NotificationQueued", "NotificationFailed"]
    assert await _final(notifying, "moved") == 2
    assert [recipient for recipient, _ in notifying.sink.letters] == [NEW, NEW]
    first, second = ("".join(str(part.get_content()) for part in letter.iter_parts()) for letter in notifying.sink.to(NEW))
    assert "https://otklik.example.org/confirm/one-time-token" in first
    assert "завершена" in second


@pytest.mark.requirement("N-3.2")
async def test_a_dropped_address_gets_none_of_the_letters_that_waited(notifying: Notifying) -> None:
    async with notifying.running(notice_first_pause_seconds=600):
        await two_letters_wait(notifying, "dropped")
        await two_letters_wait(notifying, "neighbour")
        await change_address(notifying, "dropped", DROPPED)
        rows = await notifying.become("dropped", "accepted", "failed", "accepted", "failed")
        assert await notifying.states("neighbour") == ["accepted", "deferred", "accepted", "planned"]
    assert [row["reason"] for row in rows] == [None, "address-changed", None, "address-changed"]
    assert notifying.sink.letters == []


@pytest.mark.requirement("N-3.2", "N-3.5")
async def test_the_original_channel_by_e_mail_is_not_what_the_person_left(notifying: Notifying) -> None:
    notifying.sink.texts[OLD] = BUSY
    async with notifying.running(notice_first_pause_seconds=600):
        await notifying.changed("original", Status.REGISTERED, email(OLD, role="original"))
        await notifying.become("original", "deferred")
        await change_address(notifying, "original", MOVED)
        await notifying.become("original", "deferred", "accepted")


@pytest.mark.requirement("N-3.2", "N-3.4")
@pytest.mark.parametrize("outcome", [Deferred("smtp-451"), Unanswered(), Rejected("smtp-550"), Accepted("<x@example.org>")])
async def test_a_letter_on_its_way_ends_by_its_own_outcome_and_the_new_address_does_not_wait_for_it(
    notifying: Notifying, outcome: Deferred | Unanswered | Rejected | Accepted
) -> None:
    async with notifying.running(notice_unreachable_pause_seconds=600) as service:
        claimed = await claimed_and_left(notifying, service, "under-way")
        figures = metrics.registry()
        mine = handlers(service, figures)
        for _ in range(2):
            await mine.settle([(claimed, outcome)])
        [_, row, _] = await notifying.rows("under-way")
        expected = ("accepted", None, 0) if isinstance(outcome, Accepted) else ("failed", outcome.reason, 1)
        assert (row["state"], row["reason"], await _final(notifying, "under-way")) == expected
        assert figures.get_sample_value(LATE, {"channel": "email"}) == 1, "the second settle changes nothing"
    assert notifying.sink.to(OLD) == []


@pytest.mark.requirement("N-3.2", "N-3.5")
async def test_a_letter_whose_sender_died_is_not_tried_again_and_who_comes_late_changes_nothing(notifying: Notifying) -> None:
    async with notifying.running(notice_unreachable_pause_seconds=600) as service:
        claimed = await claimed_and_left(notifying, service, "died")
        await notifying.leases_run_out()
        rows = await notifying.become("died", "accepted", "failed", "accepted")
        figures = metrics.registry()
        mine = handlers(service, figures)
        for outcome in (Accepted("<x@example.org>"), Deferred("smtp-451")):
            await mine.settle([(claimed, outcome)])
        assert await notifying.rows("died") == rows
        assert rows[1]["reason"] == "address-changed"
        assert await _final(notifying, "died") == 1
        assert figures.get_sample_value(LATE, {"channel": "email"}) == 2
        assert not figure(service, "otklik_notices_sent_again_total", channel="email")
    assert notifying.sink.to(OLD) == []


@pytest.mark.requirement("N-3.2", "R-6")
async def test_a_change_of_address_waits_for_an_outcome_that_is_just_being_written(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(notice_unreachable_pause_seconds=600) as service:
        await notifying.changed("written", Status.REGISTERED, by_site, email(OLD))
        await notifying.become("written", "accepted", "deferred")
        [[claimed]] = await notifying.claimed_elsewhere(service, 1)
        notice, before, at = claimed.notice, claimed.life, SystemClock().now()
        fact = decide(notice, before, Deferred("smtp-451"), Terms())
        async with store_of(service).transaction() as db:
            assert await store_of(service).left(db, [notice.id]) == set()
            await change_address(notifying, "written", DROPPED)
            await eventually(lambda: _waits_for_a_lock(notifying), what="the change waits")
            await store_of(service).settle(db, [Settled(notice=notice, before=before, life=evolve(before, fact), facts=[fact])], at)
        rows = await notifying.become("written", "accepted", "failed")
        assert rows[1]["reason"] == "address-changed"
        assert (await notifying.facts(notice.id))[-2:] == ["NotificationFailed"] * 2


@pytest.mark.requirement("N-3.2", "R-6")
async def test_outcomes_and_changes_of_address_at_the_same_time_end_each_letter_once(notifying: Notifying) -> None:
    requests = [f"race-{n}" for n in range(20)]
    await notifying.sink.stop()
    async with notifying.running(notice_unreachable_pause_seconds=600, breaker_failures=1000) as service:
        for request in requests:
            await notifying.changed(request, Status.REGISTERED, by_site, email(OLD))
        for request in requests:
            await notifying.become(request, "accepted", "deferred")
        [claimed] = await notifying.claimed_elsewhere(service, len(requests))
        mine = handlers(service, metrics.registry())

        async def settle() -> None:
            for each in claimed:
                await mine.settle([(each, Deferred("smtp-451"))])

        async def change() -> None:
            for request in requests:
                await change_address(notifying, request, DROPPED)

        await asyncio.gather(settle(), change())
        for request in requests:
            rows = await notifying.become(request, "accepted", "failed")
            assert rows[1]["reason"] in ("smtp-451", "address-changed")
            assert await _final(notifying, request) == 1


async def claimed_and_left(notifying: Notifying, service: Running, request: str) -> Claimed:
    """A letter that somebody is sending to the old address while the one to the new address has arrived."""
    await notifying.sink.stop()
    await notifying.changed(request, Status.REGISTERED, by_site, email(OLD))
    await notifying.become(request, "accepted", "deferred")
    [[claimed]] = await notifying.claimed_elsewhere(service, 1)
    await notifying.sink.start()
    await change_address(notifying, request, MOVED)
    await notifying.become(request, "accepted", "sending", "accepted")
    assert len(notifying.sink.to(NEW)) == 1
    return claimed


def handlers(service: Running, registry: CollectorRegistry) -> Handlers:
    figures = Figures(registry, monotonic)
    return Handlers(store=store_of(service), at_once={}, terms=Terms(), clock=SystemClock(), figures=figures)


async def _waits_for_a_lock(notifying: Notifying) -> bool:
    async with notifying.database.superuser() as db:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(await db.fetchval(asked))


async def _final(notifying: Notifying, request: str) -> int:
    """How many facts say that a letter of the request failed for good."""
    async with notifying.database.superuser() as db:
        return int(
            await db.fetchval("SELECT count(*) FROM notifier.events WHERE open->>'request_id' = $1 AND (open->>'final')::boolean", request)
        )
