"""What a figure is given and what it hands back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.measuring import Rounds

BURST = 45_000
ENTRIES = (250_000, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often, how long, how much; `tell` shows what was measured as soon as it is."""

    rounds: int
    seconds: float
    tell: Callable[[str], None]
    burst: int = BURST
    entries: Sequence[int] = ENTRIES


@dataclass(frozen=True, kw_only=True)
class Measured:
    rounds: Rounds
    notes: Mapping[str, Any] = field(default_factory=dict)


class WrongRun(Exception):
    """What was measured is not what the figure is about; the text says why."""
