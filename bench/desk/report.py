"""The day at the desk in figures: how long each kind of page took, beside what it takes alone, and what it must be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.table import Table

from bench.desk.ledger import Ledger
from bench.measuring import percentile

PAGE_MS = 300.0
FILE_MS = 10_000.0
HEADINGS = ("pages", "p50 ms", "p95 ms", "p99 ms", "longest", "alone p50", "alone p95", "processor", "must p95", "met")
LOOP, LOOP_IN_EXPORT = "a door that does nothing", "the same during an export"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A kind of page; `alone` are the median and p95 of one person whom nobody disturbs, `cost` is the service's processor
    time for one, `must` is what p95 may be."""

    kind: str
    count: int
    p50: float
    p95: float
    p99: float
    longest: float
    alone: tuple[float, float] | None
    cost: float | None = None
    must: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.must is None else self.p95 <= self.must


def must(kind: str) -> float | None:
    """Registers and searches are read over and over, a file is waited for (issue of the desk)."""
    if kind.startswith(("register", "search")):
        return PAGE_MS
    return FILE_MS if kind.startswith("export") else None


def line(kind: str, values: Sequence[float], alone: Sequence[float], cost: float | None = None) -> Line:
    return Line(
        kind=kind,
        count=len(values),
        p50=median(values),
        p95=percentile(values, 95),
        p99=percentile(values, 99),
        longest=max(values),
        alone=(median(alone), percentile(alone, 95)) if alone else None,
        cost=cost,
        must=must(kind),
    )


def lines(crowd: Ledger, alone: Ledger, costs: Mapping[str, float]) -> Iterator[Line]:
    for kind in sorted({wait.kind for wait in crowd.waits}):
        yield line(kind, crowd.latencies([kind]), alone.latencies([kind]), costs.get(kind))


def table(found: Sequence[Line]) -> Table:
    caption = "milliseconds until the whole page was there; alone: one person, before the day began; processor: intake's, for one page"
    made = Table(caption=caption, caption_justify="left")
    made.add_column("page")
    for heading in HEADINGS:
        made.add_column(heading, justify="right")
    for one in found:
        made.add_row(one.kind, *_cells(one))
    return made


def _cells(one: Line) -> tuple[str, ...]:
    figures = (f"{value:,.0f}" for value in (one.p50, one.p95, one.p99, one.longest))
    alone = (f"{value:,.0f}" for value in one.alone) if one.alone else ("–", "–")
    cost = "–" if one.cost is None else f"{one.cost:,.0f}"
    wanted = ("–", "–") if one.must is None else (f"{one.must:,.0f}", "yes" if one.met else "NO")
    return (str(one.count), *figures, *alone, cost, *wanted)


def written(found: Sequence[Line]) -> list[Mapping[str, Any]]:
    return [{**asdict(one), "met": one.met} for one in found]
