"""What staff take down: calls, visits and papers become requests by the handler of every message, once, with who typed them."""

import asyncio
import hashlib
import io
import logging
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
import pytest

from libs.chassis.access.guards import guarded_routes
from libs.chassis.ops.logs import JsonLines
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.contracts.intake_answers import OralConsultationGiven, PhoneEnquiryAnswered
from libs.events.contracts.intake_requests import (
    AttachmentExamined,
    DisclosureProvided,
    RequestReceived,
    RequestRegistered,
    RequestStatusChanged,
)
from libs.events.envelope import Actor
from libs.events.fact import Event
from libs.events.topics import DESK, INBOUND, RECEIPTS, REQUESTS
from libs.events.vocabulary import Card, FileState, Flag, OralOutcome, Status
from services.intake.store import REQUEST
from services.intake.transitions import TAKING
from tests.integration.intake.people import Browser, Office, is_quiet, office, text_of
from tests.integration.intake.test_privacy import PERSONAL_COLUMNS, columns_with_traces, found_in, planted
from tests.integration.intake.town import Listener, listening
from tests.stack import AUTHORITY_FILE, Database, eventually
from tests.unit.intake.files import PDF

Fact = TypeVar("Fact", bound=Event)
PHONE = "+7 (383) 000-18-00"
FILE_LIMIT = 1024 * 1024
SPOKEN = {
    "name": "Запланированная Анна Петровна",
    "phone": "8 913 000-00-01",
    "text": "Сколько участков сдано в аренду у реки Ини?",
    "channel": "email",
    "email": "anna@example.ru",
    "outcome": "request",
}
CALL = SPOKEN | {"number": PHONE, "told-speaker": "yes", "told-terms": "yes"}
VISIT = SPOKEN | {"office": "каб. 12", "told-speaker": "yes"}
LETTER = {
    "name": "ООО «Небывалое дело»",
    "postal": "630099, г. Обск, пр. Заречный, д. 3",
    "text": "Просим сообщить порядок аренды лесного участка.",
    "channel": "none",
    "own_no": "17/3",
    "own_on": "2026-11-10",
}
FILLED = {"phone": CALL, "reception": VISIT, "post": LETTER}


@pytest.fixture
async def bureau(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    async with office(database, quiet=is_quiet(request), file_limit_bytes=FILE_LIMIT) as found:
        yield found


@pytest.fixture
async def ear(database: Database, fresh_kafka: str) -> AsyncIterator[Listener]:
    """To what the desk says of its own on Kafka."""
    names = (INBOUND.of(DESK), RECEIPTS.of(DESK), REQUESTS.name)
    async with listening(database.stack.parts.kafka_bootstrap, *names) as listener:
        yield listener


def fields_of(page: httpx.Response) -> dict[str, str]:
    """What stands in the fields of a card, as its browser would post it."""
    found = re.findall(r'<input[^>]*? name="([^"]+)"(?: type="(?:date|time|text)")?[^>]*? value="([^"]*)"', page.text)
    wanted = ("card_id", "point", "office", "received_on", "received_time")
    return {name: unescape(value) for name, value in found if name in wanted}


def hidden_fields(page: httpx.Response) -> dict[str, str]:
    """Of a page that keeps a form for later."""
    return {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)}


async def opened(browser: Browser, card: str) -> dict[str, str]:
    page = await browser.get(f"/new/{card}")
    assert page.status_code == 200, text_of(page)
    return {"point": "post", **fields_of(page)} if card == "post" else fields_of(page)


async def saved(browser: Browser, card: str, **changed: str) -> httpx.Response:
    """A new card, filled in and saved."""
    return await browser.post(f"/new/{card}", **{**await opened(browser, card), **FILLED[card], **changed})


def request_of(answer: httpx.Response) -> UUID:
    assert answer.status_code == 303, text_of(answer)
    return UUID(answer.headers["location"].rpartition("/")[2])


@pytest.mark.requirement("N-7.1", "N-7.5", "N-7.7", "N-1.1", "N-4.4")
@pytest.mark.parametrize(("card", "point"), [("phone", "phone"), ("reception", "in_person"), ("post", "post")])
@pytest.mark.usefixtures("fresh_kafka")
async def test_what_staff_take_down_is_registered_and_everybody_hears_it_with_its_point_and_who_typed_it(
    bureau: Office, ear: Listener, card: str, point: str
) -> None:
    account_id, operator = await bureau.somebody("operator", "operator", unit="land")
    answer = await saved(operator, card)
    request_id = request_of(answer)
    await ear.until(lambda: all(map(ear.on, (INBOUND.of(DESK), RECEIPTS.of(DESK)))), "the message and its receipt")
    await ear.until(lambda: ear.facts(REQUESTS.name, RequestRegistered), "the number")
    [message] = ear.on(INBOUND.of(DESK))
    assert isinstance(message.fact, MessageReceived)
    assert (message.envelope.point, message.envelope.actor and message.envelope.actor.id) == (point, account_id)
    assert message.fact.text == FILLED[card]["text"]
    [receipt] = ear.facts(RECEIPTS.of(DESK), MessageAccepted)
    [received] = ear.facts(REQUESTS.name, RequestReceived)
    [registered] = ear.facts(REQUESTS.name, RequestRegistered)
    assert receipt.reg_no == registered.reg_no == "ЗИ-1/2026"
    assert received.taken_down.card == card
    whose = {type(heard.fact): heard.envelope.actor for heard in ear.on(REQUESTS.name)}
    assert whose[RequestReceived] == Actor(role="operator", id=account_id)
    assert whose[RequestRegistered] == Actor(role="frontend", id=DESK), "an operator registers nothing (N-8.1): it happens by itself"
    shown = text_of(await operator.http.get(answer.headers["location"]))
    assert "ЗИ-1/2026" in shown
    code = receipt.tracking_code
    assert f"{code[:4]} {code[4:8]} {code[8:]}" in shown
    assert request_id == UUID(ear.on(REQUESTS.name)[0].envelope.aggregate_id)


async def of_desk(bureau: Office) -> list[dict[str, object]]:
    """Rows of everything that was taken down, the oldest first."""
    return await bureau.town.rows("SELECT * FROM requests WHERE channel = 'desk' ORDER BY request_id")


async def facts_of(bureau: Office, answer: httpx.Response) -> list[Event]:
    request_id = request_of(answer)
    async with bureau.town.service.process.pool.acquire() as db:
        recorded = (await bureau.town.service.process.store.read(db, REQUEST, [request_id]))[str(request_id)]
    return [row.fact for row in recorded]


def only(kind: type[Fact], facts: list[Event]) -> Fact:
    [found] = [fact for fact in facts if isinstance(fact, kind)]
    return found


@pytest.mark.requirement("N-7.1", "N-7.7", "N-3.4")
@pytest.mark.parametrize(
    ("card", "changed", "field"),
    [("phone", {"number": ""}, "number"), ("reception", {"email": "anna@"}, "email"), ("post", {"received_by": "nobody"}, "received_by")],
)
async def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    bureau: Office, card: str, changed: dict[str, str], field: str
) -> None:
    answer = await saved(bureau.admin, card, **changed)
    assert answer.status_code == 422
    assert re.findall(r'id="([a-z_]+)-error"', answer.text) == [field]
    assert FILLED[card]["text"] in answer.text
    assert await of_desk(bureau) == []


@pytest.mark.requirement("N-7.3", "D-24")
async def test_a_card_that_is_saved_five_times_at_once_and_once_more_is_one_request(bureau: Office) -> None:
    card = await opened(bureau.admin, "phone")
    answers = await asyncio.gather(*(bureau.admin.post("/new/phone", **card, **CALL) for _ in range(5)))
    answers.append(await bureau.admin.post("/new/phone", **card, **CALL))
    assert len({request_of(answer) for answer in answers}) == 1
    assert [row["reg_no"] for row in await of_desk(bureau)] == ["ЗИ-1/2026"]


@pytest.mark.requirement("N-2.2", "D-24")
async def test_another_talk_typed_over_a_saved_card_overwrites_nothing_and_is_saved_as_a_request_of_its_own(bureau: Office) -> None:
    card = await opened(bureau.admin, "phone")
    request_of(await bureau.admin.post("/new/phone", **card, **CALL))
    other = CALL | {"name": "Выдуманный Борис Ильич"}
    answer = await bureau.admin.post("/new/phone", **card, **other)
    assert answer.status_code == 409
    assert "Эта карточка уже сохранена под номером ЗИ-1/2026" in text_of(answer)
    assert "Выдуманный Борис Ильич" in answer.text
    request_of(await bureau.admin.post("/new/phone", **card | fields_of(answer), **other))
    assert [row["reg_no"] for row in await of_desk(bureau)] == ["ЗИ-1/2026", "ЗИ-2/2026"]


@pytest.mark.requirement("N-4.5", "S-17")
async def test_a_call_that_is_answered_at_once_is_kept_whole_without_a_number_and_without_a_name(bureau: Office) -> None:
    account_id, operator = await bureau.somebody("operator", "operator", unit="land")
    answer = await saved(operator, "phone", name="", phone="", email="", channel="", outcome="informed", gist="Двенадцать.", topic="land")
    told = await facts_of(bureau, answer)
    enquiry = only(PhoneEnquiryAnswered, told)
    assert (enquiry.number, enquiry.staff, enquiry.gist, enquiry.outcome) == (PHONE, account_id, "Двенадцать.", OralOutcome.INFORMED)
    assert enquiry.started_at == bureau.clock.now()
    assert enquiry.within_competence is True
    change = only(RequestStatusChanged, told)
    assert (change.to_status, change.visible) == (Status.ANSWERED, False), "who was just told needs no notice"
    [row] = await of_desk(bureau)
    assert (row["reg_no"], row["status"], row["open"]) == (None, "answered", False)
    assert "Код проверки" not in text_of(await operator.http.get(answer.headers["location"]))
    request_of(await saved(operator, "phone"))
    assert [row["reg_no"] for row in await of_desk(bureau)] == [None, "ЗИ-1/2026"], "no number was used up"


@pytest.mark.requirement("A-3.5.2", "S-18", "N-7.7")
@pytest.mark.parametrize(("topic", "within"), [("land", True), ("forest", False), ("", None)])
async def test_a_consultation_outside_the_competence_of_ones_unit_is_kept_marked_and_said_so(
    bureau: Office, topic: str, within: bool | None
) -> None:
    _, operator = await bureau.somebody("operator", "operator", unit="land")
    answer = await saved(operator, "reception", outcome="where-published", gist="На сайте.", topic=topic)
    given = only(OralConsultationGiven, await facts_of(bureau, answer))
    assert (given.point, given.office, given.topic, given.within_competence) == ("in_person", "каб. 12", topic or None, within)
    warned = "не относится к компетенции вашего подразделения" in text_of(await operator.http.get(answer.headers["location"]))
    assert warned is (within is False)


@pytest.mark.requirement("N-5.1")
async def test_what_the_person_was_told_of_the_mandatory_list_is_kept_and_shown(bureau: Office) -> None:
    answer = await saved(bureau.admin, "phone")
    assert only(DisclosureProvided, await facts_of(bureau, answer)) == DisclosureProvided(material_ids=("speaker", "terms"), how="spoken")
    shown = text_of(await bureau.admin.get(f"/requests/{request_of(answer)}"))
    assert "Сообщены сведения, обязательные к раскрытию" in shown
    assert "Кто говорит: фамилия, имя, должность" in shown
    assert "Позвонили по номеру " + PHONE in shown
    untold = await facts_of(bureau, await saved(bureau.admin, "phone", **{"told-speaker": "", "told-terms": ""}))
    assert not [fact for fact in untold if isinstance(fact, DisclosureProvided)]


async def with_files(browser: Browser, card: str, fields: dict[str, str], *files: tuple[str, bytes]) -> httpx.Response:
    """As a browser posts a card with an input of files, which stands behind the hidden fields."""
    sent = [("file", (name, raw, "application/octet-stream")) for name, raw in files] or [("file", ("", b"", "application/octet-stream"))]
    return await browser.http.post(f"/desk/new/{card}", data=fields, files=sent)


@pytest.mark.requirement("N-7.5", "E-5")
async def test_the_scan_of_a_letter_stays_with_a_card_that_comes_back_and_is_on_the_requests_card_once(bureau: Office) -> None:
    fields = {**await opened(bureau.admin, "post"), **LETTER}
    back = await with_files(bureau.admin, "post", fields | {"text": ""}, ("скан письма.pdf", PDF), ("опись.exe", b"MZ" * 99))
    assert (back.status_code, "скан письма.pdf" in text_of(back)) == (422, True)
    assert "опись.exe : Файлы такого вида не принимаются" in text_of(back)
    kept = fields | {name: value for name, value in hidden_fields(back).items() if name in ("card_id", "files")}
    answers = [await with_files(bureau.admin, "post", kept) for _ in range(2)]
    [request_id] = {request_of(answer) for answer in answers}
    facts = await facts_of(bureau, answers[0])
    shown = await bureau.admin.get(f"/requests/{request_id}")
    assert text_of(shown).count("скан письма.pdf") == 1
    assert (await bureau.admin.get(f"/requests/{request_id}/attachments/1")).status_code == 403, "it waits for the scanner like any other"
    assert only(AttachmentExamined, facts).state is FileState.UNCHECKED
    assert [file.sha256 for file in only(RequestReceived, facts).attachments] == [hashlib.sha256(PDF).hexdigest()]
    over = await with_files(bureau.admin, "post", kept | {"text": "Совсем другое письмо."})
    assert (over.status_code, "Файлы ушли с прежней карточкой" in text_of(over)) == (409, True)


@pytest.mark.requirement("N-7.5", "E-5")
async def test_a_file_that_is_not_wanted_any_more_is_left_out_and_one_that_is_too_large_is_said_to_be(bureau: Office) -> None:
    fields = {**await opened(bureau.admin, "reception"), **VISIT}
    back = await with_files(bureau.admin, "reception", fields | {"text": ""}, ("план.pdf", PDF), ("лишнее.pdf", PDF + b"%"))
    kept = fields | {name: value for name, value in hidden_fields(back).items() if name in ("card_id", "files")}
    answer = await with_files(bureau.admin, "reception", kept | {"drop-1": "yes"})
    assert [file.name for file in only(RequestReceived, await facts_of(bureau, answer)).attachments] == ["план.pdf"]
    fresh = {**await opened(bureau.admin, "reception"), **VISIT}
    large = await with_files(bureau.admin, "reception", fresh, ("фильм.pdf", PDF + b"%" * FILE_LIMIT))
    assert (large.status_code, "фильм.pdf : Файл слишком большой" in text_of(large)) == (422, True)


@pytest.mark.requirement("N-7.5")
async def test_a_letter_that_lay_three_days_is_flagged_and_its_term_counts_from_the_day_it_came(bureau: Office) -> None:
    late = await facts_of(bureau, await saved(bureau.admin, "post", received_on="2026-11-13"))
    in_time = await facts_of(bureau, await saved(bureau.admin, "post", received_on="16.11.2026"))
    flags = [only(RequestReceived, facts).flags for facts in (late, in_time)]
    assert flags == [(Flag.ENTERED_LATE,), ()]
    received = only(RequestReceived, late)
    assert (received.received_at.date(), received.taken_down and received.taken_down.own_no) == (date(2026, 11, 13), "17/3")
    assert [only(RequestRegistered, facts).due_on for facts in (late, in_time)] == [date(2026, 12, 11), date(2026, 12, 16)]
    page = text_of(await bureau.admin.get("/requests?order=newest"))
    assert "13.11.2026" in page


@pytest.mark.requirement("N-8.2", "A-1.2.3")
async def test_a_letter_without_name_or_address_is_kept_once_staff_say_that_it_is_so(bureau: Office) -> None:
    refused = await saved(bureau.admin, "post", name="", postal="")
    assert (refused.status_code, sorted(re.findall(r'id="([a-z]+)-error"', refused.text))) == (422, ["name", "phone"])
    answer = await saved(bureau.admin, "post", name="", postal="", incomplete="yes")
    received = only(RequestReceived, await facts_of(bureau, answer))
    assert set(received.flags) == {Flag.NO_NAME, Flag.NO_CONTACT}
    [row] = await of_desk(bureau)
    assert (row["reg_no"], row["status"]) == (None, "received")
    assert "Номера в реестре пока нет" in text_of(await bureau.admin.http.get(answer.headers["location"]))


@pytest.mark.requirement("E-7", "R-20")
async def test_a_name_and_a_phone_that_are_the_same_make_nobody_the_same_client(bureau: Office) -> None:
    for _ in range(2):
        request_of(await saved(bureau.admin, "phone"))
    assert len({row["client_id"] for row in await of_desk(bureau)}) == 2


@pytest.mark.requirement("A-3.3", "A-2.1.1")
async def test_a_clerk_at_a_reception_for_the_public_is_kept_flagged_and_due_like_everybody(bureau: Office) -> None:
    clerk = await facts_of(bureau, await saved(bureau.admin, "reception", kind="internal"))
    citizen = await facts_of(bureau, await saved(bureau.admin, "reception", kind="citizen"))
    assert only(RequestReceived, clerk).flags == (Flag.WRONG_AUDIENCE,)
    assert only(RequestReceived, citizen).flags == ()
    assert only(RequestRegistered, clerk).due_on == only(RequestRegistered, citizen).due_on


@pytest.mark.requirement("E-1", "R-25", "N-8.1")
async def test_cards_are_open_to_operators_and_registrars_alone(bureau: Office) -> None:
    routes = [route for route in guarded_routes(bureau.town.service.app) if route.path.startswith("/desk/new")]
    assert {(route.method, route.path): route.roles for route in routes} == {
        ("GET", "/desk/new/{card}"): TAKING,
        ("POST", "/desk/new/{card}"): TAKING,
        ("GET", "/desk/new/taken/{request_id:uuid}"): TAKING,
        ("GET", "/desk/new/taken/{request_id:uuid}/slip"): TAKING,
    }
    _, executor = await bureau.somebody("lesnik", "executor")
    for card in Card:
        assert (await executor.get(f"/new/{card}")).status_code == 403
        assert (await executor.post(f"/new/{card}", **FILLED[card])).status_code == 403
    assert "Записать звонок" not in text_of(await executor.get("/"))
    assert "Записать звонок" in text_of(await bureau.admin.get("/"))
    assert (await bureau.admin.get("/new/fax")).status_code == 404
    assert (await bureau.browser().get("/new/phone")).headers["location"] == "/desk/sign-in?next=%2Fdesk%2Fnew%2Fphone"
    assert await of_desk(bureau) == []


@pytest.mark.requirement("E-1", "N-2.2")
async def test_a_session_that_ends_while_somebody_types_loses_nothing(bureau: Office) -> None:
    card = await opened(bureau.admin, "phone")
    text = "Первая строка\r\nвторая & «третья» <b>"
    bureau.clock.move_to(bureau.clock.now() + timedelta(hours=2))
    ended = await bureau.admin.post("/new/phone", **card | CALL | {"text": text})
    assert ended.status_code == 401
    assert "Время сеанса истекло" in text_of(ended)
    assert await of_desk(bureau) == []
    await bureau.admin.sign_in()
    answer = await bureau.admin.post("/new/phone", **hidden_fields(ended))
    assert only(RequestReceived, await facts_of(bureau, answer)).text == text.replace("\r\n", "\n")
    foreign = await bureau.browser().post_from({"sec-fetch-site": "cross-site"}, "/new/phone", **card, **CALL)
    assert (foreign.status_code, hidden_fields(foreign).get("text")) == (403, None)


@pytest.mark.requirement("E-10", "E-14")
async def test_the_code_is_shown_to_who_took_it_down_for_half_an_hour_and_to_nobody_else(bureau: Office) -> None:
    _, other = await bureau.somebody("second", "registrar")
    answer = await saved(bureau.admin, "phone")
    path = f"/new/taken/{request_of(answer)}"
    for place in (path, f"{path}/slip"):
        assert "Код проверки" in text_of(await bureau.admin.get(place))
        assert re.search(r"[A-Z2-9]{4} [A-Z2-9]{4} [A-Z2-9]{4}", text_of(await bureau.admin.get(place)))
        assert not re.search(r"[A-Z2-9]{4} [A-Z2-9]{4} [A-Z2-9]{4}", text_of(await other.get(place)))
    bureau.clock.move_to(bureau.clock.now() + timedelta(minutes=31))
    assert "Код проверки уже скрыт" in text_of(await bureau.admin.get(path))


@pytest.mark.requirement("E-17")
async def test_larger_letters_are_chosen_over_a_half_filled_card_and_nothing_typed_is_lost(bureau: Office) -> None:
    card = await opened(bureau.admin, "phone")
    page = await bureau.admin.post("/new/phone", **card, **CALL, preference="size=large")
    assert (page.status_code, "web-size-large" in page.text) == (200, True)
    assert 'form="form" formaction="/desk/new/phone" formnovalidate' in page.text, "the panel posts the card"
    assert CALL["text"] in page.text
    assert re.search(r'name="told-speaker" type="checkbox" value="yes" checked', page.text)
    assert fields_of(page)["card_id"] == card["card_id"]
    assert await of_desk(bureau) == []


@pytest.mark.requirement("A-3.5.3", "A-1.1", "N-0.1")
async def test_a_further_point_of_the_authoritys_list_is_typed_in_without_a_release(database: Database, tmp_path: Path) -> None:
    more = '[[points]]\ncode = "exhibition"\ntitle = "Стенд на выставке"\ncard = "reception"\n\n[[topics]]'
    file = tmp_path / "authority.toml"
    file.write_text(AUTHORITY_FILE.read_text("utf-8").replace("[[topics]]", more, 1), "utf-8")
    async with office(database, quiet=True, authority_file=file) as bureau:
        assert "Стенд на выставке" in text_of(await bureau.admin.get("/new/reception"))
        request_of(await saved(bureau.admin, "reception", point="exhibition"))
        [row] = await of_desk(bureau)
        assert (row["point"], row["flags"]) == ("exhibition", [])


@pytest.mark.requirement("R-8", "D-24")
@pytest.mark.usefixtures("fresh_kafka")
async def test_what_comes_back_from_the_desks_own_topic_makes_nothing_new(bureau: Office) -> None:
    request_of(await saved(bureau.admin, "phone"))

    async def came_back() -> bool:
        return bool(await bureau.town.value("SELECT count(*) FROM inbox"))

    await eventually(came_back, what="intake hears its own record, the only one that it can hear")
    assert [row["reg_no"] for row in await of_desk(bureau)] == ["ЗИ-1/2026"]
    assert await bureau.town.value("SELECT count(*) FROM messages") == 1


@pytest.mark.requirement("E-14", "R-17")
async def test_a_planted_caller_is_in_no_log_no_address_and_no_column(bureau: Office) -> None:
    log = io.StringIO()
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one.formatter, JsonLines)]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(log)
    typed = {"name": planted.name, "phone": planted.phone, "email": planted.email, "text": planted.name, "own_no": planted.account}
    assert (await saved(bureau.admin, "post", **typed, received_on="")).status_code == 422
    answer = await saved(bureau.admin, "post", **typed)
    assert found_in(str(answer.headers)) == []
    oral = await saved(bureau.admin, "phone", **typed, outcome="informed", gist=planted.name)
    assert found_in(str(oral.headers)) == []
    assert found_in(log.getvalue()) == []
    assert await columns_with_traces(bureau.town.database) == PERSONAL_COLUMNS
