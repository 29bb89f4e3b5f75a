"""What finds a client's entries: kept as the log grows, and rebuilt from the log alone with the same rows."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.store.database import prepare_connection
from libs.chassis.store.models import checksum
from libs.events.contracts.notifier_deliveries import NotificationSent
from libs.events.topics import DELIVERIES
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping, spread
from tests.unit.history.told import AT, about_client, delivered, delivery, envelope, identified, linked, request_of, unlinked

MODELS = ("thread_links", "request_numbers", "client_links")


async def checksums(history: Keeping) -> dict[str, str]:
    async with history.process.pool.acquire() as db:
        return {table: await checksum(db, table) for table in MODELS}


async def rebuild(history: Keeping) -> int:
    async with history.database.superuser() as db:
        await prepare_connection(db)
        await db.execute("SET search_path = history")
        return await history.log.rebuild(db)


@pytest.mark.requirement("R-1", "D-20")
async def test_the_read_models_are_rebuilt_from_the_log_with_the_same_rows(history: Keeping) -> None:
    clients = [uuid4() for _ in range(12)]
    deliveries = spread([request_of(random.choice([*clients, None]), reg_no=f"ЗИ-{number}/2026") for number in range(40)])
    deliveries += [about_client(client, identified()) for client in clients]
    for number in range(30):
        one, other = random.sample(clients, 2)
        fact = linked(other) if number % 3 else unlinked(other)
        deliveries.append(about_client(one, fact, seq=2 + number, recorded_at=AT + timedelta(seconds=number)))
    deliveries += [delivery(b"{torn"), delivered(envelope(client_id=clients[0]))]
    random.shuffle(deliveries)
    for first in range(0, len(deliveries), 37):
        await history.take(*deliveries[first : first + 37])
    before = await checksums(history)
    assert [await history.count(table) > 5 for table in MODELS] == [True] * 3
    await history.tamper("DELETE FROM thread_links", "UPDATE client_links SET linked = NOT linked", "DELETE FROM request_numbers")
    assert await checksums(history) != before
    assert await rebuild(history) == await history.count()
    assert await checksums(history) == before
    await rebuild(history)
    assert await checksums(history) == before


@pytest.mark.requirement("R-1")
async def test_the_order_in_which_batches_came_leaves_no_trace_in_the_read_models(history: Keeping) -> None:
    one, other = uuid4(), uuid4()
    first = about_client(one, linked(other), seq=2, recorded_at=AT)
    then = about_client(other, unlinked(one), seq=2, recorded_at=AT + timedelta(minutes=1))
    await history.take(then)
    await history.take(first)
    [row] = await history.rows("SELECT * FROM history.client_links")
    assert row["linked"] is False


@pytest.mark.requirement("D-25", "N-4.4")
async def test_a_clients_history_holds_all_threads_of_the_client(history: Keeping, signed_in: SignedIn) -> None:
    client, stranger = uuid4(), uuid4()
    mine = [*request_of(client), *request_of(client, channel="vk", point="vk"), about_client(client, identified())]
    notice = NotificationSent(notice_id=uuid4(), request_id="r-1", channel="email")
    mine.append(delivered(envelope(notice, client_id=client), DELIVERIES.name))
    await history.take(*mine, *request_of(stranger), about_client(stranger, identified()))
    answer = await history.http.get(f"/v1/clients/{client}/history", headers=signed_in(Role.OPERATOR))
    found = answer.json()
    assert found["client"] == str(client)
    assert len(found["entries"]) == len(mine) == 10
    assert sorted(entry["type"] for entry in found["entries"] if entry["type"].startswith("Message")) == ["MessageReceived"] * 2


@pytest.mark.requirement("D-25", "N-4.7")
async def test_linked_clients_are_one_person_until_they_are_unlinked(history: Keeping, signed_in: SignedIn) -> None:
    one, two, three = sorted(uuid4() for _ in range(3))
    await history.take(*request_of(one), *request_of(two), *request_of(three))
    await history.take(about_client(one, linked(two), seq=2), about_client(three, linked(two), seq=2))
    for client in (one, two, three):
        found = (await history.http.get(f"/v1/clients/{client}/history", headers=signed_in(Role.HEAD))).json()
        assert found["same_person"] == [str(one), str(two), str(three)]
        assert len(found["entries"]) == 12 + 2
    await history.take(about_client(two, unlinked(one), seq=3, recorded_at=AT + timedelta(minutes=1)))
    found = (await history.http.get(f"/v1/clients/{one}/history", headers=signed_in(Role.HEAD))).json()
    assert found["same_person"] == [str(one)]
    assert {entry["client_id"] for entry in found["entries"]} == {str(one), None}
