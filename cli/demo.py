"""`otklik demo`: sample data and sample accounts for trying, in the demo mode alone (E-18)."""

import asyncio
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from cli import this_machine
from cli.demo_mode import VARIABLE, is_demo
from libs.chassis.ops.settings import load_authority
from local.sample import COUNT, number_of, register_of
from services.intake.imports.cases import same_id

app = typer.Typer(no_args_is_help=True, help=__doc__)

PASSWORD = "OTKLIK_DEMO_PASSWORD"  # noqa: S105 - the name of a variable
IS_THERE = "SELECT EXISTS (SELECT FROM events WHERE stream = 'request-' || $1)"


@app.callback()
def _group() -> None:
    """Sample data and sample accounts for trying, in the demo mode alone."""


@app.command()
def load(
    seed: Annotated[int, typer.Option(min=0, help="another seed makes other people")] = 1,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the last day of the five years; absent: today")] = None,
) -> None:
    """Load 400 invented clients with 2,000 contacts; nobody is told of them, and what was loaded before stays as it is."""
    _lend()
    began = time.perf_counter()
    if asyncio.run(_is_there(seed)):
        typer.echo(f"the sample data of seed {seed} are loaded already")
        return
    from cli.sample_data import load_sample  # here: `make up` asks at every start, and mostly needs none of intake's parts

    loaded = asyncio.run(load_sample(seed, until.date() if until else None))
    seconds = time.perf_counter() - began
    typer.echo(f"{loaded.clients} clients, {loaded.contacts} contacts with {loaded.lines} entries in {seconds:.1f} s")


@app.command()
def accounts() -> None:
    """Open one account for each way to work at the desk, with the password that OTKLIK_DEMO_PASSWORD says; what is there stays."""
    _lend()
    password = os.environ.get(PASSWORD)
    if not password:
        typer.echo(f"not set: {PASSWORD}, the password of the sample accounts", err=True)
        raise typer.Exit(2)
    from cli.demo_accounts import open_accounts  # here: as above

    for login in asyncio.run(open_accounts(password)):
        typer.echo(f"opened {login}")


def _lend() -> None:
    this_machine.lend("intake")
    if not is_demo():
        typer.echo(f"samples are for a demonstration ({VARIABLE}=1), this is none", err=True)
        raise typer.Exit(2)


async def _is_there(seed: int) -> bool:
    """Contacts are written in their order, each batch whole: with the last one all are there."""
    dsn, authority = os.environ.get("OTKLIK_POSTGRES_DSN"), os.environ.get("OTKLIK_AUTHORITY_FILE")
    if not dsn or not authority:
        return False  # the load itself tells what is not set
    last = same_id(load_authority(Path(authority)).code, register_of(seed), number_of(COUNT))
    db = await asyncpg.connect(dsn)
    try:
        return bool(await db.fetchval(IS_THERE, str(last)))
    finally:
        await db.close()
