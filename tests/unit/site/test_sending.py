"""A person sends a request by the site's form (N-7.3): once, whatever the connection does, and never silently not at all."""

import asyncio
import re

import httpx
import pytest

from frontends.site import request_form
from libs.chassis.ops.clock import FixedClock
from tests.unit.site.conftest import NOW, OpenSite
from tests.unit.site.door_twin import CODE, NUMBER, REFERENCE, SILENCE_SECONDS, DoorTwin
from tests.unit.site.html import Page

GOOD = {
    "text": "Какие участки в Заречном районе сданы в аренду в 2025 году?",
    "name": "Петрова Анна Сергеевна",
    "kind": "citizen",
    "email": "anna@example.ru",
    "phone": "",
    "postal": "",
    "channel": "none",
    "wanted_form": "electronic",
}


async def filled(browser: httpx.AsyncClient, **changed: str) -> dict[str, str]:
    """What a browser would post: the form as it was shown, with the fields filled."""
    shown = Page((await browser.get("/request")).text)
    return {**shown.values, **GOOD, **changed}


@pytest.mark.requirement("N-7.3", "N-8.2")
async def test_a_sent_request_gets_a_receipt_with_number_code_and_term(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    answer = await browser.post("/request", data=await filled(browser))

    assert answer.status_code == 200
    assert re.fullmatch("/request/sent/[0-9a-f-]{36}", answer.url.path)
    shown = Page(answer.text).text
    assert "Запрос принят" in shown
    assert "https://otklik.example.org/status" in shown
    assert "7K3M Q9TX A2BC" in shown
    assert NUMBER in shown
    assert REFERENCE in shown
    assert "20 декабря 2026 года" in shown
    told = door.received[0]
    assert told["text"] == GOOD["text"]
    assert told["sender"] == {"name": GOOD["name"], "kind": "citizen", "account": None}
    assert told["contacts"] == {"email": "anna@example.ru", "phone": None, "postal": None}
    assert told["point"] == "site"
    assert told["wanted_form"] == "electronic"
    assert told["additional_channel"] is None
    assert told["received_at"] == NOW.isoformat().replace("+00:00", "Z")


@pytest.mark.requirement("N-7.3")
async def test_sent_twice_by_one_form_it_is_one_request(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = await filled(browser)

    await asyncio.gather(browser.post("/request", data=form), browser.post("/request", data=form))
    await browser.post("/request", data=form)

    assert len(door.received) == 3
    assert len(door.messages) == 1


async def test_two_forms_are_two_requests(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await browser.post("/request", data=await filled(browser))
    await browser.post("/request", data=await filled(browser, text="Кто арендует участки?"))

    assert len(door.messages) == 2
    assert len({message["dialogue"] for message in door.messages}) == 2


async def test_a_reload_of_the_receipt_sends_nothing(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    receipt = await browser.post("/request", data=await filled(browser))

    again = await browser.get(receipt.url)

    assert "7K3M" in again.text
    assert len(door.received) == 1


@pytest.mark.requirement("N-7.3")
async def test_each_tab_keeps_its_own_receipt(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    first_tab = await browser.post("/request", data=await filled(browser))
    door.complete = False
    second_tab = await browser.post("/request", data=await filled(browser, text="Кто арендует участки?"))

    assert f"Зарегистрирован под номером {NUMBER}" in Page((await browser.get(first_tab.url)).text).text
    assert "Зарегистрирован под номером" not in Page((await browser.get(second_tab.url)).text).text


@pytest.mark.requirement("N-7.3")
async def test_the_same_words_by_another_form_are_a_question_first(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    receipt = await browser.post("/request", data=await filled(browser))
    form = await filled(browser, text=f" {GOOD['text']}")  # Back: the typed words in a form with a new id

    asked = await browser.post("/request", data=form)

    page = Page(asked.text)
    assert f"Вы уже отправили этот запрос. Его номер: {NUMBER}" in page.text
    assert receipt.url.path in page.links
    assert len(door.received) == 1

    again = await browser.post("/request", data={**{name: page.values[name] for name in form}, "again": "yes"})

    assert "Запрос принят" in again.text
    assert len(door.messages) == 2


@pytest.mark.requirement("N-2.2")
async def test_a_sent_form_that_is_brought_back_and_changed_is_a_request_of_its_own(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = await filled(browser)
    await browser.post("/request", data=form)

    await browser.post("/request", data={**form, "text": "Я хочу спросить о другом"})

    assert [message["text"] for message in door.messages] == [GOOD["text"], "Я хочу спросить о другом"]
    assert len({message["dialogue"] for message in door.messages}) == 2


async def test_the_receipt_closes_after_half_an_hour(open_site: OpenSite, clock: FixedClock) -> None:
    async with open_site() as browser:
        receipt = await browser.post("/request", data=await filled(browser))
        kept = dict(browser.cookies)
        clock.move_to(NOW.replace(hour=6, minute=1))
        late = await browser.get(receipt.url, headers={"cookie": "; ".join(f"{name}={value}" for name, value in kept.items())})

    assert "7K3M" not in late.text
    assert "уже закрыта" in late.text


async def test_no_address_and_no_readable_cookie_holds_the_code(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/request", data=await filled(browser))

    addresses = [str(step.url) for step in (*answer.history, answer)]
    cookies = [header for step in (*answer.history, answer) for header in step.headers.get_list("set-cookie")]
    assert not any(CODE in address or REFERENCE in address for address in addresses)
    assert cookies
    assert not any(CODE in cookie or "anna" in cookie for cookie in cookies)
    assert all("HttpOnly" in cookie and "Secure" in cookie and "SameSite=strict" in cookie for cookie in cookies)


async def test_a_request_that_waits_for_the_registrar_shows_its_reference(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.complete = False

    shown = Page((await browser.post("/request", data=await filled(browser))).text).text

    assert f"Номер обращения {REFERENCE}" in shown
    assert "Сотрудник проверит запрос и зарегистрирует его" in shown
    assert "Ответим не позднее" not in shown


@pytest.mark.requirement("N-3.1")
@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"channel": "phone", "phone": "8 (912) 345-67-89"}, {"channel": "phone", "address": "+79123456789"}),
        ({"channel": "email"}, {"channel": "email", "address": "anna@example.ru"}),
        ({"channel": "post", "postal": "г. Обск,\r\nул. Садовая, 1"}, {"channel": "post", "address": "г. Обск,\nул. Садовая, 1"}),
        ({"channel": "none"}, None),
    ],
)
async def test_an_additional_channel_is_offered_and_handed_on(
    browser: httpx.AsyncClient, door: DoorTwin, chosen: dict[str, str], told: object
) -> None:
    await browser.post("/request", data=await filled(browser, **chosen))

    assert door.received[0]["additional_channel"] == told


@pytest.mark.requirement("N-2.2")
async def test_the_text_goes_on_as_it_was_typed(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    typed = "\r\n  Первая строка\r\n\tвторая\u0007 <b>жирно</b> &amp; 🙂\r\n"

    await browser.post("/request", data=await filled(browser, text=typed))

    assert door.received[0]["text"] == typed.replace("\r\n", "\n")


@pytest.mark.requirement("N-2.2")
async def test_a_form_with_an_error_comes_back_with_all_that_was_typed(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    typed = {
        "text": "\r\nС пустой строки & <script>",
        "name": '  "Ромашка"  ',
        "postal": "а\r\nб",
        "channel": "post",
        "kind": "legal_entity",
    }
    form = await filled(browser, email="anna@", **typed)

    answer = await browser.post("/request", data=form)

    page = Page(answer.text)
    assert page.error_links == ["#email"]
    assert request_form.BAD_EMAIL in page.text
    assert {name: value.replace("\n", "\r\n") for name, value in page.values.items() if name in form} == form
    assert "<script>" not in answer.text.split("<main", 1)[1]
    assert door.received == []


async def test_a_form_with_an_error_has_an_address_to_come_back_to(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/request", data=await filled(browser, email="anna@"))
    await browser.post("/request", data=await filled(browser, name="", text="Из другой вкладки"))

    assert [step.status_code for step in answer.history] == [303]
    assert not any(typed in str(answer.url) for typed in ("anna", "%D0"))
    back = Page((await browser.get(answer.url)).text)
    assert back.error_links == ["#email"]
    assert back.values["text"] == GOOD["text"]


async def test_an_unsent_form_that_is_too_old_is_a_blank_form(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/request/unsent/1")

    assert answer.url.path == "/request"


@pytest.mark.requirement("N-2.2")
async def test_a_long_text_with_an_error_is_shown_at_once(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    text = "".join(f"{number} участок. " for number in range(3000))

    answer = await browser.post("/request", data=await filled(browser, text=text, email="anna@"))

    page = Page(answer.text)
    assert answer.status_code == 422
    assert page.error_links == ["#email"]
    assert page.values["text"] == text


async def test_intakes_own_complaint_stands_at_the_field_it_is_about(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "refused"

    answer = await browser.post("/request", data=await filled(browser, phone="+7 912 345-67-89"))

    page = Page(answer.text)
    assert page.error_links == ["#phone"]
    assert "Такого номера нет." in page.text
    assert page.values["text"] == GOOD["text"]


async def test_a_complaint_about_the_whole_stands_at_the_text(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "too-large"

    page = Page((await browser.post("/request", data=await filled(browser))).text)

    assert page.error_links == ["#text"]
    assert "Сообщение слишком большое." in page.text


@pytest.mark.parametrize("fault", ["busy", "gone", "other-key"])
async def test_when_intake_is_down_the_page_says_not_accepted_and_keeps_the_form(open_site: OpenSite, door: DoorTwin, fault: str) -> None:
    door.fault = fault
    address = "http://127.0.0.1:9" if fault == "gone" else door.url
    async with open_site(intake_url=address) as browser:
        if fault == "other-key":
            door.key = "another key than the site has"
        form = await filled(browser)
        answer = await browser.post("/request", data=form)

    page = Page(answer.text)
    assert "Запрос не принят" in page.text
    assert {name: page.values[name] for name in form} == form


@pytest.mark.parametrize("fault", ["silent", "broken", "foreign"])
async def test_when_nobody_knows_the_page_says_so_and_a_second_try_is_the_same_request(
    open_site: OpenSite, door: DoorTwin, fault: str
) -> None:
    async with open_site(intake_timeout_seconds=SILENCE_SECONDS / 2 if fault == "silent" else 10) as hasty:
        form = await filled(hasty)
        door.fault = fault
        answer = await hasty.post("/request", data=form)

    page = Page(answer.text)
    assert "Мы не знаем, принят ли запрос" in page.text
    if fault == "silent":
        await asyncio.sleep(SILENCE_SECONDS)
    door.fault = None
    async with open_site() as patient:
        again = await patient.post("/request", data={name: page.values[name] for name in form})
    assert "Запрос принят" in again.text
    assert len(door.messages) == 1


async def test_a_form_id_that_is_not_ours_is_replaced(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await browser.post("/request", data=await filled(browser, external_id="guess", dialogue="x" * 500))

    assert re.fullmatch(r"form-[0-9a-f-]{36}", door.received[0]["external_id"])
    assert re.fullmatch(r"form-[0-9a-f-]{36}", door.received[0]["dialogue"])


async def test_a_choice_of_the_panel_keeps_what_was_typed_and_sends_nothing(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = await filled(browser, text="Начало вопроса", name="", email="anna@")

    answer = await browser.post("/request/unsent", data={**form, "preference": "size=huge"})

    page = Page(answer.text)
    assert answer.status_code == 200
    assert "web-size-huge" in answer.text
    assert page.error_links == []
    assert {name: page.values[name] for name in form} == form
    assert "web-size-huge" in (await browser.get("/")).text
    assert door.received == []


async def test_more_than_a_form_can_hold_is_refused_before_it_is_read(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    answer = await browser.post(
        "/request", content=b"text=" + b"a" * 1_100_000, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 413
    assert "Отправлено слишком много" in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert door.received == []


async def test_a_file_that_nobody_asked_for_is_not_read(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/request", data={"name": "Анна"}, files={"text": ("a.txt", b"text")})

    assert answer.status_code == 400
    assert "Запрос не удалось прочитать" in answer.text


async def test_half_a_letter_from_an_odd_encoding_breaks_nothing(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = await filled(browser)
    parts = [f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-7") for name, value in form.items()]
    half = b'--x\r\ncontent-disposition: form-data; name="text"\r\n\r\nWhat +2AA- is sold here?\r\n--x--\r\n'

    answer = await browser.post(
        "/request", content=b"".join(parts) + half, headers={"content-type": "multipart/form-data; boundary=x; charset=utf-7"}
    )

    assert "Запрос принят" in answer.text
    assert door.received[0]["text"] == "What ? is sold here?"
