"""Sample data go into intake's store as an older register does, so nobody is told of them; the clients are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from cli.intake import CASES_AT_ONCE, LOST_RACES, Intake, Written, opened, write
from libs.chassis.bus.races import past_races
from libs.chassis.store.events import Append, Context
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.envelope import Actor
from local.sample import register_of
from local.sample.contacts import SampleContact
from local.sample.sample import Sample, sample
from services.intake.imports.cases import Case, Header, Line, same_id
from services.intake.store import CLIENT

ACTOR = "sample"


@dataclass(frozen=True)
class Loaded:
    """How much was added."""

    clients: int
    contacts: int
    lines: int


async def load_sample(seed: int, until: date | None) -> Loaded:
    """What is there already stays as it is, so a load that broke off is finished by another one."""
    async with opened() as intake:
        zone = intake.process.authority.time_zone
        made = sample(seed, until or intake.process.clock.now().astimezone(zone).date(), zone)
        clients = await _add_clients(intake, made, seed)
        cases = [case_of(contact, _client_id(intake, seed, contact.client.number)) for contact in made.contacts]
        written = Written()
        for first in range(0, len(cases), CASES_AT_ONCE):
            batch = cases[first : first + CASES_AT_ONCE]
            written += await write(intake, batch, register_of(seed), actor=ACTOR, grow=False)
        return Loaded(clients, written.cases, written.lines)


def case_of(contact: SampleContact, client_id: UUID) -> Case:
    header = Header(
        number=contact.number,
        point=contact.point,
        state=contact.state,
        received_at=contact.received_at,
        due_at=contact.due_at,
        closed_at=contact.closed_at,
        unit=contact.unit,
        subject=contact.subject,
        client_name=contact.client.name,
    )
    return Case(header, [Line(line.at, line.what, line.by) for line in contact.lines], client_id)


def _client_id(intake: Intake, seed: int, number: int) -> UUID:
    return same_id(intake.process.authority.code, f"{register_of(seed)}: люди", str(number))


async def _add_clients(intake: Intake, made: Sample, seed: int) -> int:
    """Those that are not there, in one transaction."""

    async def once() -> int:
        async with intake.process.pool.acquire() as db, db.transaction():
            appends = _clients(intake, made, seed)
            known = await intake.process.store.read(db, CLIENT, [append.aggregate_id for append in appends])
            fresh = [append for append in appends if append.aggregate_id not in known]
            await intake.store.save(db, fresh)
            return len(fresh)

    return await past_races(once, times=LOST_RACES)


def _clients(intake: Intake, made: Sample, seed: int) -> Sequence[Append]:
    first = {contact.client.number: contact for contact in reversed(made.contacts)}
    appends = []
    for client in made.clients:
        client_id = _client_id(intake, seed, client.number)
        fact = ClientIdentified(
            kind=client.kind, name=client.name, contacts=client.contacts, platform=client.platform, account=client.account
        )
        around = Context(
            thread_id=client_id,
            occurred_at=first[client.number].received_at,
            actor=Actor(role="system", id=ACTOR),
            client_id=client_id,
            point=first[client.number].point,
        )
        appends.append(Append(category=CLIENT, aggregate_id=str(client_id), expected_version=0, facts=[fact], context=around))
    return appends
