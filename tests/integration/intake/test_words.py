"""One search box: requests by number, name, phone, address and words, through an index that knows none of them."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from libs.chassis.ops.logs import JsonLines
from libs.chassis.store.database import prepare_connection
from libs.chassis.store.destruction import destroy
from libs.chassis.store.models import checksum, rebuild
from services.intake.desk_root import code_key
from services.intake.settings import IntakeSettings
from services.intake.words import index
from services.intake.words.index import WordIndex
from tests.examples import anna, boris, firm
from tests.integration.intake.people import Office, office, text_of
from tests.integration.intake.town import Town, founded, said
from tests.stack import Database, eventually


@pytest.fixture
async def bureau(database: Database, fresh_kafka: str) -> AsyncIterator[Office]:
    async with office(database) as found:
        yield found


async def is_read(town: Town) -> None:
    """The index has come to everything."""

    async def nothing_waits() -> bool:
        return bool(await town.value("SELECT count(*) = 0 FROM words_pending"))

    await eventually(nothing_waits, what="nothing waits to be read for the index")


async def taken_in(bureau: Office, name: str = "m-1", **changed: Any) -> UUID:
    await bureau.town.site.post(said(name, **{"received_at": bureau.clock.now()} | changed))
    return UUID(str((await bureau.town.request("site", name))["request_id"]))


async def found(bureau: Office, typed: str) -> list[UUID]:
    """Requests on the page of what was found, in its order."""
    answer = await bureau.admin.post("/find", text=typed)
    assert answer.status_code in (200, 404), text_of(answer)
    assert str(answer.url).endswith("/desk/find")
    ids = [part[:36] for part in answer.text.split('href="/desk/requests/')[1:]]
    return [UUID(one) for one in ids]


def index_of(town: Town) -> WordIndex:
    process = town.service.process
    assert isinstance(process.settings, IntakeSettings)
    return WordIndex(pool=process.pool, events=process.store, keyring=process.keyring, key=code_key(process.settings))


class BrokenOffError(Exception):
    """As when the process is killed before the commit."""


async def read_and_break_off(town: Town) -> None:
    async with town.service.process.pool.acquire() as db, db.transaction():
        await index_of(town)._read(db)
        assert await db.fetchval("SELECT count(*) FROM request_words") == 1
        raise BrokenOffError


@pytest.mark.requirement("N-8.3", "E-7")
async def test_a_request_is_found_by_number_name_phone_address_and_words_the_newest_first(bureau: Office) -> None:
    old = await taken_in(bureau, "m-1", contacts=anna.contacts, text="Прошу сообщить порядок аренды земельного участка 54:35:101:2.")
    other = await taken_in(bureau, "m-2", who=boris, contacts=boris.contacts, text="Когда отремонтируют лесную дорогу?")
    new = await taken_in(bureau, "m-3", who=firm, contacts=firm.contacts, text="Об арендованном участке прошу сообщить ещё раз.")
    await is_read(bureau.town)
    number = str((await bureau.town.request("site", "m-1"))["reg_no"])
    assert (await bureau.admin.post("/find", text=number)).headers["location"] == f"/desk/requests/{old}"
    for typed, expected in (
        ("участки", [new, old]),
        ("аренда участков", [old]),
        ("54:35:101:2", [old]),
        ("запланированная", [old]),
        ("Выдум", [other]),
        ("8 (913) 000-00-02", [other]),
        ("BORIS@example.ru", [other]),
        ("небывалое дело", [new]),
        ("садовая", [old]),
        ("Выдуманный аренда", []),
        ("%", []),
    ):
        assert await found(bureau, typed) == expected, typed


@pytest.mark.requirement("N-8.3")
async def test_what_was_found_says_how_much_it_is_and_what_to_do_when_it_is_nothing(bureau: Office) -> None:
    await taken_in(bureau)
    await is_read(bureau.town)
    assert "Найдено запросов: 1." in text_of(await bureau.admin.post("/find", text="аренда"))
    missed = await bureau.admin.post("/find", text="верблюды")
    assert (missed.status_code, "Ничего не найдено" in text_of(missed)) == (404, True)
    for typed in ("", " ", "и", "!"):
        assert "Искать нечего" in text_of(await bureau.admin.post("/find", text=typed))


@pytest.mark.requirement("N-8.3")
async def test_of_more_than_a_page_the_newest_are_shown_and_that_is_said(bureau: Office) -> None:
    for number in range(51):
        await bureau.town.site.post(said(f"m-{number}", received_at=bureau.clock.now(), dialogue=f"d-{number}"))
    await is_read(bureau.town)
    answer = await bureau.admin.post("/find", text="аренда")
    assert "Найдено больше 50 запросов, показаны самые новые" in text_of(answer)
    ids = await found(bureau, "аренда")
    newest = await bureau.town.rows("SELECT request_id FROM requests ORDER BY request_id DESC LIMIT 50")
    assert ids == [UUID(str(row["request_id"])) for row in newest]


@pytest.mark.requirement("N-2.2", "N-3.2")
async def test_an_added_message_a_new_text_and_a_new_address_are_found_and_the_old_text_still_is(bureau: Office) -> None:
    request_id = await taken_in(bureau, text="Прошу сообщить порядок аренды.")
    receipt = (await bureau.town.site.post(said("m-1", received_at=bureau.clock.now(), text="Прошу сообщить порядок покупки."))).json()
    mine = {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]}
    await bureau.town.site.ask("channels", mine | {"email": "other@example.ru"})
    await is_read(bureau.town)
    for typed in ("аренда", "покупка", "anna@example.ru", "other@example.ru"):
        assert await found(bureau, typed) == [request_id], typed


@pytest.mark.requirement("R-25", "D-25", "N-8.3")
async def test_neither_the_index_nor_a_log_nor_an_address_holds_what_was_written_or_typed(bureau: Office) -> None:
    log = io.StringIO()
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one.formatter, JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(log)
    await taken_in(bureau, contacts=anna.contacts)
    await is_read(bureau.town)
    answer = await bureau.admin.post("/find", text="запланированная +79130000001")
    assert (answer.status_code, answer.headers.get("location")) == (404, None)
    rows = str(await bureau.town.rows("SELECT * FROM request_words")) + str(await bureau.town.rows("SELECT * FROM words_pending"))
    logged = log.getvalue()
    for planted in ("запланированная", "Запланированная", "9130000001", "anna@example.ru", "аренда"):
        assert planted not in rows
        assert planted not in logged
    assert "запланированная" not in str(answer.url)


@pytest.mark.requirement("D-1", "R-1")
async def test_the_index_is_rebuilt_with_the_same_rows(bureau: Office) -> None:
    for number, who in enumerate((anna, boris, firm)):
        await taken_in(bureau, f"m-{number}", who=who, contacts=who.contacts, text=f"Прошу сообщить о сделке {number}.")
    await is_read(bureau.town)
    process = bureau.town.service.process
    assert isinstance(process.settings, IntakeSettings)
    async with bureau.town.database.superuser() as db:
        await prepare_connection(db)
        await db.execute("SET ROLE intake_owner; SET search_path = intake")
        before = await checksum(db, index.TABLE)
        await db.execute("TRUNCATE request_words")
        assert await rebuild(db, process.store, index.model(code_key(process.settings))) > 0
        assert await checksum(db, index.TABLE) == before
    assert len(await found(bureau, "сделка")) == 3


@pytest.mark.requirement("R-6", "R-1")
async def test_read_again_and_by_several_at_once_the_rows_stay_the_same(bureau: Office) -> None:
    town = bureau.town
    for number in range(30):
        await taken_in(bureau, f"m-{number}", text=f"Прошу сообщить о сделке {number}.", dialogue=f"d-{number}")
    await is_read(town)
    before = await town.rows("SELECT * FROM request_words ORDER BY stream")
    assert len(before) == 30
    await town.service.process.pool.execute("INSERT INTO words_pending (stream) SELECT stream FROM requests, generate_series(1, 2)")
    await asyncio.gather(*(index_of(town).turn() for _ in range(8)))
    await is_read(town)
    assert await town.rows("SELECT * FROM request_words ORDER BY stream") == before


@pytest.mark.requirement("R-6")
async def test_who_is_stopped_in_the_middle_has_done_nothing_and_the_next_does_it(bureau: Office) -> None:
    """The lock is held, so the running index waits; then a reader is broken off before it commits."""
    town = bureau.town
    async with town.service.process.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT pg_advisory_xact_lock(hashtext('otklik intake words'))")
        request_id = await taken_in(bureau)
        assert await index_of(town).turn() == index.NOTHING
        with pytest.raises(BrokenOffError):
            await read_and_break_off(town)
        assert await town.value("SELECT count(*) FROM request_words") == 0
        assert await town.value("SELECT count(*) FROM words_pending") == 1
    await is_read(town)
    assert await found(bureau, "аренда") == [request_id]


@pytest.mark.requirement("R-11")
async def test_what_an_older_release_took_in_is_found_once_this_one_has_started(database: Database) -> None:
    async with office(database) as bureau:
        await taken_in(bureau)
        await is_read(bureau.town)
        await bureau.town.service.process.pool.execute("DELETE FROM request_words")
    async with founded(database) as town:

        async def known() -> bool:
            return bool(await town.value("SELECT count(*) = 1 FROM request_words"))

        await eventually(known, what="the request is in the index again")


@pytest.mark.requirement("N-8.2")
async def test_in_a_crowd_the_index_steps_back_and_registration_goes_first() -> None:
    assert index.rest(0, 0.5, crowd=False) == index.POLL_SECONDS
    assert index.rest(25, 0.5, crowd=False) <= 0.5
    assert index.rest(25, 0.5, crowd=True) >= 0.5 * 10


@pytest.mark.requirement("N-4.7", "R-17")
async def test_a_destroyed_request_is_not_found_from_that_moment_on_and_is_not_read_again(bureau: Office) -> None:
    town = bureau.town
    gone, stays = await taken_in(bureau, "m-1"), await taken_in(bureau, "m-2", who=boris, dialogue="another")
    await is_read(town)
    assert set(await found(bureau, "аренда")) == {gone, stays}
    async with town.database.superuser() as db:
        await db.execute("SET search_path = intake")
        async with db.transaction():
            assert len(await destroy(db, [gone])) == 1
            assert await db.fetchval("SELECT count(*) FROM request_words WHERE request_id = $1", gone) == 0
    assert await found(bureau, "аренда") == [stays]
    await town.service.process.pool.execute("INSERT INTO words_pending (stream) SELECT stream FROM requests")
    await is_read(town)
    assert await found(bureau, "аренда") == [stays]


@pytest.mark.requirement("N-4.7", "R-17")
async def test_what_is_destroyed_while_it_is_being_read_is_forgotten_as_well(bureau: Office) -> None:
    """The reader has the words and has not committed; who destroys the thread waits for it and forgets them then."""
    town = bureau.town
    async with town.database.superuser() as db, town.service.process.pool.acquire() as holder:
        await db.execute("SET search_path = intake")
        async with holder.transaction():
            await holder.execute("SELECT pg_advisory_xact_lock(hashtext('otklik intake words'))")
            request_id = await taken_in(bureau)
            await index_of(town)._read(holder)
            destroying = asyncio.create_task(destroy(db, [request_id]))

            async def waits() -> bool:
                waiting = "wait_event = 'advisory' AND query LIKE '%gone AS (DELETE FROM thread_keys%'"
                return await superuser_sees(town, f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {waiting})")  # noqa: S608 - our own words

            await eventually(waits, what="who destroys waits for the reader")
        assert len(await destroying) == 1
    assert await town.value("SELECT count(*) FROM request_words") == 0


async def superuser_sees(town: Town, sql: str) -> bool:
    async with town.database.superuser() as db:
        return bool(await db.fetchval(sql))
