"""Notices in hand and notices that wait go by the database's clock, and a letter stays with who is sending it."""

import signal
from datetime import timedelta
from typing import Any

import pytest

from libs.chassis.ops.clock import FixedClock, SystemClock
from libs.events.vocabulary import Status
from services.notifier.leases import SECONDS
from tests.integration.notifier.conftest import LEASE_SECONDS, Notifying, as_process, figure
from tests.integration.notifier.test_notices import email
from tests.stack import eventually
from tests.unit.notifier.examples import by_site

HOUR = timedelta(hours=1)
AGAIN = "otklik_notices_sent_again_total"


def an_hour_ahead() -> FixedClock:
    return FixedClock(SystemClock().now() + HOUR)


@pytest.mark.requirement("D-27")
async def test_what_was_planned_and_deferred_while_the_clock_was_an_hour_ahead_goes_at_once_when_it_is_right(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(clock=an_hour_ahead()):
        for status in (Status.REGISTERED, Status.CLOSED):
            await notifying.changed("ahead", status, by_site, email("ahead@example.org"))
        await notifying.become("ahead", "accepted", "deferred", "accepted", "planned")
    await notifying.sink.start()
    async with notifying.running() as service:
        assert not figure(service, "otklik_notices_oldest_due_age_seconds", channel="email")
        await notifying.become("ahead", *["accepted"] * 4)


@pytest.mark.requirement("D-27", "D-28")
async def test_a_replica_whose_clock_is_ahead_takes_no_letter_out_of_anothers_hand(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(notice_unreachable_pause_seconds=600) as right:
        await notifying.changed("in-hand", Status.REGISTERED, by_site, email("in-hand@example.org"))
        await notifying.become("in-hand", "accepted", "deferred")
        [[_]] = await notifying.claimed_elsewhere(right, 1)
    await notifying.sink.start()
    async with notifying.running(clock=an_hour_ahead()) as ahead:
        await notifying.changed("free", Status.REGISTERED, by_site, email("free@example.org"))
        await notifying.become("free", "accepted", "accepted")
        assert await notifying.states("in-hand") == ["accepted", "sending"]
        assert not figure(ahead, AGAIN, channel="email")


@pytest.mark.requirement("N-3.5", "D-27", "D-28")
async def test_a_letter_stays_with_a_slow_sender_while_it_lives_and_goes_to_another_soon_after_its_death(notifying: Notifying) -> None:
    notifying.sink.mute = True
    async with as_process(notifying, smtp_timeout_seconds=60) as slow:
        await notifying.changed("slow", Status.REGISTERED, by_site, email("slow@example.org"))
        await eventually(lambda: _taken(notifying, 1))
        [_, before] = await notifying.rows("slow")
        async with notifying.running() as other:
            await eventually(lambda: _renewed(notifying, before), what="the lease is renewed")
            slow.send_signal(signal.SIGKILL)
            await slow.wait()
            notifying.sink.mute = False
            assert (await _lease_left(notifying)) <= timedelta(seconds=SECONDS)
            assert len(notifying.sink.letters) == 1
            await notifying.leases_run_out()
            await notifying.become("slow", "accepted", "accepted")
            assert figure(other, AGAIN, channel="email") == 1
    first, second = notifying.sink.to("slow@example.org")
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.requirement("D-27", "D-28")
async def test_a_lease_is_renewed_by_its_holder_alone_and_while_it_is_in_doubt_nobody_takes_over(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(notice_unreachable_pause_seconds=600) as service:
        await notifying.changed("renewed", Status.REGISTERED, by_site, email("renewed@example.org"))
        await notifying.become("renewed", "accepted", "deferred")
        [[slow]] = await notifying.claimed_elsewhere(service, 1)
        [[quick]] = await notifying.claimed_elsewhere(service, 1)
    async with notifying.store() as notices:
        assert await notices.renew([slow.claim, quick.claim], LEASE_SECONDS) == [quick.claim]
        await notifying.leases_run_out()
        assert await notices.claim("email", 8, LEASE_SECONDS, take_over=False) == []
        assert await notices.claim("email", 8, LEASE_SECONDS, in_hand=[quick.notice.id]) == []
        [again] = await notices.claim("email", 8, LEASE_SECONDS)
        assert (again.again, again.life.attempt) == (True, quick.life.attempt + 1)


async def _taken(notifying: Notifying, count: int) -> bool:
    return len(notifying.sink.letters) >= count


async def _renewed(notifying: Notifying, before: dict[str, Any]) -> bool:
    [_, row] = await notifying.rows("slow")
    return bool(row["due_at"] > before["due_at"] and row["attempt"] == before["attempt"])


async def _lease_left(notifying: Notifying) -> timedelta:
    async with notifying.database.superuser() as db:
        left: timedelta = await db.fetchval("SELECT due_at - now() FROM notifier.notices WHERE state = 'sending'")
    return left
