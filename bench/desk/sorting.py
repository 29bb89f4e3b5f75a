"""`python -m bench.desk.sorting`: half of a new register goes on to where a register mostly is: classified, and with executors.

By intake's own decisions and store, as the desk decides one by one, two hundred in a transaction; then the index of words reads what waits.
Takes the accounts of executors by unit as JSON on stdin, the rest from the environment, as `otklik` does.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

import orjson

from cli.intake import Intake, opened
from libs.chassis.access.roles import Role, Staff
from libs.chassis.store.database import Connection
from libs.chassis.store.events import Append, Recorded
from libs.chassis.store.queries import queries
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind, Urgency
from services.intake.contexts import staff_context
from services.intake.desk_root import code_key
from services.intake.domain.acceptance import Rules
from services.intake.domain.client import Client
from services.intake.domain.commands import Assign, Classify, Decided
from services.intake.domain.desk import Case, decide
from services.intake.domain.request import RequestEvent, evolve
from services.intake.domain.telling import telling
from services.intake.main import book_of
from services.intake.store import REQUEST, state_of
from services.intake.words.index import WordIndex

SQL = queries(__file__)
AT_ONCE = 200
TOPICS = ("land", "land", "forest", "general")
UNIT_OF = {"land": "land", "forest": "forest", "general": "office"}
CLASSIFIED_ONLY = 5  # every so many is not with anybody yet
URGENT = 20  # every so many
BY = Staff(id="sorting", roles=frozenset((Role.REGISTRAR,)), unit="office")

Executors = Mapping[str, Sequence[str]]


def commands(number: int, executors: Executors) -> list[Decided]:
    """What is done to the request of this number."""
    topic = TOPICS[number % len(TOPICS)]
    unit, urgency = UNIT_OF[topic], Urgency.URGENT if number % URGENT == 0 else Urgency.ORDINARY
    sorted_as = Classify(command="classify", type="information", topic=topic, urgency=urgency, unit=unit, client_kind=ClientKind.CITIZEN)
    if number % CLASSIFIED_ONLY == 0:
        return [sorted_as]
    them = executors.get(unit, ())
    return [sorted_as, Assign(command="assign", unit=unit, executor=them[number % len(them)] if them else None)]


async def sort(intake: Intake, executors: Executors) -> None:
    process, key = intake.process, code_key(intake.settings)
    book = book_of(process, intake.settings, key)
    async with process.pool.acquire() as db:
        rules = await book.opened(db)
        waiting = [row["request_id"] for row in await db.fetch(SQL["every_second"])]
        for first in range(0, len(waiting), AT_ONCE):
            async with db.transaction():
                await intake.store.lock(db)
                await intake.store.save(db, await _appends(intake, db, waiting[first : first + AT_ONCE], first, rules, executors))
        index = WordIndex(pool=process.pool, events=process.store, keyring=process.keyring, key=key)
        async with db.transaction():
            await index.catch_up(db)


async def _appends(
    intake: Intake, db: Connection, request_ids: Sequence[UUID], first: int, rules: Rules, executors: Executors
) -> list[Append]:
    told = await intake.store.told(db, request_ids)
    clients = await intake.store.clients(db, {client for events in told.values() if (client := events[0].envelope.client_id)})
    return [
        _sorted(intake, request_id, told[request_id], clients, commands(number, executors), rules)
        for number, request_id in enumerate(request_ids, first)
    ]


def _sorted(
    intake: Intake, request_id: UUID, events: Sequence[Recorded], clients: Mapping[UUID, Client], todo: Sequence[Decided], rules: Rules
) -> Append:
    client_id, now = events[0].envelope.client_id, intake.process.clock.now()
    client = clients.get(client_id, Client()) if client_id else Client()
    before = request = state_of(events)
    facts: list[Event] = []
    for command in todo:
        case = Case(request_id=request_id, client_id=client_id, request=request)
        new = decide(case, command, BY, now, rules, telling(request_id, request, client, rules.key))
        for fact in new:
            request = evolve(request, cast(RequestEvent, fact), now)
        facts += new
    return Append(
        category=REQUEST,
        aggregate_id=str(request_id),
        expected_version=before.version,
        facts=facts,
        context=staff_context(request_id, client_id, BY, Role.REGISTRAR, now, None),
    )


async def main() -> None:
    executors = orjson.loads(sys.stdin.buffer.read())
    async with opened() as intake:
        await sort(intake, executors)


if __name__ == "__main__":
    asyncio.run(main())
