"""The HTTP door of intake, on real Kafka and PostgreSQL."""

import asyncio
import json
from typing import Any

import pytest

from libs.chassis.access.frontends import hash_of
from libs.chassis.access.guards import guarded_routes
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.contracts.intake_requests import RequestReceived, RequestRevised
from libs.events.topics import INBOUND, RECEIPTS, REQUESTS
from libs.events.vocabulary import Flag
from tests.integration.intake.town import Town, body_of, founded, number_of, said
from tests.stack import Database, Stack, eventually


@pytest.mark.requirement("N-7.3", "N-8.2", "E-10")
async def test_a_complete_message_is_registered_at_once_and_its_receipt_opens_the_status_page(town: Town) -> None:
    answer = await town.site.post(said())
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    receipt = answer.json()
    assert receipt["register_number"].startswith("ЗИ-1/")
    assert (receipt["status"], receipt["status_title"]) == ("registered", "зарегистрирован")
    for number in (receipt["register_number"], receipt["reference"]):
        page = await town.site.ask("status", {"number": number, "tracking_code": receipt["tracking_code"]})
        assert page.status_code == 200, page.text
        assert {page.json()[name] for name in ("reference", "register_number", "status", "due_on")} == {
            receipt[name] for name in ("reference", "register_number", "status", "due_on")
        }


@pytest.mark.requirement("D-24", "N-7.3")
async def test_the_same_message_sent_twice_is_one_request_with_the_same_receipt(town: Town) -> None:
    first, second = [await town.site.post(said()) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


@pytest.mark.requirement("N-2.2", "R-21")
async def test_another_text_under_the_same_id_is_kept_flagged_and_published(town: Town) -> None:
    first = await town.site.post(said())
    second = await town.site.post(said(text="Прошу сообщить порядок покупки участка."))
    third = await town.site.post(said())
    assert [answer.status_code for answer in (first, second, third)] == [201, 201, 200]
    assert first.json() == second.json() == third.json()
    revised = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestRevised)]
    assert [(fact.text, fact.flags) for fact in revised] == [("Прошу сообщить порядок покупки участка.", (Flag.TEXT_CHANGED,))]
    await town.listener.until(lambda: len(town.listener.on(INBOUND.of("site"))) == 2, "both texts on Kafka")
    texts = [fact.text for fact in town.listener.facts(INBOUND.of("site"), MessageReceived)]
    assert texts == [said().text, "Прошу сообщить порядок покупки участка."]


@pytest.mark.requirement("R-8", "D-23")
async def test_what_came_by_http_is_published_and_passed_over_when_it_comes_back(town: Town) -> None:
    receipt = (await town.site.post(said())).json()
    await town.listener.until(lambda: town.listener.on(RECEIPTS.of("site")), "the receipt")
    await town.vk.send(said("after it"))
    await town.vk.receipt("after it")
    [(record, envelope, _)] = town.listener.on(INBOUND.of("site"))
    [published] = town.listener.facts(INBOUND.of("site"))
    assert (envelope.producer, envelope.point, published.text, published.external_id) == ("intake", "site", said().text, "m-1")
    assert town.site.receipts("m-1") == [
        MessageAccepted(
            external_id="m-1",
            reference=receipt["reference"],
            tracking_code=receipt["tracking_code"],
            reg_no=receipt["register_number"],
            status="registered",
            due_on=receipt["due_on"],
        )
    ]
    [(_, told, _), *_] = town.listener.on(REQUESTS.name)
    [received, *_] = town.listener.facts(REQUESTS.name, RequestReceived)
    assert (told.seq, received.dialogue_key.encode(), received.dialogue_thread) == (1, record.key, envelope.thread_id)
    assert await town.types("site", "m-1") == ["RequestReceived", "RequestRegistered", "RequestStatusChanged"]


@pytest.mark.requirement("N-3.1", "N-3.4", "N-7.3")
async def test_the_choices_of_the_form_reach_the_events(town: Town) -> None:
    chosen: dict[str, Any] = {"wanted_form": "written", "additional_channel": {"channel": "post", "address": "630099, г. Обск"}}
    answer = await town.site.post(said(**chosen))
    assert answer.status_code == 201
    received, *_, changed = await town.facts("site", "m-1")
    assert isinstance(received, RequestReceived)
    assert (received.wanted_form, received.additional_channel.address if received.additional_channel else None) == (
        "written",
        "630099, г. Обск",
    )
    assert [target.channel for target in getattr(changed, "targets", ())] == ["site", "post", "email"]


@pytest.mark.requirement("D-23")
async def test_a_key_is_changed_without_a_break_and_a_revoked_one_is_closed_at_once(town: Town, stack: Stack) -> None:
    before = stack.keys_file.read_text("utf-8")
    hashes = json.loads(before)
    try:
        stack.keys_file.write_text(json.dumps(hashes | {"site": [*hashes["site"], hash_of("the new key")]}), "utf-8")
        new = {"Authorization": "Bearer the new key"}
        for n, headers in enumerate((town.site.headers, new)):
            answer = await town.service.http.post("/v1/messages", json=body_of(said(f"m-{n}")), headers=headers)
            assert answer.status_code == 201
        stack.keys_file.write_text(json.dumps({"vk": hashes["vk"]}), "utf-8")
        closed = await town.service.http.post("/v1/messages", json=body_of(said("m-2")), headers=new)
        assert closed.status_code == 401
    finally:
        stack.keys_file.write_text(before, "utf-8")


@pytest.mark.requirement("R-25", "D-23")
async def test_every_route_but_health_and_figures_asks_for_a_frontends_key_or_a_role(town: Town) -> None:
    routes = list(guarded_routes(town.service.app))
    open_to_all = {route.path for route in routes if not route.frontends and not route.roles and not route.path.startswith("/desk")}
    assert open_to_all == {"/health/live", "/health/ready", "/health/ready/{door}", "/metrics", "/preferences"}
    of_messages, of_people = ("messages", "uploads"), ("status", "channels", "corrections", "clarifications", "withdrawals")
    of_saved_forms = ("saved-forms", "saved-forms/open", "saved-forms/forget")
    of_answers = ("answers", "answers/files", "verifications")
    paths = (*of_messages, *of_people, *of_saved_forms, *of_answers, "confirmations", "code-reminders")
    posted = {("POST", f"/v1/{path}") for path in paths}
    assert {(route.method, route.path) for route in routes if route.frontends} == {
        *posted,
        ("GET", "/v1/authority"),
        ("GET", "/v1/office"),
    }


@pytest.mark.requirement("R-2", "R-21")
async def test_a_full_queue_answers_503_with_the_time_to_wait_and_takes_the_same_later(database: Database, fresh_kafka: str) -> None:
    async with founded(database, queue_limit=5) as town, database.superuser() as rival:
        messages = [said(f"m-{n}") for n in range(20)]
        async with rival.transaction():
            await rival.execute("SELECT pg_advisory_xact_lock(hashtext('otklik intake register'))")
            posts = [asyncio.create_task(town.site.post(one)) for one in messages]

            async def ten_answered() -> bool:
                return sum(post.done() for post in posts) >= 10

            await eventually(ten_answered, what="the queue is full")
            early = [post.result() for post in posts if post.done()]
        answers = await asyncio.gather(*posts)
        assert {(answer.status_code, answer.json()["code"]) for answer in early} == {(503, "busy")}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in early)
        again = [await town.site.post(one) for one, answer in zip(messages, answers, strict=True) if answer.status_code == 503]
        taken = [answer for answer in answers if answer.status_code == 201]
        assert len(taken) >= 5
        assert {answer.status_code for answer in again} == {201}
        assert sorted(number_of(answer.json()["register_number"]) for answer in taken + again) == list(range(1, 21))
