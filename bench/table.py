"""The figures as a person reads them."""

from collections.abc import Iterator, Sequence
from statistics import median

from rich.table import Table

from bench.figures import Limit, Result
from bench.measuring import Round

ABSENT = "–"
SHOWN_MS = 0.005
HEADINGS = ("ours", "floor", "ratio", "best peer", "ratio", "p50 ms", "p99 ms", "must", "moonshot", "load")


def table_of(results: Sequence[Result]) -> Table:
    table = Table(
        caption="medians of the rounds; the best peer fed as ours is; load average of the machine before and after each figure",
        caption_justify="left",
    )
    table.add_column("figure")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(*row_of(result))
    return table


def row_of(result: Result) -> tuple[str, ...]:
    values = result.values
    before, after = result.load_average
    fed = [values[peer.name] for peer in result.figure.peers if peer.fed and peer.name in values]
    return (
        result.figure.name,
        _shown(values["rate"], ",.0f", "/s"),
        _shown(values.get("floor"), ",.0f", "/s"),
        _shown(values.get("ratio"), ".2f"),
        _shown(max(fed, default=None), ",.0f", "/s"),
        _shown(values.get("over_fed"), ".2f"),
        _shown(values.get("p50_ms"), ",.0f"),
        _shown(values.get("p99_ms"), ",.0f"),
        "no" if result.unmet else "yes",
        ABSENT if not result.figure.moonshot else "yes" if result.reaches_moonshot else "no",
        f"{before:.1f} → {after:.1f}",
    )


def remarks_of(result: Result) -> Iterator[str]:
    """Whether the figure is what it must be, beside whom, and what was busy meanwhile."""
    figure, values = result.figure, result.values
    yield f"{figure.name}: {verdict(result)}"
    if "floor" in values:
        yield f"  floor {values['floor']:,.0f}/s, ours {values['ratio']:.2f} of it: {figure.floor}"
    for peer in figure.peers:
        if peer.name in values:
            yield f"  peer {values[peer.name]:,.0f}/s, ours {values['rate'] / values[peer.name]:.2f} of it: {peer.title}"
    if figure.published:
        yield f"  published, not measured here: {figure.published}"
    for name, rounds in result.rounds.items():
        if costs := costs_of(rounds):
            yield f"  processor time for each, {name}: {costs}"
    for name, value in result.notes.items():
        yield f"  {name}: {value}"


def verdict(result: Result) -> str:
    must = ", ".join(map(str, result.figure.must))
    told = f"NOT MET: {_beside(result, result.unmet)} (of {must})" if result.unmet else f"met: {must}"
    if not result.figure.moonshot:
        return told
    if result.reaches_moonshot:
        return f"{told}; moonshot reached"
    return f"{told}; moonshot open: {_beside(result, result.missed_moonshot) or 'all that it must reach comes first'}"


def _beside(result: Result, limits: Sequence[Limit]) -> str:
    """Each limit with what was measured instead."""
    return ", ".join(f"{limit}, is {_shown(result.values.get(limit.key), ',.4g')}" for limit in limits)


def costs_of(rounds: Sequence[Round]) -> str:
    """Milliseconds of each process for one of what is counted, the dearest first: a busy machine changes them less than rates."""
    names = {name for each in rounds for name in each.cores}
    costs = {name: median(each.cores.get(name, 0) / each.rate * 1000 for each in rounds) for name in names}
    return ", ".join(f"{name} {costs[name]:.2f} ms" for name in sorted(names, key=lambda name: -costs[name]) if costs[name] >= SHOWN_MS)


def _shown(value: float | None, form: str, unit: str = "") -> str:
    return ABSENT if value is None else format(value, form) + unit
