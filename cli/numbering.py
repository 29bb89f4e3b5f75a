"""A year's numbers go on from an older register."""

from cli.intake import Intake
from libs.chassis.store.events import Append, Context
from libs.events.envelope import Actor
from services.intake.domain.register import continue_numbering, opened
from services.intake.imports.cases import same_id
from services.intake.store import REGISTER

ACTOR = "import"


class NoSuchJournal(LookupError):
    """The authority's file has no journal of this code."""


async def go_on_after(intake: Intake, journal: str | None, year: int, last_number: int) -> int:
    """The next number; raises `NoSuchJournal`, `NumberingStarted`."""
    process = intake.process
    if journal is not None and process.authority.journal(journal) is None:
        raise NoSuchJournal(journal)
    code = journal or intake.settings.journal or process.authority.journals[0].code
    async with process.pool.acquire() as db, db.transaction():
        await intake.store.lock(db)
        register = await intake.store.register(db, code, year)
        facts = continue_numbering(register, last_number)
        thread = same_id(process.authority.code, "numbering", register.aggregate_id)
        around = Context(thread_id=thread, occurred_at=process.clock.now(), actor=Actor(role="system", id=ACTOR))
        append = Append(
            category=REGISTER, aggregate_id=register.aggregate_id, expected_version=register.version, facts=facts, context=around
        )
        await intake.store.save(db, [append])
    return opened(code, year, register.version + len(facts), facts[0]).next_number
