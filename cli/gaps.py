"""`otklik gaps`: events that history has not heard, though their producers have numbered them."""

import asyncio
import os
from datetime import UTC

import asyncpg
import typer

from cli import this_machine
from services.history.domain.gaps import Aggregate, Gap
from services.history.gap_store import GapStore, State

FOUND = 1
UNUSABLE = 2
MOST = 1_000

Missing = list[tuple[Aggregate, Gap]]


def command() -> None:
    """List the gaps that are open, the oldest first, and what to run should they stay; exit code 1 when there are any.

    Wants history's own variable OTKLIK_POSTGRES_DSN. A tail that is lost is no gap: `otklik republish --since` is for that.
    """
    this_machine.lend("history")
    dsn = os.environ.get("OTKLIK_POSTGRES_DSN")
    if not dsn:
        typer.echo("not set: OTKLIK_POSTGRES_DSN, a role that may read history's tables", err=True)
        raise typer.Exit(UNUSABLE)
    missing, state = asyncio.run(_read(dsn))
    for aggregate, gap in missing:
        typer.echo(line(aggregate, gap))
    for command in cures(missing):
        typer.echo(command)
    typer.echo(summary(missing, state))
    raise typer.Exit(FOUND if missing else 0)


async def _read(dsn: str) -> tuple[Missing, State]:
    db = await asyncpg.connect(dsn, server_settings={"search_path": "history", "timezone": "UTC", "application_name": "otklik gaps"})
    try:
        return await GapStore().open(db, MOST), await GapStore().state(db)
    finally:
        await db.close()


def line(aggregate: Aggregate, gap: Gap) -> str:
    """Since when, whose, which, how often it was asked for."""
    numbers = str(gap.first) if gap.first == gap.last else f"{gap.first}–{gap.last}"
    since = f"{gap.noticed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "  ".join((since, *aggregate, numbers, f"asked for {gap.asked} times"))


def cures(missing: Missing) -> list[str]:
    """What publishes each stream again, should its producer not do so by itself."""
    from services.intake.main import PUBLISHED as OF_INTAKE  # here: each needs a good part of what a whole service does
    from services.notifier.main import PUBLISHED as OF_NOTIFIER

    commands = (
        f"otklik republish {aggregate.producer} --stream {category.stream(aggregate.aggregate_id)}"
        for aggregate, _ in missing
        for kind in (*OF_INTAKE, *OF_NOTIFIER)
        if (category := kind.of_topic(aggregate.topic))
    )
    return list(dict.fromkeys(commands))


def summary(missing: Missing, state: State) -> str:
    unread = f"; rows of the log not looked at yet: {state.unread}" if state.unread else ""
    more = f", the first {MOST} are shown" if state.open > len(missing) else ""
    return (f"gaps: {state.open}{more}" if missing else "no gaps") + unread
