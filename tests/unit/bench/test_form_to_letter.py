"""Whether letters kept up with messages is told apart from how long each took."""

import pytest

from bench.form_to_letter import pace


def times(delays: list[float]) -> list[tuple[float, float]]:
    return [(number / 100, number / 100 + delay) for number, delay in enumerate(delays)]


def test_a_steady_delay_is_no_falling_behind_however_long_and_however_uneven() -> None:
    assert pace(times([0.8] * 1_000)) == pytest.approx(1)
    assert pace(times([0.1, 0.9] * 500)) == pytest.approx(1)
    assert pace(times([0.2] * 999 + [5])) == pytest.approx(1)  # one straggler


def test_who_sends_fifty_a_second_of_a_hundred_kept_up_by_half() -> None:
    assert pace(times([number / 100 for number in range(1_000)])) == pytest.approx(0.5)


def test_letters_that_catch_up_are_not_told_as_faster_than_messages() -> None:
    assert pace(times([5 - number / 250 for number in range(1_000)])) == 1
