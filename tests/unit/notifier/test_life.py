"""What becomes of a notice."""

from datetime import timedelta

import pytest

from libs.events.contracts.notifier_deliveries import NotificationDelivered, NotificationFailed, NotificationQueued, NotificationSent
from services.notifier.domain import (
    Accepted,
    Deferred,
    Life,
    Outcome,
    Rejected,
    State,
    Terms,
    Unanswered,
    Unreachable,
    address_changed,
    decide,
    evolve,
    pause_after,
    plan,
    queued,
    reported,
)
from tests.unit.notifier.examples import AT, by_vk, change, envelope

EVENT = change()
NOTICE = plan(EVENT, envelope(EVENT), AT)[1].notice
TERMS = Terms()
SENDING = Life(state=State.SENDING, attempt=2, version=2, tried_for=timedelta(minutes=1))


def after(outcome: Outcome, before: Life = SENDING) -> tuple[Life, NotificationSent | NotificationFailed]:
    fact = decide(NOTICE, before, outcome, TERMS)
    return evolve(before, fact), fact


@pytest.mark.requirement("N-3.5")
def test_an_accepted_notice_is_finished_and_keeps_the_id_that_the_provider_knows() -> None:
    life, fact = after(Accepted("<id@example.org>"))
    assert (life.state, life.version, life.provider_ref) == (State.ACCEPTED, 3, "<id@example.org>")
    assert isinstance(fact, NotificationSent)
    assert (fact.attempt, fact.provider_ref) == (2, "<id@example.org>")


@pytest.mark.requirement("N-3.5")
@pytest.mark.parametrize(
    ("outcome", "state", "final"),
    [
        (Deferred("smtp-451"), State.DEFERRED, False),
        (Unreachable("relay-gone"), State.DEFERRED, False),
        (Unanswered(), State.UNKNOWN, False),
        (Rejected("smtp-550"), State.FAILED, True),
    ],
)
def test_every_failed_attempt_is_a_fact_and_only_a_refusal_is_final(outcome: Outcome, state: State, final: bool) -> None:
    life, fact = after(outcome)
    assert isinstance(fact, NotificationFailed)
    assert (life.state, fact.final, fact.attempt, life.reason) == (state, final, 2, fact.reason)


@pytest.mark.parametrize("outcome", [Deferred("smtp-451"), Unreachable("relay-gone"), Unanswered()])
def test_after_the_time_of_trying_is_over_a_failure_is_final(outcome: Outcome) -> None:
    life, fact = after(outcome, SENDING._replace(tried_for=TERMS.give_up))
    assert life.state is State.FAILED
    assert isinstance(fact, NotificationFailed)
    assert fact.final


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize("state", [State.PLANNED, State.DEFERRED, State.UNKNOWN])
def test_an_unfinished_letter_to_an_address_that_was_left_fails_for_good(state: State) -> None:
    waiting = Life(state=state, attempt=2, version=3)
    [fact] = address_changed(NOTICE, waiting)
    assert isinstance(fact, NotificationFailed)
    assert (fact.reason, fact.final, fact.attempt) == ("address-changed", True, 2)
    assert evolve(waiting, fact) == Life(state=State.FAILED, attempt=2, version=4, reason="address-changed")


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize("state", sorted(set(State) - {State.PLANNED, State.DEFERRED, State.UNKNOWN}))
def test_what_is_finished_or_on_its_way_is_not_ended_by_a_change_of_address(state: State) -> None:
    assert address_changed(NOTICE, Life(state=state, attempt=1)) == []


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize("outcome", [Deferred("smtp-451"), Unreachable("relay-gone"), Unanswered()])
def test_no_attempt_follows_the_one_under_way_when_the_person_left_the_address(outcome: Deferred | Unreachable | Unanswered) -> None:
    fact = decide(NOTICE, SENDING._replace(address_left=True), outcome, TERMS)
    assert isinstance(fact, NotificationFailed)
    assert (fact.reason, fact.final) == (outcome.reason, True)


def test_pauses_double_up_to_the_longest_and_are_spread() -> None:
    def pause(attempt: int, jitter: float = 0.5) -> timedelta:
        return pause_after(Life(attempt=attempt), Deferred("smtp-451"), TERMS, jitter)

    assert [pause(attempt).total_seconds() for attempt in (1, 2, 3)] == [30, 60, 120]
    assert pause(500) == TERMS.longest_pause
    assert (pause(1, 0.0).total_seconds(), pause(1, 1.0).total_seconds()) == (15, 45)


def test_a_notice_that_could_not_be_offered_does_not_wait_long_after_the_channel_is_back() -> None:
    assert pause_after(Life(attempt=40), Unreachable("relay-gone"), TERMS, 1.0) < timedelta(seconds=10)


@pytest.mark.requirement("N-3.3")
def test_what_staff_carry_waits_for_staff() -> None:
    by_post = queued(NOTICE).model_copy(update={"channel": "post"})
    assert evolve(Life(), by_post).state is State.WAITING_FOR_STAFF
    assert evolve(Life(), queued(NOTICE)).state is State.PLANNED
    assert isinstance(queued(NOTICE), NotificationQueued)


@pytest.mark.requirement("N-3.5")
def test_each_fact_of_a_notice_is_a_version_and_success_forgets_the_last_failure() -> None:
    failed = evolve(
        Life(version=4), NotificationFailed(notice_id=NOTICE.id, request_id="r", channel="email", reason="x", attempt=1, final=False)
    )
    sent = evolve(failed, NotificationSent(notice_id=NOTICE.id, request_id="r", channel="email", attempt=2))
    delivered = evolve(sent, NotificationDelivered(notice_id=NOTICE.id, request_id="r", channel="email"))
    assert [life.version for life in (evolve(Life(version=4), queued(NOTICE)), failed, sent, delivered)] == [5, 5, 6, 7]
    assert (failed.reason, sent.reason) == ("x", None)


@pytest.mark.requirement("N-3.5", "N-3.2")
def test_a_duplicate_names_the_notice_that_it_repeats() -> None:
    original, duplicate = (queued(draft.notice) for draft in plan(EVENT, envelope(EVENT), AT))
    assert (original.duplicate_of, duplicate.duplicate_of) == (None, original.notice_id)


@pytest.mark.requirement("D-23")
def test_a_frontends_report_counts_once_and_only_for_what_was_handed_over() -> None:
    event = change(EVENT.to_status, by_vk)
    notice = plan(event, envelope(event), AT)[0].notice
    accepted = Life(state=State.ACCEPTED, attempt=1, version=2)
    [delivered] = reported(notice, accepted, "delivered")
    assert isinstance(delivered, NotificationDelivered)
    assert evolve(accepted, delivered).state is State.DELIVERED
    [failed] = reported(notice, accepted, "failed")
    assert isinstance(failed, NotificationFailed)
    assert (failed.reason, failed.final) == ("reported-by-frontend", True)
    assert evolve(accepted, failed).state is State.FAILED
    for state in set(State) - {State.ACCEPTED}:
        assert reported(notice, Life(state=state), "delivered") == []
