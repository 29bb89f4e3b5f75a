"""Time and ids are arguments (R-10)."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from libs.chassis.ops.clock import FixedClock, SystemClock
from libs.chassis.ops.identifiers import NumberedIds, TimeOrderedIds

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_system_clock_tells_an_aware_moment_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.move(timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)
    clock.move_to(datetime(2026, 3, 2, 19, tzinfo=timezone(timedelta(hours=7))))
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC


def test_a_fixed_clock_refuses_a_time_without_its_zone() -> None:
    with pytest.raises(ValueError, match="tzinfo"):
        FixedClock(datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake that is caught


def test_ids_are_uuid7_and_grow() -> None:
    ids = TimeOrderedIds()
    made = [ids.new() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert made == sorted(made)
    assert {(type(one), one.version) for one in made} == {(UUID, 7)}


def test_the_twin_numbers_its_ids_in_the_same_shape() -> None:
    first, again = NumberedIds(), NumberedIds()
    made = [first.new() for _ in range(3)]
    assert made == [again.new() for _ in range(3)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}
