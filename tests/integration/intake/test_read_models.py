"""Read models are functions of the events: dropped and rebuilt, they are the same (R-1)."""

from typing import Any

import asyncpg
import pytest

from libs.chassis.access.passwords import Passwords
from libs.chassis.access.roles import Staff
from libs.chassis.store.database import prepare_connection
from libs.chassis.store.models import checksum, rebuild
from services.intake.desk_root import accounts_of, code_key
from services.intake.domain.staff.account import LinkIdentity, OpenAccount
from services.intake.settings import IntakeSettings
from services.intake.store import models
from services.intake.words import index
from tests.integration.intake.everything import happens
from tests.integration.intake.test_answer import SEND, in_hands
from tests.integration.intake.town import Town, said


async def sums(db: "asyncpg.Connection[Any]", tables: list[str]) -> dict[str, str]:
    return {table: await checksum(db, table) for table in tables}


@pytest.mark.requirement("D-1", "R-1")
async def test_dropped_and_rebuilt_they_are_equal_by_checksum_over_all_columns(town: Town) -> None:
    await happens(town)
    at_work = await in_hands(town)
    await at_work.approved()
    await at_work.author.do(at_work.request_id, SEND)
    settings = town.service.process.settings
    assert isinstance(settings, IntakeSettings)
    accounts = accounts_of(town.service.process, settings, code_key(settings), Passwords(settings.password_memory_kib))
    somebody = OpenAccount.model_validate({"login": "sergeev", "name": "Запланированный Сергей", "roles": ["operator"]})
    by = Staff(id="administrator-1")
    account_id, _ = await accounts.open_with_temporary_password(by, somebody)
    await accounts.act(by, account_id, LinkIdentity(issuer="https://id.example.org", subject="u-1"))
    known = models(code_key(settings))
    tables = [table for model in known for table in model.tables]
    async with town.database.superuser() as db:
        await prepare_connection(db)
        await db.execute("SET ROLE intake_owner; SET search_path = intake")
        before = await sums(db, tables)
        await db.execute(f"TRUNCATE {', '.join(tables)}")
        assert (await sums(db, tables)).items().isdisjoint(before.items()), "a model had no rows, so its rebuild would prove nothing"
        for model in known:
            assert await rebuild(db, town.service.process.store, model) > 0
        assert await sums(db, tables) == before
    again = await town.site.post(said("form"))
    assert again.status_code == 201  # another text than the last one: the rebuilt model knows the message


@pytest.mark.requirement("R-1")
async def test_every_table_that_is_no_event_and_no_work_is_a_read_model(town: Town) -> None:
    tables = await town.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'intake' AND tablename !~ '^outbox_[0-9d]'")
    work = {"outbox", "outbox_leases", "outbox_parked", "inbox", "dead_letters", "dead_letter_keys", "thread_keys"}
    work |= {"master_keys", "schema_version", "destroyed_threads", "dead_letter_lanes", "timers", "consumer_places", "answered_gaps"}
    work |= {
        "credentials",
        "sessions",
        "newcomers",
        "denied_tokens",
        "words_pending",
        "uploads",
        "views",
        "reminders",
        "saved_forms",
        "logout_tokens",
        "feeds",
    }
    known = [*models(b"k" * 32), index.model(b"k" * 32)]
    assert {row["tablename"] for row in tables} - work == {"events", *(table for model in known for table in model.tables)}
