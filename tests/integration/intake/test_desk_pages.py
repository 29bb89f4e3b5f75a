"""The desk's pages: what waits, the register as a table, and a request that goes from its receipt to an executor by forms."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.store.events import Append, Context
from libs.events.contracts.audit_events import ActRefused
from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged, RequestAssigned, RequestClassified, RequestRegistered
from libs.events.envelope import Actor
from libs.events.topics import AUDIT
from libs.events.vocabulary import AskedBy, Override, Status
from services.intake.imports.cases import Case, Header, new_facts
from services.intake.store import REQUEST, IntakeStore
from services.intake.transitions import DESK, LEADING, WORKING, WRITING
from tests.examples import anna
from tests.integration.intake.people import Browser, Office, is_quiet, office, text_of
from tests.integration.intake.town import Heard, said
from tests.stack import Database

CLASSIFIED = {
    "classify-type": "information",
    "classify-topic": "land",
    "classify-urgency": "urgent",
    "classify-unit": "land",
    "classify-client_kind": "citizen",
}
NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")
ABOUT_REQUESTS = ("/desk/requests", "/desk/find", "/desk/draft", "/desk/post")
ONLY_FOR_THOSE_WHO_SIGN_IN = "/desk/sign-in"


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request)) as found:
        yield found


async def taken_in(bureau: Office, name: str = "m-1", **changed: Any) -> UUID:
    await bureau.town.site.post(said(name, **{"received_at": bureau.clock.now()} | changed))
    return UUID(str((await bureau.town.request("site", name))["request_id"]))


async def card(browser: Browser, request_id: UUID) -> httpx.Response:
    answer = await browser.get(f"/requests/{request_id}")
    assert answer.status_code == 200, text_of(answer)
    return answer


def version_on(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found
    return found[1]


async def do(browser: Browser, request_id: UUID, command: str, **fields: str) -> httpx.Response:
    return await browser.post(f"/requests/{request_id}/{command}", version=version_on(await card(browser, request_id)), **fields)


async def facts(bureau: Office, request_id: UUID) -> list[Any]:
    async with bureau.town.service.process.pool.acquire() as db:
        return [row.fact for row in (await bureau.town.service.process.store.read(db, REQUEST, [request_id]))[str(request_id)]]


@pytest.mark.requirement("N-8.1", "R-25", "E-1")
async def test_every_page_of_the_desk_names_its_roles_and_sends_a_stranger_to_sign_in(bureau: Office) -> None:
    about_requests = [route for route in guarded_routes(bureau.town.service.app) if route.path.startswith(ABOUT_REQUESTS)]
    assert {(route.method, route.path): route.roles for route in about_requests} == {
        ("GET", "/desk/requests"): DESK,
        ("GET", "/desk/requests/export"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/client"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/live"): DESK,
        ("POST", "/desk/requests/{request_id:uuid}/{command}"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/texts"): WRITING,
        ("GET", "/desk/requests/print"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/card"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/slip"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/answer"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/answer.pdf"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/draft.pdf"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/print/envelope"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/attachments/{number:int}"): DESK,
        ("GET", "/desk/requests/{request_id:uuid}/answer-files/{number:int}"): DESK,
        ("POST", "/desk/draft"): WRITING,
        ("GET", "/desk/post"): WORKING,
        ("GET", "/desk/post/print"): WORKING,
        ("POST", "/desk/requests/{request_id:uuid}/attachments/{number:int}/release"): LEADING,
        ("GET", "/desk/requests/views"): DESK,
        ("POST", "/desk/requests/views"): DESK,
        ("POST", "/desk/requests/views/{view_id:uuid}"): DESK,
        ("POST", "/desk/requests/views/{view_id:uuid}/remove"): DESK,
        ("POST", "/desk/requests/together"): LEADING,
        ("POST", "/desk/requests/together/check"): LEADING,
        ("POST", "/desk/requests/together/now"): LEADING,
        ("POST", "/desk/find"): DESK,
    }
    stranger = bureau.browser()
    for path in ("/", "/requests", f"/requests/{uuid4()}"):
        answer = await stranger.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, ONLY_FOR_THOSE_WHO_SIGN_IN), path
    _, auditor = await bureau.somebody("auditor", "auditor")
    assert (await auditor.get("/requests")).status_code == 403


@pytest.mark.requirement("N-8.1", "D-25")
@pytest.mark.usefixtures("fresh_kafka")
async def test_each_look_at_what_people_wrote_is_written_down_before_it_is_shown(bureau: Office) -> None:
    account_id, operator = await bureau.somebody("priem", "operator")
    request_id = await taken_in(bureau)
    await card(operator, request_id)
    assert (await operator.get("/requests")).status_code == 200
    assert (await operator.get(f"/requests/{uuid4()}")).status_code == 404
    looks = await audited(bureau, account_id, 2)
    assert [(look.fact.what, look.fact.request_id, look.fact.found) for look in looks] == [
        ("card", request_id, None),
        ("register", None, 1),
    ]
    assert {(look.envelope.actor.id, look.envelope.actor.role) for look in looks if look.envelope.actor} == {(account_id, "operator")}
    assert [look.envelope.seq for look in looks] == [1, 2]


@pytest.mark.requirement("N-8.1")
@pytest.mark.usefixtures("fresh_kafka")
async def test_who_may_not_register_is_refused_and_the_attempt_is_written_down(bureau: Office) -> None:
    account_id, executor = await bureau.somebody("lesnik", "executor", unit="land")
    request_id = await taken_in(bureau, sender={"name": None})
    answer = await executor.post(f"/requests/{request_id}/register", version=version_on(await card(bureau.admin, request_id)))
    assert answer.status_code == 403
    assert "Ваша роль не даёт права на это действие" in text_of(answer)
    refused = [one.fact for one in await audited(bureau, account_id, 2) if isinstance(one.fact, ActRefused)]
    assert refused == [ActRefused(what="register", request_id=request_id)]
    assert not any(isinstance(fact, RequestRegistered) for fact in await facts(bureau, request_id))


@pytest.mark.requirement("N-8.1")
@pytest.mark.usefixtures("fresh_kafka")
async def test_two_looks_at_once_are_both_written_down(bureau: Office) -> None:
    account_id, operator = await bureau.somebody("priem", "operator")
    request_id = await taken_in(bureau)
    await asyncio.gather(*(card(operator, request_id) for _ in range(5)))
    assert sorted(look.envelope.seq or 0 for look in await audited(bureau, account_id, 5)) == [1, 2, 3, 4, 5]


async def audited(bureau: Office, account_id: str, count: int) -> list[Heard]:
    """So many lines of an account's audit, as the topic tells them."""

    def found() -> list[Heard]:
        lines = [heard for heard in bureau.town.listener.on(AUDIT.name) if heard.record.key == account_id.encode()]
        return lines if len(lines) >= count else []

    lines: list[Heard] = await bureau.town.listener.until(found, f"{count} lines of the audit")
    assert len(lines) == count
    return lines


@pytest.mark.requirement("N-8.3", "N-8.4", "N-8.5", "N-6.1", "S-5", "S-7", "S-11")
async def test_a_registrar_takes_a_request_from_the_list_to_an_executor_by_forms(bureau: Office) -> None:
    account_id, executor = await bureau.somebody("lesnik", "executor", unit="land")
    request_id = await taken_in(bureau)
    desk = bureau.admin
    start = text_of(await desk.get("/"))
    assert "Зарегистрированы, ждут классификации 1" in start
    listed = await desk.get("/requests?status=registered")
    assert f"/desk/requests/{request_id}" in listed.text
    answer = await do(desk, request_id, "classify", **CLASSIFIED)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/requests/{request_id}?done=classify")
    answer = await do(desk, request_id, "assign", **{"assign-unit": "land", "assign-executor": account_id})
    assert answer.status_code == 303, text_of(answer)
    told = await facts(bureau, request_id)
    assert [type(fact) for fact in told if isinstance(fact, RequestClassified | RequestAssigned)] == [RequestClassified, RequestAssigned]
    assert "Поручены мне 1" in text_of(await executor.get("/"))
    assert f"/desk/requests/{request_id}" in (await executor.get("/requests?who=mine")).text
    asked = await do(executor, request_id, "ask-clarification", **{"ask-clarification-question": "О каком участке речь?"})
    assert asked.status_code == 303
    shown = text_of(await card(desk, request_id))
    assert "запрошено уточнение" in shown
    assert "О каком участке речь?" in shown


@pytest.mark.requirement("S-13", "N-8.3")
async def test_a_request_is_merged_into_another_one_by_its_number_and_into_none_that_is_not_there(bureau: Office) -> None:
    known = {"name": anna.name, "kind": anna.kind, "account": anna.account}
    request_id, other = [await taken_in(bureau, name, sender=known) for name in ("m-1", "m-2")]
    number = (await bureau.town.request("site", "m-2"))["reg_no"]
    why = {"merge-reason": "об одном и том же"}
    wrong = await do(bureau.admin, request_id, "merge", **{"merge-into": "ЗИ-999/2026"}, **why)
    assert wrong.status_code == 422
    assert 'id="merge-into-error"' in wrong.text
    assert "ЗИ-999/2026" in wrong.text
    itself = await do(bureau.admin, other, "merge", **{"merge-into": number}, **why)
    assert (itself.status_code, 'id="merge-into-error"' in itself.text) == (409, True)
    assert (await do(bureau.admin, request_id, "merge", **{"merge-into": f" {number.lower()} "}, **why)).status_code == 303
    shown = text_of(await card(bureau.admin, request_id))
    assert "объединён" in shown
    assert f"№ {number}. об одном и том же" in shown


@pytest.mark.requirement("N-8.3", "N-9.1")
async def test_an_open_case_of_the_older_register_is_listed_with_its_number_its_client_and_its_day(bureau: Office) -> None:
    received, due = bureau.clock.now() - timedelta(days=40), bureau.clock.now().astimezone(NOVOSIBIRSK) - timedelta(days=1)
    header = Header(
        number="17-вх", point="post", state=Status.ASSIGNED, received_at=received, due_at=due, subject="О лесе", client_name="Юдин Пётр"
    )
    await imported(bureau, Case(header))
    rows = re.findall(r'<tr class="govuk-table__row" role="row">.*?</tr>', (await bureau.admin.get("/requests")).text, re.DOTALL)
    [row] = [row for row in rows if '<th scope="row"' in row]
    assert [part for part in ("17-вх", "Юдин Пётр", f"{due:%d.%m.%Y}", "просрочен") if part not in row] == []
    assert "Просроченные 1" in text_of(await bureau.admin.get("/"))
    shown = text_of(await card(bureau.admin, UUID(re.findall(r"/desk/requests/([0-9a-f-]{36})", row)[0])))
    assert [part for part in ("Запрос 17-вх", "О лесе", "Прежний реестр Журнал, № 17-вх", "Почта") if part not in shown] == []


async def imported(bureau: Office, case: Case) -> None:
    process = bureau.town.service.process
    facts = new_facts(case, [], "Журнал", process.clock.now())
    around = Context(thread_id=uuid4(), occurred_at=process.clock.now(), actor=Actor(role="system", id="import"), point=case.header.point)
    append = Append(category=REQUEST, aggregate_id=str(uuid4()), expected_version=0, facts=[fact for fact, _ in facts], context=around)
    async with process.pool.acquire() as db, db.transaction():
        await IntakeStore(process.store, b"k" * 32).save(db, [append])


@pytest.mark.requirement("N-2.2", "N-8.3")
async def test_the_card_shows_what_was_asked_letter_by_letter_and_why_it_is_due_that_day(bureau: Office) -> None:
    text = "<b>Прошу</b>\n\n  сообщить & «объяснить» \u202eздесь"
    request_id = await taken_in(bureau, text=text)
    page = await card(bureau.admin, request_id)
    shown = re.search(r'<p class="web-verbatim">(.*?)</p>', page.text, re.DOTALL)
    assert shown
    assert httpx.Response(200, text=shown[1]).text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text
    assert "Срок — 30 календарных дней" in text_of(page)


@pytest.mark.requirement("N-2.1", "N-8.4")
async def test_what_is_missing_stands_at_its_field_and_what_was_typed_stays(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    incomplete = CLASSIFIED | {"classify-client_kind": "", "classify-topic": ""}
    answer = await do(bureau.admin, request_id, "classify", **incomplete)
    assert answer.status_code == 422
    assert 'id="classify-topic-error"' in answer.text
    assert 'id="classify-client_kind-error"' in answer.text
    assert re.search(r'<option value="urgent" selected>', answer.text)
    wrong_unit = await do(bureau.admin, request_id, "classify", **CLASSIFIED | {"classify-unit": "forest"})
    assert wrong_unit.status_code == 409
    assert "не занимается такой темой" in text_of(wrong_unit)


@pytest.mark.requirement("E-14", "R-2")
async def test_the_second_of_two_registrars_is_shown_what_the_first_one_changed(bureau: Office) -> None:
    _, second = await bureau.somebody("second", "registrar")
    request_id = await taken_in(bureau)
    version = version_on(await card(second, request_id))
    assert (await do(bureau.admin, request_id, "classify", **CLASSIFIED)).status_code == 303
    answer = await second.post(f"/requests/{request_id}/classify", version=version, **CLASSIFIED | {"classify-urgency": "ordinary"})
    assert answer.status_code == 409
    shown = text_of(answer)
    assert "Запрос изменили, пока вы с ним работали" in shown
    assert "Запрос классифицирован (Запланированная Вершинина Ольга)" in shown
    classified = [fact for fact in await facts(bureau, request_id) if isinstance(fact, RequestClassified)]
    assert len(classified) == 1


@pytest.mark.requirement("E-14")
async def test_a_form_that_is_posted_twice_at_once_does_its_work_once(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    version = version_on(await card(bureau.admin, request_id))
    path = f"/requests/{request_id}/classify"
    answers = await asyncio.gather(*(bureau.admin.post(path, version=version, **CLASSIFIED) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409, 409]
    assert len([fact for fact in await facts(bureau, request_id) if isinstance(fact, RequestClassified)]) == 1


@pytest.mark.requirement("N-8.5", "N-8.3")
async def test_urgent_requests_stand_first_and_the_newest_first_when_that_is_asked(bureau: Office) -> None:
    ids = [await taken_in(bureau, f"m-{n}", text=f"Прошу сообщить о сделке номер {n}.") for n in range(6)]
    await do(bureau.admin, ids[4], "classify", **CLASSIFIED)
    listed = re.findall(r'href="/desk/requests/([0-9a-f-]{36})"', (await bureau.admin.get("/requests")).text)
    assert [UUID(found) for found in listed] == [ids[4], *(one for one in ids if one != ids[4])]
    newest = re.findall(r'href="/desk/requests/([0-9a-f-]{36})"', (await bureau.admin.get("/requests?order=newest")).text)
    assert [UUID(found) for found in newest] == ids[::-1]


@pytest.mark.requirement("E-11")
async def test_a_request_is_found_by_its_number_however_it_is_typed_and_what_is_typed_stands_in_no_address(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    number = str((await bureau.town.request("site", "m-1"))["reg_no"])
    for typed in (number, number.lower().replace("-", " ")):
        answer = await bureau.admin.post("/find", text=typed)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/requests/{request_id}")
    missed = await bureau.admin.post("/find", text="Вершинина")
    assert (missed.status_code, str(missed.url)) == (404, "http://service/desk/find")
    assert "Ничего не найдено" in text_of(missed)


@pytest.mark.requirement("N-9.1")
async def test_on_its_last_day_a_request_is_in_time_and_the_next_day_overdue(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    due = (await bureau.town.request("site", "m-1"))["due_on"]
    for days, overdue in ((0, False), (1, True)):
        bureau.clock.move_to(datetime(due.year, due.month, due.day, 12, tzinfo=UTC) + timedelta(days=days))
        await bureau.admin.sign_in()
        listed = text_of(await bureau.admin.get("/requests?due=overdue"))
        assert ("просрочен" in text_of(await card(bureau.admin, request_id))) is overdue
        assert ("По этому отбору запросов нет." in listed) is not overdue


@pytest.mark.requirement("E-14")
async def test_a_page_that_does_not_exist_and_a_command_that_does_not_exist_are_told_as_pages(bureau: Office) -> None:
    request_id = await taken_in(bureau)
    assert (await bureau.admin.get(f"/requests/{uuid4()}")).status_code == 404
    for path, fields in (("explode", {"version": "3"}), ("classify", {}), ("classify", {"version": "many"})):
        answer = await bureau.admin.post(f"/requests/{request_id}/{path}", **fields)
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.requirement("A-3.4", "N-3.2", "S-19")
async def test_an_operator_changes_the_way_that_a_client_chose_only_with_a_reason_and_later_notices_go_there(bureau: Office) -> None:
    _, operator = await bureau.somebody("priem", "operator")
    request_id = await taken_in(bureau)
    asked = {"override-channel-channel": "phone", "override-channel-address": anna.phone, "override-channel-asked": "phone"}
    without = await do(operator, request_id, "override-channel", **asked, **{"override-channel-reason": " "})
    assert (without.status_code, "override-channel-reason-error" in without.text) == (422, True)
    assert anna.phone in without.text, "what was typed stays"
    await do(operator, request_id, "override-channel", **asked, **{"override-channel-reason": "Попросила звонить."})
    assert "Попросила звонить." in text_of(await card(operator, request_id))
    await do(bureau.admin, request_id, "classify", **CLASSIFIED)
    heard = await facts(bureau, request_id)
    changed = [fact for fact in heard if isinstance(fact, RequestAdditionalChannelChanged)]
    override = Override(channel="phone", asked=AskedBy.PHONE, reason="Попросила звонить.")
    assert [fact.override for fact in changed] == [override]
    assert [target.channel for target in heard[-1].targets] == ["site", "phone", "email"]
