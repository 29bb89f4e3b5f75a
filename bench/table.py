"""The figures as a person reads them."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from bench.figures import Result
from bench.measuring import Round

ABSENT = "–"
SHOWN_CORES = 0.01


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
    yield f"  busy cores: {cores_of(result.rounds)}"
    for name, value in result.notes.items():
        yield f"  {name}: {value}"


def verdict(result: Result) -> str:
    must = ", ".join(map(str, result.figure.must))
    if result.unmet:
        return f"NOT MET: {', '.join(map(str, result.unmet))} (of {must})"
    return f"met: {must}{', and the moonshot' if result.reaches_moonshot else ''}"


def cores_of(rounds: Sequence[Round]) -> str:
    """Of the last round, the busiest first."""
    cores = rounds[-1].cores
    return ", ".join(f"{name} {cores[name]:.2f}" for name in sorted(cores, key=lambda name: -cores[name]) if cores[name] >= SHOWN_CORES)


def _shown(value: float | None, form: str) -> str:
    return ABSENT if value is None else format(value, form)
