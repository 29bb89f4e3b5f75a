"""The figures as a person reads them."""

from collections.abc import Iterator, Sequence
from statistics import median

from rich.table import Table

from bench.figures import Result
from bench.measuring import Round

ABSENT = "–"
SHOWN_MS = 0.005


def table_of(results: Sequence[Result]) -> Table:
    table = Table(caption="medians of the rounds; load average of the machine before and after each figure", caption_justify="left")
    table.add_column("figure")
    for heading in ("ours", "floor", "ratio", "p50 ms", "p99 ms", "load"):
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(*row_of(result))
    return table


def row_of(result: Result) -> tuple[str, ...]:
    values = result.values
    before, after = result.load_average
    return (
        result.figure.name,
        f"{values['rate']:,.0f}/s",
        f"{values['floor']:,.0f}/s" if "floor" in values else ABSENT,
        _shown(values.get("ratio"), ".2f"),
        _shown(values.get("p50_ms"), ",.0f"),
        _shown(values.get("p99_ms"), ",.0f"),
        f"{before:.1f} → {after:.1f}",
    )


def remarks_of(result: Result) -> Iterator[str]:
    """Whether the figure is what it must be, and what was busy meanwhile."""
    yield f"{result.figure.name}: {verdict(result)}"
    for name, rounds in (("ours", result.rounds), ("floor", result.floor_rounds)):
        if costs := costs_of(rounds):
            yield f"  processor time for each, {name}: {costs}"
    for name, value in result.notes.items():
        yield f"  {name}: {value}"


def verdict(result: Result) -> str:
    must = ", ".join(map(str, result.figure.must))
    if result.unmet:
        return f"NOT MET: {', '.join(map(str, result.unmet))} (of {must})"
    return f"met: {must}{', and the moonshot' if result.reaches_moonshot else ''}"


def costs_of(rounds: Sequence[Round]) -> str:
    """Milliseconds of each process for one of what is counted, the dearest first: a busy machine changes them less than rates."""
    names = {name for each in rounds for name in each.cores}
    costs = {name: median(each.cores.get(name, 0) / each.rate * 1000 for each in rounds) for name in names}
    return ", ".join(f"{name} {costs[name]:.2f} ms" for name in sorted(names, key=lambda name: -costs[name]) if costs[name] >= SHOWN_MS)


def _shown(value: float | None, form: str) -> str:
    return ABSENT if value is None else format(value, form)
