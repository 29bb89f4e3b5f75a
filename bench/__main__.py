"""`python -m bench [FIGURE …] [--rounds N] [--seconds S]`: a table on the screen and the same, with every round, in .local/bench."""

import asyncio
import logging
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
import psutil
import typer
from rich.console import Console

from bench import burst, figures, form_to_letter, history_ingest, history_read, intake_http, intake_kafka, rebuild
from bench.figures import FIGURES, Figure, Result, values_of
from bench.measuring import load_average
from bench.plan import BURST, ENTRIES, Measured, Plan, WrongRun
from bench.stage import Stage
from bench.table import remarks_of, table_of
from local.embedded import embedded
from local.places import places

ROUNDS = 5
SECONDS = 2.0
WIDE = 150  # columns, where no terminal says how many it has
MEASURES: dict[str, Callable[[Stage, Plan], Awaitable[Measured]]] = {
    figures.INTAKE_HTTP.name: intake_http.measure,
    figures.INTAKE_KAFKA.name: intake_kafka.measure,
    figures.HISTORY_INGEST.name: history_ingest.measure,
    figures.HISTORY_INGEST_2.name: partial(history_ingest.measure, processes=2),
    figures.HISTORY_READ.name: history_read.measure,
    figures.BURST.name: burst.measure,
    figures.FORM_TO_LETTER.name: form_to_letter.measure,
    figures.REBUILD.name: rebuild.measure,
}
SCREEN = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[FIGURE]...", help=", ".join(MEASURES))] = None,
    rounds: Annotated[int, typer.Option(min=1, help="of ours, of the floor and of peers, by turns; what is told is the median")] = ROUNDS,
    seconds: Annotated[float, typer.Option(min=0.5, help="of load in each round")] = SECONDS,
    messages: Annotated[
        int, typer.Option(min=1, help="of a burst; what a smaller one takes is told as if it had been the whole one")
    ] = BURST,
    entries: Annotated[list[int] | None, typer.Option(min=1_000, help="sizes of the log that is read, the smallest first")] = None,
    profile: Annotated[bool, typer.Option(help="services under cProfile: where the time goes, at the price of the figures")] = False,
) -> None:
    """Measure figures on a Kafka and a PostgreSQL of their own, fsync on. Other work on the machine shows in the load average."""
    unknown = set(names or ()) - MEASURES.keys()
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    wanted = [figure for figure in FIGURES if not names or figure.name in names]
    plan = Plan(rounds=rounds, seconds=seconds, tell=lambda line: SCREEN.print(f"  {line}"), burst=messages, entries=entries or ENTRIES)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just started is asked until it answers
    directory = places({}).state / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        results = asyncio.run(_measure(wanted, plan, directory if profile else None))
    except WrongRun as error:
        SCREEN.print(f"[red]{error}")
        raise typer.Exit(1) from None
    SCREEN.print(table_of(results))
    for line in (line for result in results for line in remarks_of(result)):
        SCREEN.print(line, soft_wrap=True)
    path = directory / f"figures-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(orjson.dumps(_written(results, plan), option=orjson.OPT_INDENT_2))
    SCREEN.print(f"written to {path}", soft_wrap=True)


async def _measure(wanted: Sequence[Figure], plan: Plan, profiles: Path | None) -> list[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="otklik-bench-") as directory,
        embedded(Path(directory), without=["mail"], durable=True) as parts,
    ):
        stage = Stage(parts, profiles)
        await stage.prepare()
        return [await _one(stage, figure, plan) for figure in wanted]


async def _one(stage: Stage, figure: Figure, plan: Plan) -> Result:
    SCREEN.print(f"[bold]{figure.name}[/bold]: {figure.title}", soft_wrap=True)
    before = load_average()
    measured = await MEASURES[figure.name](stage, plan)
    return Result(
        figure=figure,
        values=values_of(measured.rounds, figure.peers),
        rounds=measured.rounds,
        load_average=(before, load_average()),
        notes=measured.notes,
    )


def _written(results: Sequence[Result], plan: Plan) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": psutil.cpu_count(),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "figures": [_figure(result) for result in results],
    }


def _figure(result: Result) -> dict[str, Any]:
    return {
        "name": result.figure.name,
        "title": result.figure.title,
        "floor": result.figure.floor,
        "peers": {peer.name: peer.title for peer in result.figure.peers},
        "published": result.figure.published,
        "must": [str(limit) for limit in result.figure.must],
        "values": result.values,
        "not_met": [str(limit) for limit in result.unmet],
        "moonshot": [str(limit) for limit in result.figure.moonshot],
        "moonshot_reached": result.reaches_moonshot,
        "load_average": result.load_average,
        "notes": result.notes,
        "rounds": {name: [asdict(each) for each in rounds] for name, rounds in result.rounds.items()},
    }


if __name__ == "__main__":
    app()
