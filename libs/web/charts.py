"""Bars that the server draws as SVG: how long each is, of the longest. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 99.0  # percent of the width; the outline takes the rest
LABEL_LETTERS = 26  # that fit a phone; the table beside a chart has all of them


@dataclass(frozen=True, kw_only=True)
class Bar:
    """`whole` is outlined, `part` of it is filled; both in percent of the width. `said`: the figures in words."""

    label: str
    said: str
    whole: float
    part: float

    @property
    def short(self) -> str:
        """The label as far as there is room."""
        return self.label if len(self.label) <= LABEL_LETTERS else f"{self.label[: LABEL_LETTERS - 1].rstrip()}…"


def bars(rows: Iterable[tuple[str, float, float, str]]) -> list[Bar]:
    """Of label, whole, part and words."""
    told = list(rows)
    longest = max((whole for _, whole, _, _ in told), default=0)

    def width(value: float) -> float:
        return round(LONGEST * value / longest, 2) if longest else 0.0

    return [Bar(label=label, said=said, whole=width(whole), part=width(part)) for label, whole, part, said in told]
