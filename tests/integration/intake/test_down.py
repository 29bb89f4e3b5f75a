"""What is away delays its own work only, and nothing is lost (R-4)."""

import asyncio

import pytest

from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_requests import RequestReceived
from libs.events.topics import INBOUND, REQUESTS
from tests.examples import GREETING, boris
from tests.integration.intake.town import Town, listening, number_of, said, serving
from tests.stack import Database, Stack, eventually

ENOUGH_SECONDS = 60.0


@pytest.mark.requirement("R-4", "D-20")
async def test_with_the_database_away_the_door_answers_503_and_nothing_is_lost_after(town: Town, stack: Stack) -> None:
    before = (await town.site.post(said("before"))).json()
    await asyncio.to_thread(stack.parts.postgres.stop)
    try:
        answers = [await town.site.post(said(f"m-{n}")) for n in range(3)]
        await town.vk.send(said("by kafka"))
        status = await town.site.ask("status", {"number": before["reference"], "tracking_code": before["tracking_code"]})
        ready = await town.service.http.get("/health/ready")
        live = await town.service.http.get("/health/live")
    finally:
        await asyncio.to_thread(stack.parts.postgres.start)
    for answer in (*answers, status):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert (ready.status_code, live.status_code) == (503, 200)

    async def open_again() -> bool:
        return (await town.site.post(said("m-0"))).status_code in (200, 201)

    await eventually(open_again, seconds=ENOUGH_SECONDS)
    again = [await town.site.post(said(f"m-{n}")) for n in range(3)]
    receipt = await town.vk.receipt("by kafka")
    assert {answer.status_code for answer in again} <= {200, 201}
    numbers = [number_of(answer.json()["register_number"]) for answer in again] + [number_of(receipt.reg_no)]
    assert sorted(numbers) == [2, 3, 4, 5]
    assert await town.value("SELECT count(*) FROM dead_letters") == 0
    await town.drained()


@pytest.mark.requirement("R-4", "N-7.3")
async def test_with_kafka_away_intake_starts_and_takes_the_form_and_later_all_arrives_in_order(
    database: Database, fresh_kafka: str, stack: Stack
) -> None:
    texts = [GREETING, *(f"Прошу сообщить порядок аренды, вопрос {n}." for n in range(5))]
    async with listening(fresh_kafka, INBOUND.of("site"), REQUESTS.name) as listener:
        await asyncio.to_thread(stack.parts.kafka.stop)
        try:
            async with serving(database) as service:
                headers = {"Authorization": f"Bearer {stack.frontend_keys['site']}"}
                for n, text in enumerate(texts):
                    body = said(f"m-{n}", text=text, dialogue="d").payload() | {"point": "site"}
                    answer = await service.http.post("/v1/messages", json=body, headers=headers)
                    assert answer.status_code == 201, answer.text
                http, kafka = [await service.http.get(f"/health/ready{door}") for door in ("", "/kafka")]
                assert (http.status_code, kafka.status_code) == (200, 503)
        finally:
            await asyncio.to_thread(stack.parts.kafka.start)
        async with serving(database):
            await listener.until(
                lambda: len(listener.on(INBOUND.of("site"))) >= len(texts), "the messages on Kafka", seconds=ENOUGH_SECONDS
            )
            assert [fact.text for fact in listener.facts(INBOUND.of("site"), MessageReceived)] == texts
            await listener.until(lambda: len(listener.facts(REQUESTS.name, RequestReceived)) == len(texts) - 1, "the requests on Kafka")
    seqs: dict[str, list[int | None]] = {}
    for heard in listener.on(REQUESTS.name):
        seqs.setdefault(heard.envelope.aggregate_id, []).append(heard.envelope.seq)
    assert all(found == sorted(set(found), key=lambda seq: seq or 0) for found in seqs.values())


@pytest.mark.requirement("R-4")
async def test_kafka_goes_away_and_comes_back_under_a_running_intake(town: Town, stack: Stack) -> None:
    await town.vk.send(said("before"))
    await town.vk.receipt("before")
    await asyncio.to_thread(stack.parts.kafka.stop)
    try:
        answer = await town.site.post(said("meanwhile"))
    finally:
        await asyncio.to_thread(stack.parts.kafka.start)
    assert answer.status_code == 201
    await town.listener.until(lambda: town.site.receipts("meanwhile"), "what was said meanwhile", seconds=ENOUGH_SECONDS)
    await town.vk.send(said("after", boris))
    await town.listener.until(lambda: town.vk.receipts("after"), "what was said after", seconds=ENOUGH_SECONDS)
    assert await town.value("SELECT max(version) FROM events WHERE stream LIKE 'register-%'") == 3
