"""A channel that is down is left alone, tried by one, and used again by all."""

import pytest

from services.notifier.breaker import Breaker, Patience

pytestmark = pytest.mark.requirement("D-29")


def opened() -> Breaker:
    breaker = Breaker(Patience(failures=3, first_pause_seconds=1.0, longest_pause_seconds=4.0))
    for _ in range(3):
        assert breaker.room(10, 0.0) == 10
        breaker.failed(0.0)
    return breaker


def test_it_opens_only_after_failures_in_a_row() -> None:
    breaker = Breaker(Patience(failures=3))
    for _ in range(5):
        breaker.failed(0.0)
        breaker.failed(0.0)
        breaker.worked()
    assert not breaker.open
    assert opened().open


def test_while_open_nothing_goes_then_one_tries() -> None:
    breaker = opened()
    assert breaker.room(10, 0.9) == 0
    assert breaker.room(10, 1.0) == 1
    breaker.took(1)
    assert breaker.room(10, 1.0) == 0, "one at a time"


def test_one_that_works_lets_all_go_again() -> None:
    breaker = opened()
    breaker.took(1)
    breaker.worked()
    assert not breaker.open
    assert breaker.room(10, 1.0) == 10


def test_after_it_worked_it_is_as_patient_as_at_first() -> None:
    breaker = opened()
    breaker.took(1)
    breaker.worked()
    for _ in range(2):
        breaker.failed(5.0)
    assert not breaker.open
    breaker.failed(5.0)
    assert (breaker.room(1, 5.9), breaker.room(1, 6.0)) == (0, 1)


def test_each_failed_try_doubles_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(4):
        begun = now
        while not breaker.room(1, now):
            now += 0.5
        pauses.append(now - begun)
        breaker.took(1)
        breaker.failed(now)
    assert pauses == [1.0, 2.0, 4.0, 4.0]


def test_what_was_under_way_when_it_opened_does_not_lengthen_the_pause() -> None:
    breaker = opened()
    for _ in range(50):
        breaker.failed(0.5)
    assert breaker.room(1, 1.0) == 1


def test_a_try_that_found_nothing_to_send_leaves_the_next_one_free() -> None:
    breaker = opened()
    breaker.took(1)
    breaker.took(0)
    assert breaker.room(1, 1.0) == 1
