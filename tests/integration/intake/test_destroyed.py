"""What is destroyed is gone with its files and all that it was found by; the register says so, and goes on."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from libs.chassis.store.destruction import destroy, destructions
from tests.examples import boris
from tests.integration.intake.people import Office, office, text_of
from tests.integration.intake.test_attachments import objects, request_with, upload, uploads_of
from tests.integration.intake.town import said
from tests.stack import Database
from tests.unit.intake.files import JPEG, PDF

pytestmark = [pytest.mark.requirement("R-17", "N-4.7")]


@pytest.fixture
async def bureau(database: Database, fresh_kafka: str) -> AsyncIterator[Office]:
    async with office(database) as found:
        yield found


async def destroyed(bureau: Office, *threads: UUID) -> None:
    async with bureau.town.database.superuser() as db:
        await db.execute("SET search_path = intake")
        await destroy(db, threads)


async def taken_in(bureau: Office, name: str = "m-1", **changed: Any) -> dict[str, Any]:
    answer = await bureau.town.site.post(said(name, **{"received_at": bureau.clock.now()} | changed))
    assert answer.status_code == 201, answer.text
    return await bureau.town.request("site", name)


@pytest.mark.requirement("N-8.3")
async def test_the_register_shows_a_destroyed_request_as_such_beside_the_others(bureau: Office) -> None:
    gone, stays = await taken_in(bureau), await taken_in(bureau, "m-2", who=boris, dialogue="another")
    await destroyed(bureau, UUID(str(gone["request_id"])))
    for path in ("/requests", "/requests?order=newest", "/requests/print"):
        page = text_of(await bureau.admin.get(path))
        assert f"{gone['reg_no']}" in page, path
        assert f"{stays['reg_no']}" in page, path
        assert (page.count("сведения уничтожены"), boris.name in page) == (1, True), path
    answer = await bureau.admin.get("/requests")
    register = answer.text
    assert f'name="one-{gone["request_id"]}"' not in register, "nothing can be done to it together with others"
    assert f'name="one-{stays["request_id"]}"' in register
    assert "Все на этой странице: 1" in text_of(answer)
    card = await bureau.admin.get(f"/requests/{gone['request_id']}")
    assert (card.status_code, "его содержание уничтожено" in text_of(card)) == (410, True)
    step = await bureau.admin.post(f"/requests/{gone['request_id']}/withdraw", version="3", reason="просьба")
    assert (step.status_code, "его содержание уничтожено" in text_of(step)) == (410, True)
    found = await bureau.admin.post("/find", text=str(gone["reg_no"]))
    assert (await bureau.admin.http.get(found.headers["location"])).status_code == 410
    assert (await bureau.admin.get(f"/requests/{stays['request_id']}")).status_code == 200
    assert (await bureau.admin.get(f"/requests/{UUID(int=7)}")).status_code == 404


@pytest.mark.requirement("R-19")
async def test_who_answers_to_a_destroyed_request_begins_another_one(bureau: Office) -> None:
    gone = await taken_in(bureau)
    await destroyed(bureau, UUID(str(gone["request_id"])))
    reply = await taken_in(bureau, "m-2", thread_ref=gone["reg_no"])
    assert reply["request_id"] != gone["request_id"]
    again = await bureau.town.site.post(said("m-1", received_at=bureau.clock.now()))
    assert (again.status_code, again.json()["code"]) == (410, "request-gone")
    await bureau.town.vk.send(said("v-1", received_at=bureau.clock.now()))
    await bureau.town.vk.receipt("v-1")
    await bureau.town.drained()
    assert await bureau.town.value("SELECT count(*) FROM requests") == 3, "its own record, back from Kafka, makes it anew no more"


@pytest.mark.requirement("R-20")
async def test_a_destroyed_client_is_nobody_who_could_be_known_again(bureau: Office) -> None:
    vk = bureau.town.vk
    await vk.post(said("m-1", received_at=bureau.clock.now()))
    client = await bureau.town.client_of("vk", "m-1")
    await destroyed(bureau, client)
    assert await bureau.town.value("SELECT count(*) FROM identities WHERE client_id = $1", client) == 0
    assert (await vk.post(said("m-2", received_at=bureau.clock.now(), dialogue="another"))).status_code == 201
    assert await bureau.town.client_of("vk", "m-2") != client


@pytest.mark.requirement("E-5", "N-7.5")
async def test_with_a_request_the_thread_of_its_files_is_destroyed_but_not_one_that_another_request_lives_in(
    bureau: Office, database: Database
) -> None:
    first = await request_with(bureau, await upload(bureau.town.site, PDF))
    second = await request_with(bureau, await upload(bureau.town.site, JPEG, "f-2", name="photo.jpg", type="image/jpeg"), name="m-2")
    [thread] = {row["thread_id"] for row in await bureau.town.rows("SELECT thread_id FROM uploads")}
    assert thread not in (first, second)
    await destroyed(bureau, first)
    assert await bureau.town.value("SELECT count(*) FROM thread_keys WHERE thread_id = $1", thread) == 1
    assert await uploads_of(bureau).sweep() == 1, "its own file goes all the same"
    assert (await bureau.admin.get(f"/requests/{second}/attachments/1?warned=yes")).status_code in (200, 403)
    await destroyed(bureau, second)
    assert await bureau.town.value("SELECT count(*) FROM thread_keys WHERE thread_id = $1", thread) == 0
    async with database.superuser() as db:
        await db.execute("SET search_path = intake")
        assert thread in {one.thread_id for one in await destructions(db)}, "no copy brings it back"
    assert await uploads_of(bureau).sweep() == 1
    assert objects(database) == []


async def test_a_request_without_files_and_a_thread_that_is_no_request_are_destroyed_alone(bureau: Office) -> None:
    request = await taken_in(bureau)
    await destroyed(bureau, UUID(str(request["request_id"])), UUID(int=7))
    async with bureau.town.database.superuser() as db:
        await db.execute("SET search_path = intake")
        assert [one.thread_id for one in await destructions(db)] == [request["request_id"]]
