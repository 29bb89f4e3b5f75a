"""`otklik recover`: what happened after the copy comes back from Kafka, under its own ids and numbers (decision 0018)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import typer
from aiokafka.errors import GroupCoordinatorNotAvailableError

from cli import this_machine
from cli.intake import Intake, opened
from cli.recover_kafka import Busy, records_since, rewind
from cli.services import SCHEMAS
from libs.chassis.process import brokers_of
from libs.chassis.store.database import Connection
from libs.chassis.store.events import Append, Category, Context, EventStore, LostRace
from libs.chassis.store.outbox import Outbox, Record
from libs.events.contracts.intake_requests import RequestRegistered
from libs.events.envelope import Actor, Envelope, decode
from libs.events.fact import Event
from services.intake.desk_root import code_key
from services.intake.domain.register import NumberAssigned
from services.intake.store import CATEGORIES, REGISTER, IntakeStore

INCOMPLETE: Final = 1
UNUSABLE: Final = 2
PAUSE_SECONDS: Final = 5
FORMATS: Final = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"]
NOBODY: Final = UUID(int=0)
ACTOR: Final = Actor(role="system", id="recover")
BY_TOPIC: Final = {category.topic.name: category for category in CATEGORIES.values() if category.topic}

Advance = Callable[[int], None]
Numbers = dict[tuple[str, int], dict[int, UUID]]


@dataclass
class Recovered:
    """What came back; `lost` are register numbers whose requests are nowhere, `broken` streams of which a part is nowhere."""

    events: int = 0
    numbers: int = 0
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Same:
    """The clock and the ids of an event that has both already."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def now(self) -> datetime:
        return self._envelope.recorded_at

    def new(self) -> UUID:
        return self._envelope.event_id


class Silent(Outbox):
    """Kafka has these records already."""

    async def add(self, db: Connection, records: Sequence[Record], at: datetime, keys: Mapping[UUID, bytes] | None = None) -> None:
        """Nothing waits to be sent."""


def command(
    since: Annotated[datetime, typer.Option(metavar="TIME", formats=FORMATS, help="as `otklik restore` told it, in UTC")],
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="consumer groups, where they do not bear the services' names")
    ] = None,
    wait: Annotated[int, typer.Option(min=0, metavar="SECONDS", help="a service that was stopped counts as running for so long")] = 60,
) -> None:
    """After a restore, before the services start: what Kafka heard after the copy comes back, and all services hear it again.

    Wants intake's own variables. Ends with 0, with 1 when a part of it is nowhere, with 2 when a service is running.
    """
    this_machine.lend("intake")
    groups = group or [schema.name for schema in SCHEMAS]
    try:
        recovered = asyncio.run(_recover(groups, since.replace(tzinfo=UTC), wait))
    except Busy as busy:
        typer.echo(f"{busy} still runs: stop it, then run this again", err=True)
        raise typer.Exit(UNUSABLE) from None
    typer.echo(f"back from Kafka: {recovered.events} events, {recovered.numbers} register numbers")
    typer.echo("when the services start, they hear everything since that time again")
    for number in recovered.lost:
        typer.echo(f"number {number} was given, but its request is neither in the copy nor in Kafka: it is never given again")
    for stream in recovered.broken:
        typer.echo(f"events of {stream} are not all back: some never reached Kafka")
    raise typer.Exit(INCOMPLETE if recovered.lost or recovered.broken else 0)


async def _recover(groups: Sequence[str], since: datetime, wait: int) -> Recovered:
    async with opened() as intake:
        await _rewind_patiently(brokers_of(intake.process.settings), groups, since, wait)
        return await recover(intake, since, lambda events: typer.echo(f"{events} events so far", err=True))


async def _rewind_patiently(bootstrap: str, groups: Sequence[str], since: datetime, wait: int) -> None:
    """To Kafka a static member that was stopped runs until its session ends; and a new Kafka has to make its coordinator first."""
    for left in range(wait, -1, -PAUSE_SECONDS):
        try:
            await rewind(bootstrap, groups, since)
        except (Busy, GroupCoordinatorNotAvailableError):
            if left < PAUSE_SECONDS:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def recover(intake: Intake, since: datetime, advance: Advance = lambda _events: None) -> Recovered:
    """Safe to repeat, also after it broke off. Nobody else may write into intake's store meanwhile."""
    recovered, numbers = Recovered(), Numbers()
    async for records in records_since(brokers_of(intake.process.settings), sorted(BY_TOPIC), since):
        told = [(BY_TOPIC[topic], decode(value)) for topic, value in records]
        async with intake.process.pool.acquire() as db, db.transaction():
            await intake.store.lock(db)
            known = await _known(db, [envelope.event_id for _, envelope in told])
            for category, envelope in told:
                fact = category.registry.read(envelope)
                if isinstance(fact, RequestRegistered):
                    numbers.setdefault((fact.journal, fact.year), {})[fact.number] = UUID(envelope.aggregate_id)
                if envelope.event_id not in known:
                    await _append(db, intake, category, envelope, fact, recovered)
        advance(recovered.events)
    for (journal, year), given in sorted(numbers.items()):
        await _go_on(intake, journal, year, given, recovered)
    return recovered


async def _known(db: Connection, ids: Sequence[UUID]) -> set[UUID]:
    return {row["event_id"] for row in await db.fetch("SELECT event_id FROM events WHERE event_id = ANY($1::uuid[])", ids)}


async def _append(db: Connection, intake: Intake, category: Category, envelope: Envelope, fact: Event, recovered: Recovered) -> None:
    """The event as it was: its id, its time, its place in its stream. A copy of it stands in Kafka, so none waits to be sent."""
    process, same = intake.process, Same(envelope)
    events = EventStore(
        producer=process.name,
        authority=process.authority.code,
        keyring=process.keyring,
        outbox=Silent(process.keyring),
        clock=same,
        ids=same,
    )
    append = Append(
        category=category,
        aggregate_id=envelope.aggregate_id,
        expected_version=(envelope.seq or 1) - 1,
        facts=[fact],
        context=_context(envelope),
    )
    try:
        async with db.transaction():
            await IntakeStore(events, code_key(intake.settings)).save(db, [append])
    except LostRace:
        recovered.broken = sorted({*recovered.broken, append.stream})
    else:
        recovered.events += 1


def _context(envelope: Envelope) -> Context:
    return Context(
        thread_id=envelope.thread_id,
        occurred_at=envelope.occurred_at,
        actor=envelope.actor,
        client_id=envelope.client_id,
        point=envelope.point,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
    )


async def _go_on(intake: Intake, journal: str, year: int, given: Mapping[int, UUID], recovered: Recovered) -> None:
    """No number that was given is given again, not even one whose request was lost."""
    process = intake.process
    async with process.pool.acquire() as db, db.transaction():
        await intake.store.lock(db)
        register = await intake.store.register(db, journal, year)
        wanted = range(register.next_number, max(given) + 1)
        appends = [
            Append(
                category=REGISTER,
                aggregate_id=register.aggregate_id,
                expected_version=register.version + n,
                facts=[NumberAssigned(request_id=given.get(number, NOBODY))],
                context=Context(
                    thread_id=given.get(number, NOBODY), occurred_at=process.clock.now(), actor=Actor(role="system", id="recover")
                ),
            )
            for n, number in enumerate(wanted)
        ]
        if appends:
            await intake.store.save(db, appends)
    recovered.numbers += len([number for number in wanted if number in given])
    recovered.lost += [f"{journal} {number}/{year}" for number in wanted if number not in given]
