"""What a kill, a lost answer, a second replica and a late outcome do to notices."""

import asyncio
import signal
from time import monotonic

import pytest

from libs.chassis.ops import metrics
from libs.chassis.ops.clock import SystemClock
from libs.events.vocabulary import Status
from services.notifier.domain import Accepted, Rejected, Terms
from services.notifier.figures import Figures
from services.notifier.handlers import Handlers
from tests.integration.notifier.conftest import Notifying, as_process, figure, store_of
from tests.integration.notifier.test_notices import email
from tests.stack import eventually
from tests.unit.notifier.examples import by_site, by_vk


@pytest.mark.requirement("N-3.5", "D-14")
async def test_killed_between_the_hand_over_and_its_note_the_letter_goes_again_under_the_same_id_and_nothing_is_lost(
    notifying: Notifying,
) -> None:
    notifying.sink.mute = True
    async with as_process(notifying, smtp_timeout_seconds=30) as process:
        for n in range(3):
            await notifying.changed(f"killed-{n}", Status.REGISTERED, by_site, email(f"killed{n}@example.org"))
            await notifying.changed(f"killed-{n}", Status.CLOSED, by_site, email(f"killed{n}@example.org"))
        await eventually(lambda: _count(notifying, 3), what="three letters are taken, none is acknowledged")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    for n in range(3):
        assert await notifying.states(f"killed-{n}") == ["accepted", "sending", "accepted", "planned"]
    notifying.sink.mute = False
    await notifying.leases_run_out()
    async with notifying.running() as service:
        for n in range(3):
            await notifying.become(f"killed-{n}", *["accepted"] * 4)
        assert figure(service, "otklik_notices_sent_again_total", channel="email") == 3
    for n in range(3):
        ids = [letter["Message-ID"] for letter in notifying.sink.to(f"killed{n}@example.org")]
        assert len(ids) == 3
        assert ids[0] == ids[1] != ids[2]


@pytest.mark.requirement("N-3.5", "D-28")
async def test_asked_to_stop_it_sends_and_notes_what_it_has_in_hand(notifying: Notifying) -> None:
    async with as_process(notifying) as process:
        for n in range(40):
            await notifying.changed(f"stopped-{n}", Status.REGISTERED, by_site, email(f"stopped{n}@example.org"))
        await eventually(lambda: _count(notifying, 1))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 25) == 0
    async with notifying.database.superuser() as db:
        assert await db.fetchval("SELECT count(*) FROM notifier.notices WHERE state = 'sending'") == 0
        accepted = await db.fetchval("SELECT count(*) FROM notifier.notices WHERE state = 'accepted' AND channel = 'email'")
    assert accepted == len(notifying.sink.letters)


@pytest.mark.requirement("N-3.5")
async def test_a_letter_whose_answer_was_lost_is_unknown_and_goes_again_under_the_same_id(notifying: Notifying) -> None:
    notifying.sink.drop_after_text = True
    async with notifying.running(notice_first_pause_seconds=2) as service:
        await notifying.changed("lost", Status.REGISTERED, by_site, email("lost@example.org"))
        rows = await notifying.become("lost", "accepted", "unknown")
        notifying.sink.drop_after_text = False
        await notifying.become("lost", "accepted", "accepted")
        assert figure(service, "otklik_notices_sent_again_total", channel="email") == 1
    assert rows[1]["reason"] == "no-answer"
    first, second = notifying.sink.to("lost@example.org")
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.requirement("D-27", "D-28")
async def test_two_replicas_share_the_notices_and_send_none_twice(notifying: Notifying) -> None:
    count = 60
    async with notifying.running(), notifying.running():
        for n in range(count):
            await notifying.changed(f"shared-{n}", Status.REGISTERED, by_site, email(f"shared{n}@example.org"))
        async with notifying.running() as third:
            for n in range(count):
                await notifying.changed(f"shared-{n}", Status.CLOSED, by_site, email(f"shared{n}@example.org"))
            for n in range(count):
                await notifying.become(f"shared-{n}", *["accepted"] * 4)
            assert not figure(third, "otklik_notices_sent_again_total", channel="email")
    for n in range(count):
        titles = [subject.split(": ")[1] for subject in notifying.sink.subjects(f"shared{n}@example.org")]
        assert titles == ["зарегистрирован", "завершён"]


@pytest.mark.requirement("D-27")
async def test_claims_of_two_replicas_never_overlap_and_keep_the_order_of_a_request(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(breaker_failures=1, notice_unreachable_pause_seconds=60) as service:
        for n in range(12):
            await notifying.changed(f"claimed-{n % 6}", Status.REGISTERED, by_site, email(f"claimed{n % 6}@example.org"))
        await eventually(lambda: _planned(notifying, 12))
    async with notifying.running(notice_poll_seconds=1) as service:
        first, second = await notifying.claimed_elsewhere(service, 4, replicas=2)
        ids = [claimed.notice.id for claimed in (*first, *second)]
        assert len(ids) == len(set(ids))
        requests = [(claimed.notice.request_id, claimed.notice.seq) for claimed in (*first, *second)]
        assert {seq for _, seq in requests} <= {1}, "the second notice of a request waits for the first"


@pytest.mark.requirement("N-3.5")
async def test_an_outcome_that_comes_after_another_claim_changes_nothing_and_is_counted(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(breaker_failures=1, notice_unreachable_pause_seconds=600) as service:
        await notifying.changed("late", Status.REGISTERED, by_site, email("late@example.org"))
        await notifying.become("late", "accepted", "deferred")
        registry = metrics.registry()
        handlers = Handlers(store=store_of(service), at_once={}, terms=Terms(), clock=SystemClock(), figures=Figures(registry, monotonic))
        [[slow]] = await notifying.claimed_elsewhere(service, 1)
        [[quick]] = await notifying.claimed_elsewhere(service, 1)
        assert (slow.notice.id, quick.again) == (quick.notice.id, True)
        await handlers.settle([(slow, Rejected("smtp-550"))])
        assert await notifying.states("late") == ["accepted", "sending"]
        assert registry.get_sample_value("otklik_notices_settled_late_total", {"channel": "email"}) == 1
        await handlers.settle([(quick, Accepted("<x@example.org>"))])
        assert await notifying.states("late") == ["accepted", "accepted"]


@pytest.mark.requirement("R-17")
async def test_a_notice_whose_key_is_destroyed_fails_and_is_not_sent(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(breaker_failures=1):
        made = await notifying.changed("destroyed", Status.REGISTERED, by_site, email("destroyed@example.org"))
        await notifying.changed("spoiled", Status.REGISTERED, by_site, email("spoiled@example.org"))
        await notifying.become("destroyed", "accepted", "deferred")
        await eventually(lambda: _planned(notifying, 2))
    async with notifying.database.superuser() as db:
        await db.execute("DELETE FROM notifier.outbox")
        await db.execute("DELETE FROM notifier.thread_keys WHERE thread_id = $1", made.thread_id)
        await db.execute("UPDATE notifier.notices SET sealed = 'of another key' WHERE request_id = 'spoiled' AND channel = 'email'")
    await notifying.sink.start()
    async with notifying.running():
        rows = await notifying.become("destroyed", "accepted", "failed")
        await notifying.become("spoiled", "accepted", "failed")
    assert rows[1]["reason"] == "content-unreadable"
    assert notifying.sink.letters == []


@pytest.mark.requirement("R-17")
async def test_a_damaged_key_costs_the_letters_of_its_own_request_alone(notifying: Notifying) -> None:
    await notifying.sink.stop()
    async with notifying.running(breaker_failures=1):
        made = await notifying.changed("damaged", Status.REGISTERED, by_site, email("damaged@example.org"))
        for n in range(3):
            await notifying.changed(f"sound-{n}", Status.REGISTERED, by_site, email(f"sound{n}@example.org"))
        await eventually(lambda: _planned(notifying, 4))
    async with notifying.database.superuser() as db:
        spoiled = await db.execute("UPDATE notifier.thread_keys SET wrapped = 'damaged' WHERE thread_id = $1", made.thread_id)
        assert spoiled == "UPDATE 1"
    await notifying.sink.start()
    async with notifying.running():
        for n in range(3):
            await notifying.become(f"sound-{n}", "accepted", "accepted")
        rows = await notifying.become("damaged", "accepted", "failed")
    assert rows[1]["reason"] == "content-unreadable"
    assert {recipient for recipient, _ in notifying.sink.letters} == {f"sound{n}@example.org" for n in range(3)}


@pytest.mark.requirement("D-29")
async def test_kept_connections_are_used_again_and_a_closed_one_costs_no_attempt(notifying: Notifying) -> None:
    async with notifying.running(smtp_connections=1):
        for n in range(5):
            await notifying.changed(f"kept-{n}", Status.REGISTERED, by_vk, email(f"kept{n}@example.org"))
            await notifying.become(f"kept-{n}", "accepted", "accepted")
        assert notifying.sink.sessions == 1
        await notifying.sink.hang_up()
        await notifying.changed("kept-6", Status.REGISTERED, by_vk, email("kept6@example.org"))
        rows = await notifying.become("kept-6", "accepted", "accepted")
        notifying.sink.tired = True
        await notifying.changed("kept-7", Status.REGISTERED, by_vk, email("kept7@example.org"))
        [_, sent_away] = await notifying.become("kept-7", "accepted", "accepted")
    assert rows[1]["attempt"] == sent_away["attempt"] == 1
    assert notifying.sink.sessions == 3


async def test_after_so_many_letters_a_connection_is_made_anew(notifying: Notifying) -> None:
    async with notifying.running(smtp_connections=1, smtp_letters_per_connection=2):
        for n in range(5):
            await notifying.changed(f"anew-{n}", Status.REGISTERED, by_site, email(f"anew{n}@example.org"))
        for n in range(5):
            await notifying.become(f"anew-{n}", "accepted", "accepted")
    assert notifying.sink.sessions == 3


async def _count(notifying: Notifying, count: int) -> bool:
    return len(notifying.sink.letters) >= count


async def _planned(notifying: Notifying, count: int) -> bool:
    async with notifying.database.superuser() as db:
        return int(await db.fetchval("SELECT count(*) FROM notifier.notices WHERE channel = 'email'")) == count
