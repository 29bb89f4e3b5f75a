"""Two doors, one handler (R-8)."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import RequestReceived, RequestStatusChanged
from libs.events.topics import REQUESTS
from tests.examples import GREETING, anna, boris
from tests.integration.intake.town import Town, number_of, said

WAYS = 50  # posts that are under way together


@pytest.mark.requirement("R-8", "N-7.4")
async def test_both_doors_end_in_the_same_outcome(town: Town) -> None:
    at = datetime.now(UTC)
    by_http = said("by http", anna, sender=anna.sender, received_at=at)
    by_kafka = said("by kafka", boris, sender=boris.sender, received_at=at)
    answer = (await town.vk.post(by_http)).json()
    await town.vk.send(by_kafka)
    receipt = await town.vk.receipt("by kafka")
    assert answer.keys() - {"status_title"} == {name if name != "reg_no" else "register_number" for name in receipt.payload()}
    assert (answer["status"], answer["due_on"]) == (receipt.status, receipt.due_on.isoformat())
    first, second = [await town.facts("vk", name) for name in ("by http", "by kafka")]
    assert [type(fact) for fact in first] == [type(fact) for fact in second]
    received, told = first[0], first[-1]
    assert isinstance(received, RequestReceived)
    assert isinstance(told, RequestStatusChanged)
    assert (received.channel, received.text, received.received_at, received.flags) == ("vk", by_http.text, at, ())
    assert [target.channel for target in told.targets] == ["frontend", "email"]
    rows = [await town.request("vk", name) for name in ("by http", "by kafka")]
    assert {(row["channel"], row["point"], row["status"]) for row in rows} == {("vk", "vk", "registered")}
    for name, who in (("by http", anna), ("by kafka", boris)):
        [fact] = await town.client_facts("vk", name)
        assert isinstance(fact, ClientIdentified)
        assert (fact.name, fact.platform, fact.account) == (who.name, "vk", who.account)


@pytest.mark.requirement("R-8", "D-24")
async def test_what_came_by_one_door_is_known_at_the_other(town: Town) -> None:
    answer = (await town.vk.post(said())).json()
    await town.vk.send(said())
    receipt = await town.vk.receipt("m-1", 2)
    assert (receipt.reference, receipt.tracking_code) == (answer["reference"], answer["tracking_code"])
    again = await town.vk.post(said())
    assert (again.status_code, again.json()) == (200, answer)
    assert await town.value("SELECT count(*) FROM requests") == 1


@pytest.mark.requirement("R-8", "R-19")
async def test_a_dialogue_that_began_at_one_door_is_completed_at_the_other(town: Town) -> None:
    greeting = (await town.vk.post(said("m-1", text="Здравствуйте!"))).json()
    await town.vk.send(said("m-2"))
    receipt = await town.vk.receipt("m-2")
    assert greeting["register_number"] is None
    assert (receipt.reference, receipt.status) == (greeting["reference"], "registered")


@pytest.mark.requirement("R-8", "R-19", "R-2")
async def test_what_comes_of_one_dialogue_by_both_doors_at_once_is_one_request(town: Town) -> None:
    dialogues = [f"dialogue {n}" for n in range(60)]
    by_kafka = [said(f"k-{dialogue}", text=GREETING, dialogue=dialogue) for dialogue in dialogues]
    sending = asyncio.create_task(town.vk.send_all(by_kafka))
    answers = await asyncio.gather(
        *(town.vk.post(said(f"{way}-{dialogue}", text=GREETING, dialogue=dialogue)) for way in ("a", "b") for dialogue in dialogues)
    )
    await sending
    await town.vk.receipts_of([message.external_id for message in by_kafka])
    assert {answer.status_code for answer in answers} == {201}
    assert await town.value("SELECT count(*) FROM requests") == len(dialogues)
    assert await town.value("SELECT count(*) FROM messages") == 3 * len(dialogues)


@pytest.mark.requirement("N-8.2", "D-24", "R-2", "R-8")
async def test_2000_registrations_through_both_doors_at_once_have_numbers_without_gap_or_double(town: Town) -> None:
    names = [f"m-{n}" for n in range(2_000)]
    chance = random.Random(20261122)
    by_http = names[:1_000] + chance.sample(names, 200)
    by_kafka = names[1_000:] + chance.sample(names, 200)
    chance.shuffle(by_http)
    chance.shuffle(by_kafka)

    at = datetime.now(UTC)
    messages = {name: said(name, dialogue=f"dialogue {name}", received_at=at) for name in names}
    waiting = iter(by_http)

    async def post_what_waits() -> list[dict[str, Any]]:
        return [(await town.vk.post(messages[name])).json() for name in waiting]

    sending = asyncio.create_task(town.vk.send_all([messages[name] for name in by_kafka]))
    answers = [answer for way in await asyncio.gather(*(post_what_waits() for _ in range(WAYS))) for answer in way]
    await sending
    receipts = await town.vk.receipts_of(names)

    assert await town.value("SELECT count(*) FROM requests") == 2_000
    assert await town.value("SELECT count(*) FROM messages") == 2_000
    numbers = {name: number_of(receipt.reg_no) for name, receipt in receipts.items() if hasattr(receipt, "reg_no")}
    assert sorted(numbers.values()) == list(range(1, 2_001))
    assert all(number_of(answer["register_number"]) == numbers[answer["external_id"]] for answer in answers)
    assert await town.value("SELECT max(version) FROM events WHERE stream LIKE 'register-%'") == 2_000
    await town.listener.until(lambda: len(town.listener.on(REQUESTS.name)) >= 6_000, "all events on Kafka", seconds=60)
    seqs: dict[str, list[int | None]] = {}
    for _, envelope, _ in town.listener.on(REQUESTS.name):
        seqs.setdefault(envelope.aggregate_id, []).append(envelope.seq)
    assert len(seqs) == 2_000
    assert all(found == [1, 2, 3] for found in seqs.values())
