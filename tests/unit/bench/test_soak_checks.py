"""Memory after a soak."""

import pytest

from bench import soak_checks
from bench.soak_checks import MIB


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
