"""`otklik topics`: the topics of the topic table on the broker."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from cli import this_machine
from libs.chassis.access.frontends import read_keys
from libs.chassis.bus.acls import listing, of_services
from libs.chassis.bus.credentials import allow
from libs.chassis.bus.entry import told
from libs.chassis.bus.topics import apply as apply_topics
from libs.events.topics import wanted

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None:
    """The topics of the topic table on the broker."""


@app.command()
def apply(replication: int = typer.Option(1, help="3 in production (R-15)")) -> None:
    """Make the topics that are missing, for the frontends of OTKLIK_FRONTEND_KEYS_FILE (`site` without it); safe to repeat."""
    this_machine.lend_administration()
    made = asyncio.run(apply_topics(_bootstrap(), wanted(known_frontends()), replication=replication))
    typer.echo(f"made {len(made)} topics" if made else "all topics are there")


@app.command()
def acls(give: Annotated[bool, typer.Option("--give", help="give these rights on the broker, beside what is there")] = False) -> None:
    """Show what our services may do on Kafka by the topic table; frontends get their rights from `otklik frontends add`."""
    rights = of_services()
    if give:
        this_machine.lend_administration()
        asyncio.run(allow(_bootstrap(), rights))
    typer.echo(listing(rights), nl=False)


@app.command()
def resume(service: Annotated[str, typer.Argument(metavar="SERVICE")]) -> None:
    """Let a service go on that stopped because records were gone (`offset-gone`): after `otklik republish`, from what Kafka still has.

    Changes only the places where something is gone; what the service has handled it knows again by its ids. Wants its own variables.
    """
    from cli.resume import SETTINGS, resume  # here: the other commands need not wait for what it imports

    if service not in SETTINGS:
        typer.echo(f"{service} hears nothing; those that do: {', '.join(SETTINGS)}", err=True)
        raise typer.Exit(2)
    this_machine.lend(service)
    gone = asyncio.run(resume(service))
    for (topic, partition), what in sorted(gone.items()):
        typer.echo(f"{topic} {partition}: {what}")
    typer.echo(f"{service} goes on from the earliest records that are kept" if gone else f"{service} misses nothing")


def known_frontends() -> tuple[str, ...]:
    """The frontends that have credentials."""
    path = os.environ.get("OTKLIK_FRONTEND_KEYS_FILE")
    if not path or not Path(path).exists():
        return ("site",)
    try:
        return tuple(sorted({"site", *read_keys(Path(path))}))
    except ValueError as error:
        typer.echo(f"{path} can't be read: {error}", err=True)
        raise typer.Exit(2) from None


def _bootstrap() -> str:
    if not os.environ.get("OTKLIK_KAFKA_BOOTSTRAP"):
        typer.echo("OTKLIK_KAFKA_BOOTSTRAP is missing: host:port of a Kafka broker", err=True)
        raise typer.Exit(2)
    return told(os.environ)
