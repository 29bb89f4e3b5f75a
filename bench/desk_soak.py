"""`python -m bench.desk_soak [--minutes M] …`: thirty colleagues at a full register while messages come in; no update may be lost."""

import asyncio
import logging
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer
from rich.console import Console

from bench.checker import Check
from bench.desk import report
from bench.desk.day import Day, Plan
from bench.desk.report import Line
from bench.measuring import load_average
from bench.plan import WrongRun
from bench.stage import Stage
from bench.town import town
from local.embedded import embedded
from local.places import places

MINUTES = 10.0
REQUESTS = 50_000
TEAM = 30
RATE = 20.0
THINK_SECONDS = 10.0
GROUP = "bench-desk"
WIDE = 150  # columns, where no terminal says how many it has
SCREEN = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def command(
    minutes: Annotated[float, typer.Option(min=0.5, help="how long they work and messages keep coming")] = MINUTES,
    requests: Annotated[int, typer.Option(min=200, help="open requests that the register begins with")] = REQUESTS,
    team: Annotated[int, typer.Option(min=4, help="colleagues at the desk")] = TEAM,
    rate: Annotated[float, typer.Option(min=1, help="messages a second, half of them at each door")] = RATE,
    think: Annotated[
        float, typer.Option(min=0.1, help="seconds of the shortest pause before a click; the longest is twice that")
    ] = THINK_SECONDS,
    profile: Annotated[bool, typer.Option(help="services under cProfile: where the time goes, at the price of the figures")] = False,
) -> None:
    """Intake, history and notifier as real processes, entered by the pages; ends with 1 when a check fails, not for a missed figure."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just started is asked until it answers
    logging.getLogger("httpx").setLevel(logging.WARNING)
    plan, before = Plan(minutes=minutes, requests=requests, team=team, rate=rate, think=think), load_average()
    directory = places({}).state / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        day, checks = asyncio.run(_run(plan, directory if profile else None))
    except WrongRun as error:
        SCREEN.print(f"[red]{error}")
        raise typer.Exit(1) from None
    found = lines_of(day)
    SCREEN.print(report.table(found))
    SCREEN.print(f"messages a second: {', '.join(f'{door} {rate:g}' for door, rate in day.rates.items())}", soft_wrap=True)
    SCREEN.print(f"cores kept busy: {', '.join(f'{name} {busy:.2f}' for name, busy in day.cores.items())}", soft_wrap=True)
    for check in checks:
        SCREEN.print(f"[{'green' if check.held else 'red'}]{'✓' if check.held else '✗'}[/] {check.what}: {check.says}", soft_wrap=True)
    path = directory / f"desk-soak-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_bytes(orjson.dumps(_written(plan, (before, load_average()), day, found, checks), option=orjson.OPT_INDENT_2))
    SCREEN.print(f"written to {path}", soft_wrap=True)
    raise typer.Exit(0 if all(check.held for check in checks) else 1)


def lines_of(day: Day) -> list[Line]:
    """The pages, and how long the event loop was not free."""
    exports = [wait for wait in day.crowd.waits if wait.kind.startswith("export")]
    idle = [ms for _, ms in day.loop_alone.looks]
    waits: Mapping[str, Sequence[float]] = {
        report.LOOP: [ms for _, ms in day.loop.looks],
        report.LOOP_IN_EXPORT: day.loop.during(exports),
    }
    return [*report.lines(day.crowd, day.alone, day.costs), *(report.line(name, each, idle) for name, each in waits.items() if each)]


async def _run(plan: Plan, profiles: Path | None) -> tuple[Day, list[Check]]:
    with (
        tempfile.TemporaryDirectory(prefix="otklik-desk-") as directory,
        embedded(Path(directory), without=["mail"], durable=True) as parts,
    ):
        stage, setup_code = Stage(parts, profiles), secrets.token_urlsafe(24)
        await stage.prepare()
        async with town(stage, GROUP, setup_code=setup_code) as ours:
            db = await asyncpg.connect(ours.database)
            try:
                day = Day(stage, ours, db, plan, setup_code, f"{GROUP}-intake", SCREEN.print)
                return day, await day.run()
            finally:
                await db.close()


def _written(plan: Plan, load: tuple[float, float], day: Day, found: Sequence[Line], checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "plan": asdict(plan),
        "load_average": load,
        "cores": day.cores,
        "messages_per_second": day.rates,
        "pages": report.written(found),
        "checks": [asdict(check) for check in checks],
    }


if __name__ == "__main__":
    app()
