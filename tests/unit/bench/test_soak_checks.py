"""Each check of a soak finds what it is for."""

import pytest

from bench import soak_checks
from bench.soak_checks import MIB, NOTICES, ONE_OF_EACH, Register


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (Register(requests=5, numbers=5, different=5, highest=5), True),
        (Register(requests=4, numbers=4, different=4, highest=4), False),  # one message is lost
        (Register(requests=5, numbers=4, different=4, highest=4), False),  # one has no number
        (Register(requests=5, numbers=5, different=4, highest=5), False),  # a double
        (Register(requests=5, numbers=5, different=5, highest=6), False),  # a gap
    ],
)
def test_the_register_has_neither_gap_nor_double(found: Register, held: bool) -> None:
    assert soak_checks.register(5, found).held is held


def entries(**changed: tuple[int, int]) -> dict[str, tuple[int, int]]:
    return {**dict.fromkeys(ONE_OF_EACH, (5, 5)), **dict.fromkeys(NOTICES, (10, 10)), "ClientIdentified": (3, 3), **changed}


@pytest.mark.parametrize(
    ("found", "missing", "held"),
    [
        (entries(), 0, [True, True]),
        (entries(), 1, [False, True]),
        (entries(RequestReceived=(6, 5)), 0, [True, False]),
        (entries(NotificationSent=(9, 9)), 0, [True, False]),
        ({}, 0, [True, False]),
    ],
)
def test_history_holds_each_act_once(found: dict[str, tuple[int, int]], missing: int, held: list[bool]) -> None:
    assert [check.held for check in soak_checks.history(5, found, missing)] == held


@pytest.mark.parametrize(
    ("arrived", "held"),
    [
        ({"a": [1], "b": [1]}, True),
        ({"a": [1]}, False),
        ({"a": [1], "b": [1, 2]}, False),
        ({"a": [1], "b": [1], "c": [1]}, False),
    ],
)
def test_each_letter_arrives_once_and_at_its_own_address(arrived: dict[str, list[int]], held: bool) -> None:
    assert soak_checks.letters(["a", "b"], arrived).held is held


def test_nothing_may_be_left() -> None:
    assert soak_checks.nothing_left(0, 0, 0).held
    assert not any(soak_checks.nothing_left(*left).held for left in [(1, 0, 0), (0, 1, 0), (0, 0, 1)])


@pytest.mark.parametrize(
    ("samples", "held"),
    [
        ([60, 90, *[100] * 20], True),  # what is loaded at the start is no leak
        ([100, *[100] * 10, *[120] * 10], True),
        ([100, *(100 + 2 * number for number in range(40))], False),
        ([100], True),
    ],
)
def test_memory_may_warm_up_but_not_grow(samples: list[int], held: bool) -> None:
    check = soak_checks.memory("intake", [size * MIB for size in samples])
    assert check.held is held
    assert check.says.startswith(f"{samples[0]} MiB at the start, {samples[-1]} at the end")
