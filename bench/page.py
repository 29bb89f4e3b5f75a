"""`python -m bench.page [FILE …]`: the table of docs/operations/figures.md from what runs have written; of a figure the last run counts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from bench.plan import BURST
from local.places import places

HEAD = "| figure | ours | floor, ratio | best peer fed alike, ratio | p50 / p99 ms | must | moonshot | load |"
ABSENT = "–"

Told = Mapping[str, Any]

app = typer.Typer(pretty_exceptions_enable=False)


def row_of(figure: Told) -> str:
    values = figure["values"]
    fed = [values[name] for name in figure["peers"] if name.endswith(" fed")]
    before, after = figure["load_average"]
    cells = (
        f"`{figure['name']}`" + (f" of {figure['notes']['messages']:,}" if figure["notes"].get("messages", BURST) != BURST else ""),
        _rate(values["rate"]),
        f"{_rate(values['floor'])}, {values['ratio']:.2f}" if "floor" in values else ABSENT,
        f"{_rate(max(fed))}, {values['over_fed']:.2f}" if fed else ABSENT,
        f"{values['p50_ms']:,.0f} / {values['p99_ms']:,.0f}" if "p99_ms" in values else ABSENT,
        "not met: " + ", ".join(figure["not_met"]) if figure["not_met"] else "met",
        ABSENT if not figure["moonshot"] else "reached" if figure["moonshot_reached"] else "open",
        f"{before:.1f} → {after:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _rate(value: float) -> str:
    return f"{value:,.0f}/s"


def last_of_each(runs: Sequence[Told]) -> list[Told]:
    """In the order of the newest run that names them; what only older ones have comes behind."""
    found: dict[str, Told] = {}
    for run in sorted(runs, key=lambda each: str(each["at"]), reverse=True):
        for figure in run["figures"]:
            found.setdefault(figure["name"], figure)
    return list(found.values())


@app.command()
def command(files: Annotated[list[Path] | None, typer.Argument(help="of .local/bench; without any: all")] = None) -> None:
    """Print the table."""
    wanted = files or sorted((places({}).state / "bench").glob("figures-*.json"))
    runs = [run for path in wanted if isinstance((run := orjson.loads(path.read_bytes()))["figures"][0]["rounds"], dict)]
    print("\n".join([HEAD, "|---" * HEAD.count(" | ") + "|---|", *map(row_of, last_of_each(runs))]))  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    app()
