"""What a figure is given and what it hands back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.measuring import Round


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often and how long; `tell` shows what was measured as soon as it is."""

    rounds: int
    seconds: float
    tell: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Measured:
    rounds: Sequence[Round]
    floor_rounds: Sequence[Round] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)


class WrongRun(Exception):
    """What was measured is not what the figure is about; the text says why."""
