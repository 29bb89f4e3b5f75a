"""`otklik republish`: stored events go to Kafka again, with their ids, keys and order (R-12, D-20)."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, NoReturn

import typer

from cli import this_machine
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.process import Process
from libs.chassis.store.republishing import ALL, Published, Republisher, last_recorded

NOTHING = 1
UNUSABLE = 2
TOLD_EVERY = 10_000
PUBLISHERS = ("intake", "notifier")


def command(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help=" or ".join(PUBLISHERS))],
    stream: Annotated[str | None, typer.Option(metavar="STREAM", help="one stream, as request-<id>")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="what was recorded since then: 2026-11-22T09:00Z")] = None,
    last_minutes: Annotated[int | None, typer.Option(metavar="N", min=1, help="before the newest event: after a power cut")] = None,
    topic: Annotated[str | None, typer.Option(metavar="TOPIC", help="only what goes there")] = None,
) -> None:
    """Publish stored events again; the running service sends them, and who has heard them knows them by their ids.

    Safe at any time and to repeat. Wants the service's own variables. Ends with 1 when there is nothing to publish.
    """
    if service not in PUBLISHERS:
        _stop(f"{service} publishes nothing from a store; those that do: {', '.join(PUBLISHERS)}")
    if sum(given is not None for given in (stream, since, last_minutes)) != 1:
        _stop("say what to publish: one of --stream, --since and --last-minutes")
    if stream is not None and topic is not None:
        _stop("--topic goes with a time: a stream has one topic")
    moment = _moment(since) if since else None
    this_machine.lend(service)
    count = asyncio.run(_published(service, stream, moment, last_minutes, topic))
    typer.echo(f"{service}: {count} events are published again" if count else f"{service}: nothing to publish")
    raise typer.Exit(0 if count or last_minutes else NOTHING)


async def _published(service: str, stream: str | None, moment: datetime | None, minutes: int | None, topic: str | None) -> int:
    settings, kinds = _parts(service)
    process = await Process.open(service, settings.read())
    try:
        if minutes is not None:
            newest = await last_recorded(process.pool)
            moment = newest - timedelta(minutes=minutes) if newest else None
        if stream is not None:
            return await _one(process, process.republisher(kinds), stream)
        return await _since(process, process.republisher(kinds), moment, topic) if moment else 0
    finally:
        await process.close()


def _parts(service: str) -> tuple[type[ServiceSettings], tuple[Published, ...]]:
    """Imported here: each needs a good part of what a whole service does."""
    if service == "intake":
        from services.intake.main import PUBLISHED as OF_INTAKE
        from services.intake.settings import IntakeSettings

        return IntakeSettings, OF_INTAKE
    from services.notifier.main import PUBLISHED as OF_NOTIFIER
    from services.notifier.settings import NotifierSettings

    return NotifierSettings, OF_NOTIFIER


async def _one(process: Process, republisher: Republisher, stream: str) -> int:
    async with process.pool.acquire() as db, db.transaction():
        return await republisher.publish(db, [(stream, 1, ALL)])


async def _since(process: Process, republisher: Republisher, moment: datetime, topic: str | None) -> int:
    count = told = 0
    async for batch in republisher.since(process.pool, moment, topic=topic):
        count += batch
        if count - told >= TOLD_EVERY:
            told = count
            typer.echo(f"{process.name}: {count} so far")
    return count


def _moment(said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        _stop(f"{said} is no time: write 2026-11-22T09:00Z")
    if moment.tzinfo is None:
        _stop(f"{said} names no time zone: write {said}Z for UTC, or {said}+03:00")
    return moment


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(UNUSABLE)
