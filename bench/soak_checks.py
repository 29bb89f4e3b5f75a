"""What must be so of a process's memory after a soak."""

from collections.abc import Sequence
from statistics import median

from bench.checker import Check

MAY_GROW = 0.10
MAY_GROW_BYTES = 16 * 1024 * 1024  # caches that have a limit fill up first
MIB = 1024 * 1024


def memory(name: str, samples: Sequence[int]) -> Check:
    """The first tenth warms up; then the last quarter must not lie above the first by more than what caches take."""
    warm = samples[len(samples) // 10 :]
    quarter = max(1, len(warm) // 4)
    early, late = median(warm[:quarter]), median(warm[-quarter:])
    held = late <= early * (1 + MAY_GROW) + MAY_GROW_BYTES
    says = f"{samples[0] / MIB:.0f} MiB at the start, {samples[-1] / MIB:.0f} at the end; warm {early / MIB:.0f} → {late / MIB:.0f}"
    return Check(f"memory of {name} flat", held, says)
