"""What the holder of a number and its code, or of a link, may do (E-10, N-3.2, N-3.4)."""

import asyncio
import time
from typing import Any

import pytest

from libs.chassis.access.roles import Role
from libs.events.contracts.intake_clients import ClientIdentitiesLinked, ContactConfirmed
from libs.events.contracts.intake_requests import (
    PersonalDataCorrected,
    RequestChannelsChanged,
    RequestEmailConfirmed,
    RequestStatusChanged,
    RequestWithdrawn,
)
from libs.events.topics import CLIENTS, REQUESTS
from libs.events.vocabulary import Contacts, Sender, Status
from tests.examples import GREETING, QUESTION, Somebody, anna, boris
from tests.integration.intake.test_desk_door import ASK, CLASSIFY, Clerk
from tests.integration.intake.town import Town, said


async def registered(town: Town, name: str = "m-1", who: Somebody = anna, **changed: Any) -> dict[str, Any]:
    """A request's receipt."""
    answer = await town.site.post(said(name, who, **changed))
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


def asking(receipt: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"number": receipt["reference"], "tracking_code": receipt["tracking_code"], **more}


async def page(town: Town, receipt: dict[str, Any]) -> dict[str, Any]:
    answer = await town.site.ask("status", asking(receipt))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def token_for(town: Town, name: str) -> str:
    """What the first letter's link holds."""
    [*_, told] = [fact for fact in await town.facts("site", name) if isinstance(fact, RequestStatusChanged)]
    [token] = [target.confirm_token for target in told.targets if target.role == "email"]
    assert token is not None
    return token


@pytest.mark.requirement("E-10", "N-3.3")
async def test_the_status_page_tells_the_steps_and_hides_the_address(town: Town) -> None:
    receipt = await registered(town, "m-1", dialogue="d", text=GREETING)
    await registered(town, "m-2", dialogue="d")
    shown = await page(town, receipt)
    assert [step["status"] for step in shown["steps"]] == ["received", "registered"]
    assert shown["explanation"] == shown["steps"][-1]["explanation"]
    assert shown["register_number"] in shown["explanation"]
    assert shown["why_due"].startswith("Срок — 30 календарных дней (статья 18 Федерального закона от 09.02.2009 № 8-ФЗ). Первый день — ")
    assert (shown["status"], shown["status_title"], shown["email_masked"], shown["email_confirmed"]) == (
        "registered",
        "зарегистрирован",
        "a***@example.ru",
        False,
    )
    assert anna.email not in str(shown)
    assert anna.name not in str(shown)


@pytest.mark.requirement("E-10")
async def test_number_and_code_are_taken_however_they_are_typed(town: Town) -> None:
    receipt = await registered(town)
    code, number = receipt["tracking_code"], receipt["register_number"]
    spoken = f"{code[:4]} {code[4:8]}–{code[8:]}".lower()
    for typed in (number, number.lower(), number.replace("-", " "), receipt["reference"].lower(), receipt["reference"].replace("-", "")):
        answer = await town.site.ask("status", {"number": typed, "tracking_code": spoken})
        assert answer.status_code == 200, typed


@pytest.mark.requirement("E-10")
async def test_a_wrong_number_and_a_wrong_code_get_the_same_answer_in_the_same_time(town: Town) -> None:
    receipt = await registered(town)
    other = await registered(town, "m-2", boris)
    wrong_code = asking(receipt, tracking_code=other["tracking_code"])
    wrong_number = asking(receipt, number="ZZZZZ-ZZZZZ")

    async def timed(body: dict[str, Any]) -> tuple[float, Any]:
        began = time.perf_counter()
        answer = await town.site.ask("status", body)
        return time.perf_counter() - began, (answer.status_code, answer.json(), sorted(answer.headers))

    rounds = [(await timed(wrong_code), await timed(wrong_number)) for _ in range(60)]
    assert {str(answer) for pair in rounds for _, answer in pair} == {str(rounds[0][0][1])}
    assert rounds[0][0][1][0] == 404
    quickest = [min(times) for times in zip(*((code[0], number[0]) for code, number in rounds), strict=True)]
    assert max(quickest) < 1.5 * min(quickest)


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize(("path", "more"), [("status", {}), ("channels", {"email": None}), ("channels", {"additional": None})])
async def test_the_code_of_one_request_opens_no_other(town: Town, path: str, more: dict[str, Any]) -> None:
    mine, other = await registered(town), await registered(town, "m-2", boris)
    answer = await town.site.ask(path, asking(mine, tracking_code=other["tracking_code"], **more))
    assert (answer.status_code, answer.json()["code"]) == (404, "request-not-found")


@pytest.mark.requirement("N-3.2", "N-3.4", "N-3.5")
async def test_a_changed_address_is_where_the_next_change_of_status_goes(town: Town) -> None:
    receipt = await registered(town, "m-1", dialogue="d", text=GREETING)
    changed = await town.site.ask("channels", asking(receipt, email=" New@Example.ru "))
    assert (changed.status_code, changed.json()) == (200, {"email_masked": "N***@example.ru"})
    await registered(town, "m-2", dialogue="d", contacts=Contacts())
    told = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestStatusChanged)]
    assert [[target.address for target in fact.targets if target.role == "email"] for fact in told] == [[anna.email], ["New@example.ru"]]


@pytest.mark.requirement("N-3.2", "N-3.5")
async def test_a_dropped_address_gets_nothing_more_and_is_not_brought_back(town: Town) -> None:
    receipt = await registered(town, "m-1", dialogue="d", text=GREETING, contacts=anna.contacts)
    dropped = await town.site.ask("channels", asking(receipt, email=None))
    assert dropped.json() == {"email_masked": None}
    await registered(town, "m-2", dialogue="d", contacts=Contacts(phone=anna.phone))
    [*_, told] = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestStatusChanged)]
    assert [target.role for target in told.targets] == ["original"]
    assert (await page(town, receipt))["email_masked"] is None


@pytest.mark.requirement("N-3.2")
async def test_the_same_address_again_is_no_change(town: Town) -> None:
    receipt = await registered(town)
    await town.site.ask("channels", asking(receipt, email=anna.email))
    assert "RequestChannelsChanged" not in await town.types("site", "m-1")


@pytest.mark.requirement("N-3.4", "N-3.2")
async def test_a_new_address_gets_a_link_of_its_own_at_once_and_a_proved_one_gets_none(town: Town) -> None:
    receipt = await registered(town, sender=anna.sender)
    await town.site.ask("confirmations", {"token": await token_for(town, "m-1")})
    for email in ("new@example.ru", anna.email, None):
        await town.site.ask("channels", asking(receipt, email=email))
    changes = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestChannelsChanged)]
    assert [(fact.email, fact.email_confirmed) for fact in changes] == [("new@example.ru", False), (anna.email, True), (None, False)]
    assert [fact.notice is not None for fact in changes] == [True, False, False]
    assert changes[0].notice is not None
    target = changes[0].notice.target
    assert (target.channel, target.address, target.confirmed) == ("email", "new@example.ru", False)
    assert changes[0].notice.reg_no == receipt["register_number"]
    await town.site.ask("channels", asking(receipt, email="new@example.ru"))
    confirmed = await town.site.ask("confirmations", {"token": target.confirm_token})
    assert confirmed.json() == {"email_masked": "n***@example.ru"}


@pytest.mark.requirement("N-3.1", "N-3.2")
async def test_the_additional_channel_can_be_changed_and_dropped_and_counts_for_what_follows(town: Town) -> None:
    receipt = await registered(town, "m-1", dialogue="d", text=GREETING)
    assert (await page(town, receipt))["additional_channel"] is None
    phone = {"channel": "phone", "address": "+7 913 000-00-07"}
    chosen = await town.site.ask("channels", asking(receipt, additional=phone))
    assert (chosen.status_code, chosen.json()) == (200, {"additional_channel": "phone", "additional_masked": "+7 913***07"})
    assert (await page(town, receipt))["additional_masked"] == "+7 913***07"
    await registered(town, "m-2", dialogue="d", contacts=Contacts())
    [*_, told] = [fact for fact in await town.facts("site", "m-1") if isinstance(fact, RequestStatusChanged)]
    assert [(target.channel, target.address) for target in told.targets if target.role == "additional"] == [("phone", phone["address"])]
    await town.site.ask("channels", asking(receipt, additional=None))
    assert (await page(town, receipt))["additional_channel"] is None
    assert (await town.types("site", "m-1")).count("RequestAdditionalChannelChanged") == 2


@pytest.mark.requirement("N-3.4")
async def test_the_link_of_the_first_letter_confirms_the_address_once(town: Town) -> None:
    receipt = await registered(town)
    token = await token_for(town, "m-1")
    for _ in range(2):
        answer = await town.site.ask("confirmations", {"token": token})
        assert (answer.status_code, answer.json()) == (200, {"email_masked": "a***@example.ru"})
    assert (await town.types("site", "m-1")).count("RequestEmailConfirmed") == 1
    assert [type(fact) for fact in await town.client_facts("site", "m-1")][1:] == [ContactConfirmed]
    assert (await page(town, receipt))["email_confirmed"]
    await town.listener.until(lambda: town.listener.facts(CLIENTS.name, ContactConfirmed), "the client's confirmation on Kafka")
    await town.listener.until(lambda: town.listener.facts(REQUESTS.name, RequestEmailConfirmed), "the request's confirmation on Kafka")


@pytest.mark.requirement("N-3.4")
async def test_a_link_dies_with_its_address(town: Town) -> None:
    receipt = await registered(town)
    token = await token_for(town, "m-1")
    await town.site.ask("channels", asking(receipt, email="other@example.ru"))
    answer = await town.site.ask("confirmations", {"token": token})
    assert (answer.status_code, answer.json()["code"]) == (404, "link-not-valid")
    assert not (await page(town, receipt))["email_confirmed"]


@pytest.mark.requirement("N-3.4")
async def test_no_other_link_confirms_anything(town: Town) -> None:
    await registered(town)
    token = await token_for(town, "m-1")
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[:-2], token + "AA", "A" * 43, "ы", token.lower(), f" {token}"):
        answer = await town.site.ask("confirmations", {"token": wrong})
        assert (answer.status_code, answer.json()["code"]) == (404, "link-not-valid")


@pytest.mark.requirement("R-20", "N-4.6")
async def test_a_confirmed_address_with_the_same_full_name_is_the_same_person(town: Town) -> None:
    for name in ("m-1", "m-2"):
        await registered(town, name, sender=Sender(name=anna.name if name == "m-1" else f"  {anna.name.upper()} "))
        await town.site.ask("confirmations", {"token": await token_for(town, name)})
    first, second = [await town.client_of("site", name) for name in ("m-1", "m-2")]
    assert first != second
    [link] = [fact for fact in await town.client_facts("site", "m-2") if isinstance(fact, ClientIdentitiesLinked)]
    assert (link.other, link.basis) == (first, "подтверждённый адрес и то же полное имя")


@pytest.mark.requirement("R-20")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(anna.name, boris.name, id="another name at the address of a firm"),
        pytest.param("Анна", "Анна", id="a given name alone"),
    ],
)
async def test_a_confirmed_address_without_the_same_full_name_links_nobody(town: Town, first: str, second: str) -> None:
    for name, sender in (("m-1", first), ("m-2", second)):
        await registered(town, name, sender=Sender(name=sender))
        await town.site.ask("confirmations", {"token": await token_for(town, name)})
    assert [type(fact) for fact in await town.client_facts("site", "m-2")][1:] == [ContactConfirmed]


@pytest.mark.requirement("R-20", "N-3.4")
async def test_an_address_that_its_person_proved_before_needs_no_second_proof(town: Town) -> None:
    known: dict[str, Any] = {"sender": anna.sender, "dialogue": "d-1"}
    await registered(town, "m-1", **known)
    await town.site.ask("confirmations", {"token": await token_for(town, "m-1")})
    receipt = await registered(town, "m-2", **(known | {"dialogue": "d-2"}))
    [told] = [fact for fact in await town.facts("site", "m-2") if isinstance(fact, RequestStatusChanged)]
    assert [(target.confirmed, target.confirm_token) for target in told.targets if target.role == "email"] == [(True, None)]
    assert (await page(town, receipt))["email_confirmed"]


@pytest.mark.requirement("R-2", "N-3.2")
async def test_who_changes_and_completes_at_the_same_moment_loses_neither(town: Town) -> None:
    receipt = await registered(town, "m-0", dialogue="d", text=GREETING)
    answers = await asyncio.gather(
        town.site.ask("channels", asking(receipt, email="one@example.ru")),
        town.site.post(said("m-1", dialogue="d", text=QUESTION)),
        town.site.ask("channels", asking(receipt, email="two@example.ru")),
        town.site.post(said("m-2", dialogue="d", thread_ref=receipt["reference"], text="Участок у реки.")),
    )
    assert {answer.status_code for answer in answers} <= {200, 201}
    types = await town.types("site", "m-0")
    assert types.count("RequestChannelsChanged") == 2
    assert types.count("RequestRegistered") == 1
    assert types.count("RequestSupplemented") == 2


@pytest.mark.requirement("S-14", "N-3.3")
async def test_a_person_withdraws_an_open_request_once_and_is_told(town: Town) -> None:
    receipt = await registered(town)
    for _ in range(2):
        answer = await town.site.ask("withdrawals", asking(receipt, reason="Уже не нужно."))
        assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    assert await town.types("site", "m-1") == [
        *("RequestReceived", "RequestRegistered", "RequestStatusChanged", "RequestWithdrawn", "RequestStatusChanged")
    ]
    [*_, fact, told] = await town.facts("site", "m-1")
    assert isinstance(fact, RequestWithdrawn)
    assert isinstance(told, RequestStatusChanged)
    assert (fact.reason, told.to_status, told.visible, bool(told.targets)) == ("Уже не нужно.", Status.WITHDRAWN, True, True)


@pytest.mark.requirement("S-14", "R-21")
async def test_a_withdrawal_with_a_wrong_code_or_of_what_is_finished_is_refused(town: Town) -> None:
    lacking = await registered(town, "m-1", text=GREETING)
    [request] = await town.rows("SELECT request_id FROM requests")
    token = town.database.stack.staff_token(Role.REGISTRAR)
    path = f"/v1/desk/requests/{request['request_id']}/commands"
    body = {"version": 2, "do": {"command": "set-aside", "reason": "Только приветствие."}}
    done = await town.service.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert done.status_code == 200, done.text
    finished = await town.site.ask("withdrawals", asking(lacking))
    assert (finished.status_code, finished.json()["code"]) == (409, "transition-forbidden")
    wrong = await town.site.ask("withdrawals", asking(lacking) | {"tracking_code": "AAAABBBBCCCC"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "request-not-found")
    page_now = await page(town, lacking)
    assert page_now["explanation"].startswith("В сообщении нет запроса информации")


async def asked_by_staff(town: Town, frontend: str, name: str) -> None:
    """A question of the registrar's waits."""
    clerk, request_id = Clerk(town, Role.REGISTRAR), (await town.request(frontend, name))["request_id"]
    for command in (CLASSIFY, ASK):
        await clerk.do(request_id, command)


@pytest.mark.requirement("S-12", "N-3.3")
async def test_a_question_is_answered_by_number_and_code_whatever_channel_the_request_came_by(town: Town) -> None:
    await town.vk.send(said("v-1", anna, dialogue="peer-7"))
    of_vk, of_site = await town.vk.receipt("v-1"), await registered(town, "m-1", boris)
    of_vk = {"reference": of_vk.reference, "tracking_code": of_vk.tracking_code}
    for frontend, name, receipt in (("site", "m-1", of_site), ("vk", "v-1", of_vk)):
        early = await town.site.ask("clarifications", asking(receipt, external_id=f"early-{name}", text="У реки."))
        assert (early.status_code, early.json()["code"]) == (409, "transition-forbidden")
        await asked_by_staff(town, frontend, name)
        shown = await page(town, receipt)
        assert (shown["question"], bool(shown["answer_by"])) == (ASK["question"], True)
        assert ASK["question"] in shown["explanation"]
        for _ in range(2):
            answer = await town.site.ask("clarifications", asking(receipt, external_id=f"answer-{name}", text="Об участке у реки."))
            assert (answer.status_code, answer.json()["question"], answer.json()["status"]) == (200, None, "classified")
        types = await town.types(frontend, name)
        assert types[-3:] == ["RequestSupplemented", "ClarificationReceived", "RequestStatusChanged"]
    wrong = await town.site.ask("clarifications", asking(of_site, external_id="x", text="x") | {"tracking_code": "AAAABBBBCCCC"})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "request-not-found")
    assert await town.value("SELECT count(*) FROM requests") == 2


@pytest.mark.requirement("E-11", "R-17")
async def test_a_correction_is_an_event_of_the_request_and_shows_masked(town: Town) -> None:
    receipt = await registered(town)
    corrected = asking(receipt, name=boris.name, phone=boris.phone)
    again, answer = [await town.site.ask("corrections", corrected) for _ in range(2)]
    assert again.json() == answer.json()
    assert (answer.json()["name_masked"], answer.json()["phone_masked"]) == ("В*** Б*** И***", "+7 913***02")
    assert boris.name not in answer.text
    [fact] = [one for one in await town.facts("site", "m-1") if isinstance(one, PersonalDataCorrected)]
    assert (fact.name, fact.previous_name) == (boris.name, anna.name)
    for changes, code in (({}, "wrong-schema"), ({"name": "123"}, "data-not-valid"), ({"email": "a@b.ru"}, "wrong-schema")):
        refused = await town.site.ask("corrections", asking(receipt, **changes))
        assert (refused.status_code, refused.json()["code"]) == (400, code)
