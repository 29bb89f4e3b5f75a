"""Who has a letter in hand keeps it as long as he lives, and knows when he may have lost it."""

from uuid import UUID

import pytest

from services.notifier.leases import RENEW_SECONDS, SECONDS, Leases

pytestmark = pytest.mark.requirement("D-27", "D-28")

FIRST, AGAIN, OTHER = (UUID(int=1), 1), (UUID(int=1), 2), (UUID(int=2), 1)


def taken_at(asked: float) -> Leases:
    leases = Leases()
    leases.took([FIRST, OTHER], asked)
    return leases


def test_a_lease_holds_from_when_it_was_asked_for_until_its_time_is_over() -> None:
    leases = taken_at(100.0)
    assert leases.holds(FIRST, 100.0 + SECONDS - 0.1)
    assert not leases.holds(FIRST, 100.0 + SECONDS)
    assert not leases.holds(AGAIN, 100.0), "another attempt is another claim"


def test_what_is_in_hand_for_a_while_is_renewed_and_what_is_quick_is_not() -> None:
    leases = taken_at(100.0)
    assert leases.ageing(100.0 + RENEW_SECONDS - 0.1) == []
    assert leases.ageing(100.0 + RENEW_SECONDS) == [FIRST, OTHER]
    leases.renewed([FIRST], 100.0 + RENEW_SECONDS)
    assert leases.holds(FIRST, 100.0 + SECONDS)
    assert not leases.holds(OTHER, 100.0 + SECONDS), "somebody else has claimed it"


def test_what_was_let_go_while_it_was_renewed_stays_gone() -> None:
    leases = taken_at(100.0)
    leases.let_go([FIRST])
    leases.renewed([FIRST, OTHER], 104.0)
    assert (leases.notices, len(leases)) == ([OTHER[0]], 1)


def test_what_is_taken_later_leaves_alone_what_is_in_hand_and_what_is_let_go_twice_is_gone_once() -> None:
    leases = taken_at(100.0)
    leases.took([AGAIN], 101.0)
    leases.let_go([FIRST])
    leases.let_go([FIRST])
    assert leases.notices == [OTHER[0], AGAIN[0]]


def test_several_renewals_may_fail_before_a_lease_ends() -> None:
    assert SECONDS >= 3 * RENEW_SECONDS


def test_after_the_database_was_away_all_get_the_time_to_renew_before_anybody_takes_over() -> None:
    leases = taken_at(100.0)
    assert leases.may_take_over(0.0), "who has just begun trusts what the database says"
    leases.blind(100.0)
    assert not leases.may_take_over(100.0 + SECONDS - 0.1)
    assert leases.may_take_over(100.0 + SECONDS)
