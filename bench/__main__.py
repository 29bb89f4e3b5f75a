"""`python -m bench [FIGURE …] [--rounds N] [--seconds S]`: a table on the screen and the same, with every round, in .local/bench."""

import asyncio
import logging
import platform
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import psutil
import typer
from rich.console import Console

from bench import form_to_letter, history_ingest, intake_http, rebuild
from bench.figures import FIGURES, FORM_TO_LETTER, HISTORY_INGEST, INTAKE_HTTP, REBUILD, Figure, Result, values_of
from bench.measuring import load_average
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Stage
from bench.table import remarks_of, table_of
from local.embedded import embedded
from local.places import places

ROUNDS = 5
SECONDS = 2.0
MEASURES: dict[str, Callable[[Stage, Plan], Awaitable[Measured]]] = {
    INTAKE_HTTP.name: intake_http.measure,
    HISTORY_INGEST.name: history_ingest.measure,
    FORM_TO_LETTER.name: form_to_letter.measure,
    REBUILD.name: rebuild.measure,
}
SCREEN = Console(highlight=False)

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[FIGURE]...", help=", ".join(MEASURES))] = None,
    rounds: Annotated[int, typer.Option(min=1, help="of ours and of the floor, by turns; what is told is the median")] = ROUNDS,
    seconds: Annotated[float, typer.Option(min=0.5, help="of load in each round")] = SECONDS,
    profile: Annotated[bool, typer.Option(help="services under cProfile: where the time goes, at the price of the figures")] = False,
) -> None:
    """Measure figures on a Kafka and a PostgreSQL of their own, fsync on. Other work on the machine shows in the load average."""
    unknown = set(names or ()) - MEASURES.keys()
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    wanted = [figure for figure in FIGURES if not names or figure.name in names]
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just started is asked until it answers
    directory = places({}).state / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        results = asyncio.run(_measure(wanted, rounds, seconds, directory if profile else None))
    except WrongRun as error:
        SCREEN.print(f"[red]{error}")
        raise typer.Exit(1) from None
    SCREEN.print(table_of(results))
    for line in (line for result in results for line in remarks_of(result)):
        SCREEN.print(line, soft_wrap=True)
    path = directory / f"figures-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(orjson.dumps(_written(results, rounds, seconds), option=orjson.OPT_INDENT_2))
    SCREEN.print(f"written to {path}", soft_wrap=True)


async def _measure(figures: Sequence[Figure], rounds: int, seconds: float, profiles: Path | None) -> list[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="otklik-bench-") as directory,
        embedded(Path(directory), without=["mail"], durable=True) as parts,
    ):
        stage = Stage(parts, profiles)
        await stage.prepare()
        return [await _one(stage, figure, rounds, seconds) for figure in figures]


async def _one(stage: Stage, figure: Figure, rounds: int, seconds: float) -> Result:
    SCREEN.print(f"[bold]{figure.name}[/bold]: {figure.title}", soft_wrap=True)
    before = load_average()
    plan = Plan(rounds=rounds, seconds=seconds, tell=lambda line: SCREEN.print(f"  {line}"))
    measured = await MEASURES[figure.name](stage, plan)
    ours, floors = tuple(measured.rounds), tuple(measured.floor_rounds)
    return Result(
        figure=figure,
        values=values_of(ours, floors),
        rounds=ours,
        floor_rounds=floors,
        load_average=(before, load_average()),
        notes=measured.notes,
    )


def _written(results: Sequence[Result], rounds: int, seconds: float) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "rounds": rounds,
        "seconds": seconds,
        "figures": [_figure(result) for result in results],
    }


def _figure(result: Result) -> dict[str, Any]:
    return {
        "name": result.figure.name,
        "title": result.figure.title,
        "floor": result.figure.floor,
        "values": result.values,
        "not_met": [str(limit) for limit in result.unmet],
        "moonshot": result.reaches_moonshot,
        "load_average": result.load_average,
        "notes": result.notes,
        "rounds": [asdict(each) for each in result.rounds],
        "floor_rounds": [asdict(each) for each in result.floor_rounds],
    }


if __name__ == "__main__":
    app()
