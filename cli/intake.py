"""Intake's parts for commands that write into its store beside the running service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from libs.chassis.bus.races import past_races
from libs.chassis.process import Process
from libs.chassis.store.events import Append, Context
from libs.events.contracts.intake_requests import HistoricalEntryImported
from libs.events.envelope import Actor
from libs.events.fact import Event
from services.intake.desk_root import code_key
from services.intake.imports.cases import Case, Dated, new_facts, same_id
from services.intake.settings import IntakeSettings
from services.intake.store import REQUEST, IntakeStore

CASES_AT_ONCE = 100
LOST_RACES = 5


@dataclass(frozen=True)
class Intake:
    """Its process without doors, and its store. What is written here goes out by the relay of the running service."""

    process: Process
    store: IntakeStore
    settings: IntakeSettings


@asynccontextmanager
async def opened(settings: IntakeSettings | None = None) -> AsyncIterator[Intake]:
    """From the environment, as the service itself reads it."""
    settings = settings or IntakeSettings.read()
    process = await Process.open("intake", settings)
    try:
        yield Intake(process, IntakeStore(process.store, code_key(settings)), settings)
    finally:
        await process.close()


@dataclass(frozen=True)
class Written:
    """What a batch added: new cases, cases that were told more of, and lines."""

    cases: int = 0
    grown: int = 0
    lines: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.cases + other.cases, self.grown + other.grown, self.lines + other.lines)


def context(actor: str, case: Case, authority: str, register: str, at: datetime) -> Context:
    """Nobody is told of what the import does; each fact has its own date."""
    return Context(
        thread_id=same_id(authority, register, case.header.number),
        occurred_at=at,
        actor=Actor(role="system", id=actor),
        client_id=case.client_id,
        point=case.header.point,
    )


async def write(intake: Intake, cases: Sequence[Case], register: str, *, actor: str, grow: bool = True) -> Written:
    """One batch in one transaction, whole or not at all; with `grow` off, a case that is there stays as it is."""
    return await past_races(partial(_write, intake, cases, register, actor, grow), times=LOST_RACES)


async def _write(intake: Intake, cases: Sequence[Case], register: str, actor: str, grow: bool) -> Written:
    process = intake.process
    authority = process.authority.code
    ids = {str(same_id(authority, register, case.header.number)): case for case in cases}
    written = Written()
    appends: list[Append] = []
    async with process.pool.acquire() as db, db.transaction():
        known = await process.store.read(db, REQUEST, ids)
        for request_id, case in ids.items():
            before = known.get(request_id, [])
            if before and not grow:
                continue
            facts = new_facts(case, [row.fact for row in before], register, process.clock.now())
            appends += [
                _append(request_id, len(before) + n, fact, context(actor, case, authority, register, at))
                for n, (fact, at) in enumerate(facts)
            ]
            written += _counted(facts, new=not before)
        if appends:
            await intake.store.save(db, appends)
    return written


def _append(request_id: str, version: int, fact: Event, around: Context) -> Append:
    return Append(category=REQUEST, aggregate_id=request_id, expected_version=version, facts=[fact], context=around)


def _counted(facts: Sequence[Dated], *, new: bool) -> Written:
    lines = sum(1 for fact, _ in facts if isinstance(fact, HistoricalEntryImported))
    return Written(cases=int(new), grown=int(bool(facts) and not new), lines=lines)
