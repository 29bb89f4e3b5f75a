"""A year's numbers go on from an older register."""

from cli.intake import Intake
from libs.chassis.store.events import Append, Context
from libs.events.envelope import Actor
from services.intake.domain.register import NumberingContinued, continue_numbering, opened
from services.intake.imports.cases import same_id
from services.intake.store import REGISTER

ACTOR = "import"


class NoSuchJournal(LookupError):
    """The authority's file has no journal of this code."""


class ContinuedOtherwise(Exception):
    """The year goes on already, from another number of the older register: `last_number`."""

    def __init__(self, last_number: int) -> None:
        super().__init__(last_number)
        self.last_number = last_number


async def go_on_after(intake: Intake, journal: str | None, year: int, last_number: int) -> int:
    """The next number; harmless when repeated. Raises `NoSuchJournal`, `ContinuedOtherwise`, `NumberingStarted`."""
    process = intake.process
    if journal is not None and process.authority.journal(journal) is None:
        raise NoSuchJournal(journal)
    code = journal or intake.settings.journal or process.authority.journals[0].code
    async with process.pool.acquire() as db, db.transaction():
        await intake.store.lock(db)
        register = await intake.store.register(db, code, year)
        first = await process.store.first(db, REGISTER, register.aggregate_id) if register.version else None
        if first is not None and isinstance(first.fact, NumberingContinued):
            if first.fact.last_number != last_number:
                raise ContinuedOtherwise(first.fact.last_number)
            return register.next_number
        facts = continue_numbering(register, last_number)
        thread = same_id(process.authority.code, "numbering", register.aggregate_id)
        around = Context(thread_id=thread, occurred_at=process.clock.now(), actor=Actor(role="system", id=ACTOR))
        append = Append(
            category=REGISTER, aggregate_id=register.aggregate_id, expected_version=register.version, facts=facts, context=around
        )
        await intake.store.save(db, [append])
    return opened(code, year, register.version + len(facts), facts[0]).next_number
