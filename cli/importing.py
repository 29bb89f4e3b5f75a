"""`otklik import`: an older register comes in, and our numbering goes on from it (docs/import.md)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli import import_register_report as reports
from cli import this_machine
from cli.import_register import bring_in, read
from cli.import_register_file import Unusable, read_mapping
from cli.intake import opened
from cli.numbering import ContinuedOtherwise, NoSuchJournal, go_on_after
from services.intake.desk_root import authority_now
from services.intake.domain.register import NumberingStarted

app = typer.Typer(no_args_is_help=True, help=__doc__)

SOME_REJECTED = 1
UNUSABLE = 2
LARGEST_NUMBER = 999_999_999  # far from the end of a bigint, so that there is room for every number that follows


@app.callback()
def _group() -> None:
    """An older register comes in, and our numbering goes on from it."""


@app.command()
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the older register: CSV, or a spreadsheet (XLSX, XLS, ODS)")],
    mapping: Annotated[Path, typer.Option(metavar="FILE.toml", help="which column means what; docs/import/receipt.toml is an example")],
    register: Annotated[str | None, typer.Option(metavar="NAME", help="name of the older register, where the mapping has none")] = None,
    report: Annotated[bool, typer.Option("--report", help="write the rejected rows to FILE.rejected.csv too")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read and count, write nothing")] = False,
) -> None:
    """Bring in an older register; safe to repeat: what is there already stays as it is.

    Ends with 0, with 1 when rows were rejected, with 2 when the file or the mapping can't be used.
    """
    this_machine.lend("intake")
    try:
        rejected = asyncio.run(_register(file, mapping, register, report=report, dry_run=dry_run))
    except Unusable as unusable:
        typer.echo(str(unusable), err=True)
        raise typer.Exit(UNUSABLE) from None
    raise typer.Exit(SOME_REJECTED if rejected else 0)


async def _register(file: Path, mapping_file: Path, name: str | None, *, report: bool, dry_run: bool) -> bool:
    mapping = read_mapping(mapping_file)
    async with opened() as intake:
        async with intake.process.pool.acquire() as db:
            authority = await authority_now(intake.process, db)
        with _progress("Чтение") as advance:
            found = read(file, mapping, name, authority, advance)
        written = None
        if not dry_run:
            with _progress("Запись") as advance:
                written = await bring_in(intake, found.cases, found.register, advance)
    for line in reports.told(found, written, authority):
        typer.echo(line)
    if report and found.rejected:
        typer.echo(f"Отклонённые строки: {reports.write_rejected(file, found.rejected)}")
    return bool(found.rejected)


@app.command("continue-numbering")
def continue_numbering(
    year: Annotated[int, typer.Option(min=2000, max=2200)],
    after: Annotated[int, typer.Option(min=1, max=LARGEST_NUMBER, help="the last number that the older register gave")],
    journal: Annotated[str | None, typer.Option(help="code of the journal; absent: the one that intake registers in")] = None,
) -> None:
    """Let a year's numbers go on from an older register; once, before the first number of that year is given. Safe to repeat."""
    this_machine.lend("intake")
    asyncio.run(_continue(journal, year, after))


async def _continue(journal: str | None, year: int, after: int) -> None:
    async with opened() as intake:
        try:
            next_number = await go_on_after(intake, journal, year, after)
        except NoSuchJournal as error:
            typer.echo(f"В настройке органа нет журнала {error}.", err=True)
            raise typer.Exit(UNUSABLE) from None
        except ContinuedOtherwise as other:
            typer.echo(f"Нумерация {year} года уже продолжена после номера {other.last_number}, изменить это нельзя.", err=True)
            raise typer.Exit(1) from None
        except NumberingStarted as refusal:
            typer.echo(refusal.says, err=True)
            raise typer.Exit(1) from None
    typer.echo(f"Следующий номер: {next_number}")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal; into a file or a pipe nothing is drawn."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield advance
