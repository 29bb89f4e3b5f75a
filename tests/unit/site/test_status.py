"""A person looks up a request by number and code (E-10), in plain words, and changes where notices go (N-3.2)."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from markupsafe import escape

from frontends.site import act_pages, request_form, status_pages
from libs.chassis.ops.clock import FixedClock
from services.intake.domain.correcting import DataNotValid
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import CODE, NUMBER, REFERENCE, WHY_DUE, DoorTwin
from tests.unit.site.html import Page


async def looked_up(browser: httpx.AsyncClient, number: str = NUMBER, code: str = CODE) -> httpx.Response:
    return await browser.post("/status", data={"number": number, "code": code})


@pytest.mark.requirement("E-10", "A-2.1.4")
@pytest.mark.parametrize("number", [NUMBER, REFERENCE, "hj4km 7pqrs"])
async def test_the_state_is_told_in_plain_words(browser: httpx.AsyncClient, number: str) -> None:
    answer = await looked_up(browser, number, "7к3м-q9тх-а2вс")

    assert answer.url.path == "/status/view"
    shown = Page(answer.text).text
    assert f"Запрос № {NUMBER}" in shown
    assert f"Запрос зарегистрирован 20 ноября 2026 года под номером {NUMBER}." in shown
    assert "не позднее 20 декабря 2026 года" in shown
    assert "Осталось 28 дней" in shown
    assert "20 ноября 2026 года, 10:05" in shown  # Novosibirsk time
    assert "i***@example.ru" in shown
    assert "registered" not in shown


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize(("number", "code"), [(NUMBER, "AAAAAAAAAAAA"), ("ЗИ-999/2026", CODE), ("x" * 5000, CODE), ("\0", CODE)])
async def test_a_wrong_pair_is_told_the_same_way_whichever_is_wrong(browser: httpx.AsyncClient, number: str, code: str) -> None:
    answer = await looked_up(browser, number, code)

    page = Page(answer.text)
    assert answer.url.path == "/status/again"
    assert page.error_links == ["#number"]
    assert status_pages.WRONG_PAIR in page.text
    assert page.values["code"] == code


async def test_a_code_that_cannot_be_one_is_not_even_asked_about(browser: httpx.AsyncClient) -> None:
    answer = await looked_up(browser, "", "12")

    assert [step.status_code for step in answer.history] == [303]  # Back and reload ask nothing
    page = Page(answer.text)

    assert page.error_links == ["#number", "#code"]
    assert status_pages.NO_NUMBER in page.text
    assert status_pages.BAD_CODE in page.text


async def test_neither_address_nor_readable_cookie_holds_number_or_code(browser: httpx.AsyncClient) -> None:
    answer = await looked_up(browser)

    steps = [*answer.history, answer]
    assert not any(secret in str(step.url) for step in steps for secret in (CODE, REFERENCE, NUMBER))
    cookies = [header for step in steps for header in step.headers.get_list("set-cookie")]
    assert cookies
    assert not any(secret in cookie for cookie in cookies for secret in (CODE, REFERENCE, NUMBER))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("days", "said"), [(27, "Остался 1 день"), (26, "Осталось 2 дня"), (28, "Сегодня последний день"), (30, "Срок прошёл 2 дня назад")]
)
async def test_the_days_that_are_left_are_counted_in_the_authoritys_zone(
    open_site: OpenSite, clock: FixedClock, days: int, said: str
) -> None:
    clock.move(timedelta(days=days))
    async with open_site() as browser:
        shown = Page((await looked_up(browser)).text).text

    assert said in shown


@pytest.mark.requirement("S-14")
async def test_a_request_is_withdrawn_on_its_page_and_the_page_says_so(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    assert "Отозвать запрос" in (await looked_up(browser)).text
    shown = Page((await browser.post("/status/withdraw", data={"reference": REFERENCE})).text).text
    assert door.status == "withdrawn"
    assert "Запрос отозван, ответа по нему не будет." in shown
    assert "Отозвать запрос" not in shown


@pytest.mark.requirement("S-14")
async def test_what_is_finished_is_not_withdrawn_and_the_person_is_told(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await looked_up(browser)
    door.withdraws, door.status, door.status_title = False, "answered", "ответ дан"
    shown = Page((await browser.post("/status/withdraw", data={"reference": REFERENCE})).text).text
    assert "Запрос уже нельзя отозвать" in shown
    assert door.status == "answered"


@pytest.mark.requirement("S-14", "R-21")
async def test_a_withdrawal_from_a_page_of_another_request_or_while_intake_is_away_withdraws_nothing(
    browser: httpx.AsyncClient, door: DoorTwin
) -> None:
    await looked_up(browser)
    other = await browser.post("/status/withdraw", data={"reference": "OTHER-12345"})
    assert other.url.path == "/status/ended"
    assert door.status == "registered"


@pytest.mark.requirement("E-11")
async def test_name_and_contacts_are_corrected_and_what_is_left_blank_stays(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    shown = Page((await looked_up(browser)).text).text
    assert "Сейчас: П*** А***" in shown
    typed = {"name": " Петрова Анна ", "phone": "8 912 345-67-89", "postal": "\r\n"}
    page = Page((await browser.post("/status/correct", data={"reference": REFERENCE, **typed})).text)
    assert "Исправлено." in page.text
    assert page.values["name"] == ""
    assert door.corrections == [{"name": "Петрова Анна", "phone": "+79123456789"}]


@pytest.mark.requirement("E-11")
@pytest.mark.parametrize(
    ("typed", "fields", "said"),
    [
        ({}, ["#name"], act_pages.NOTHING_CORRECTED),
        ({"name": "123", "phone": "завтра"}, ["#name", "#phone"], request_form.BAD_PHONE),
        ({"postal": "у\0реки"}, ["#postal"], request_form.UNREADABLE_SIGN),
        ({"postal": "1"}, ["#name"], DataNotValid.says),
    ],
)
async def test_a_correction_that_corrects_nothing_is_refused_with_the_reason_and_stays_on_the_page(
    browser: httpx.AsyncClient, door: DoorTwin, typed: dict[str, str], fields: list[str], said: str
) -> None:
    await looked_up(browser)
    door.refuses_addresses = True
    page = Page((await browser.post("/status/correct", data={"reference": REFERENCE, **typed})).text)
    assert page.error_links == fields
    assert said in page.text
    assert {name: page.values[name] for name in typed} == typed
    assert door.corrections == []


ANSWER = {"reference": REFERENCE, "answer_id": f"answer-{UUID(int=7)}", "text": "Участок у реки,\r\nсорок второй."}


@pytest.mark.requirement("S-12")
async def test_a_question_is_answered_where_it_stands_and_once(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.question = "О каком участке речь?"
    shown = Page((await looked_up(browser)).text)
    assert "Отправить ответ" in shown.text
    assert shown.values["answer_id"].startswith("answer-")
    for _ in range(2):
        answered = Page((await browser.post("/status/answer", data=ANSWER)).text)
        assert "Ваш ответ получен, работа над запросом продолжается." in answered.text
        assert "Отправить ответ" not in answered.text
    [sent] = door.clarified
    assert (sent["external_id"], sent["text"]) == (ANSWER["answer_id"], "Участок у реки,\nсорок второй.")


@pytest.mark.requirement("S-12", "R-21")
@pytest.mark.parametrize(
    ("typed", "fault", "status", "said"),
    [
        ({"text": " "}, None, 422, act_pages.NO_ANSWER),
        ({"text": "у\0реки"}, None, 422, request_form.UNREADABLE_SIGN),
        ({"text": "я" * 50_001}, None, 422, request_form.TEXT_TOO_LONG),
        ({}, "busy", 503, "Сейчас не получается это сделать"),
        ({}, "too-large", 422, "Сообщение слишком большое."),
        ({}, "nobody waits", 409, act_pages.NOT_AWAITED),
        ({"reference": "AAAAA-AAAAA"}, None, 410, "Просмотр запроса закончен, ответ не отправлен"),
    ],
)
async def test_an_answer_that_cannot_be_sent_stands_on_the_page_whole(
    browser: httpx.AsyncClient, door: DoorTwin, typed: dict[str, str], fault: str | None, status: int, said: str
) -> None:
    door.question = "О каком участке речь?"
    await looked_up(browser)
    door.fault = fault
    if fault == "nobody waits":
        door.fault = door.question = None
    answer = await browser.post("/status/answer", data=ANSWER | typed)
    page = Page(answer.text)
    assert (answer.status_code, door.clarified) == (status, [])
    assert said in page.text
    assert page.values["text"] == (ANSWER | typed)["text"].replace("\r\n", "\n")
    assert ("Отправить ответ" in page.text) == (status not in (409, 410))
    assert page.values["answer_id"] == ANSWER["answer_id"]


@pytest.mark.requirement("R-10", "A-2.1.4")
async def test_the_term_explains_itself_where_there_is_one(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    shown = Page((await looked_up(browser)).text).text
    assert f"Почему такой срок? {WHY_DUE}" in " ".join(shown.split())
    door.due_on = None
    assert "Почему такой срок?" not in (await looked_up(browser)).text


async def test_after_the_answer_no_days_are_counted(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.status, door.status_title = "answered", "ответ дан"

    shown = Page((await looked_up(browser)).text).text

    assert "Ответ дан" in shown
    assert "Осталось" not in shown


@pytest.mark.requirement("N-2.2", "N-9.5")
async def test_the_text_of_the_answer_stands_on_the_page_letter_by_letter(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.status, door.status_title, door.answer = "answered", "ответ дан", "Здравствуйте!\n\n  <b>1 га</b> — «ёлки»."

    shown = (await looked_up(browser)).text

    assert str(escape(door.answer)) in shown


async def test_a_reload_shows_the_page_again_and_leaving_closes_it(browser: httpx.AsyncClient) -> None:
    await looked_up(browser)
    assert NUMBER in (await browser.get("/status/view")).text

    left = await browser.post("/status/leave")

    assert left.url.path == "/status"
    assert (await browser.get("/status/view")).url.path == "/status/ended"


async def test_after_half_an_hour_the_page_is_closed(open_site: OpenSite, clock: FixedClock) -> None:
    async with open_site() as browser:
        await looked_up(browser)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        clock.move(timedelta(minutes=31))
        late = await browser.get("/status/view", headers={"cookie": cookie})

    assert "Просмотр запроса закончен" in Page(late.text).text


@pytest.mark.requirement("N-3.2", "N-3.4")
async def test_the_address_of_notices_is_changed_and_dropped(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await looked_up(browser)

    changed = await browser.post("/status/email", data={"reference": REFERENCE, "email": " new@example.ru "})
    assert "Адрес изменён" in changed.text
    assert "n***@example.ru" in changed.text
    assert "Адрес изменён" not in (await browser.get("/status/view")).text

    dropped = await browser.post("/status/email", data={"reference": REFERENCE, "email": "", "drop": "yes"})
    assert "Больше не будем присылать" in dropped.text
    assert "Сейчас не приходят" in dropped.text
    assert door.emails == ["new@example.ru", None]


@pytest.mark.requirement("N-3.4")
@pytest.mark.parametrize(("typed", "said"), [("", act_pages.NO_NEW_EMAIL), ("new@", request_form.BAD_EMAIL)])
async def test_a_bad_new_address_is_refused_with_the_reason(browser: httpx.AsyncClient, door: DoorTwin, typed: str, said: str) -> None:
    await looked_up(browser)

    answer = await browser.post("/status/email", data={"reference": REFERENCE, "email": typed})

    page = Page(answer.text)
    assert answer.url.path == "/status/view"
    assert page.error_links == ["#email"]
    assert said in page.text
    assert page.values["email"] == typed
    assert door.emails == []


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize("pressed", [{"email": "new@example.ru"}, {"email": "", "drop": "yes"}])
async def test_a_click_after_the_end_of_viewing_is_told_to_have_changed_nothing(
    browser: httpx.AsyncClient, door: DoorTwin, pressed: dict[str, str]
) -> None:
    answer = await browser.post("/status/email", data={"reference": REFERENCE, **pressed})

    assert "Просмотр запроса закончен, ничего не изменено" in Page(answer.text).text
    assert door.emails == []


@pytest.mark.requirement("N-3.2")
async def test_a_click_on_the_page_of_another_request_changes_neither(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await looked_up(browser)

    answer = await browser.post("/status/email", data={"reference": "AAAAA-AAAAA", "drop": "yes"})

    assert "ничего не изменено" in Page(answer.text).text
    assert door.emails == []


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize(
    ("typed", "chosen", "told"),
    [
        (
            {"channel": "phone", "address": "8 (912) 345-67-89"},
            {"channel": "phone", "address": "+79123456789"},
            "сообщим по телефону +79123***89",
        ),
        (
            {"channel": "post", "address": " 630099, г. Обск,\r\nул. Садовая, 1"},
            {"channel": "post", "address": "630099, г. Обск,\nул. Садовая, 1"},
            "напишем на адрес 630099*** 1",
        ),
    ],
)
async def test_a_call_or_a_letter_is_chosen_later_and_dropped(
    browser: httpx.AsyncClient, door: DoorTwin, typed: dict[str, str], chosen: dict[str, str], told: str
) -> None:
    assert "Сейчас не звоним и не пишем" in Page((await looked_up(browser)).text).text

    changed = Page((await browser.post("/status/additional", data={"reference": REFERENCE, **typed})).text).text
    assert "Сохранено" in changed
    assert told in changed

    dropped = Page((await browser.post("/status/additional", data={"reference": REFERENCE, "drop": "yes", "address": ""})).text).text
    assert door.additionals == [chosen, None]
    assert "Больше не будем звонить" in dropped
    assert "Сейчас не звоним и не пишем" in dropped
    assert door.emails == []


@pytest.mark.requirement("N-3.2")
@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"channel": "phone", "address": "завтра"}, "address", request_form.BAD_PHONE),
        ({"channel": "post", "address": " "}, "address", act_pages.NO_NEW_ADDRESS),
        ({"address": "г. Обск"}, "channel", request_form.NO_SUCH_CHOICE),
        ({"channel": "fax", "address": "г. Обск"}, "channel", request_form.NO_SUCH_CHOICE),
    ],
)
async def test_a_call_or_a_letter_to_nowhere_is_refused_with_the_reason(
    browser: httpx.AsyncClient, door: DoorTwin, typed: dict[str, str], field: str, said: str
) -> None:
    await looked_up(browser)

    page = Page((await browser.post("/status/additional", data={"reference": REFERENCE, **typed})).text)

    assert page.error_links == [f"#{field}"]
    assert said in page.text
    assert page.values["address"] == typed["address"].strip()
    assert door.additionals == []


async def test_intakes_own_complaint_about_an_address_stands_at_it(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await looked_up(browser)
    door.refuses_addresses = True

    page = Page((await browser.post("/status/additional", data={"reference": REFERENCE, "channel": "post", "address": "??"})).text)

    assert page.error_links == ["#address"]
    assert page.values["address"] == "??"


async def test_when_intake_is_down_the_page_says_so_and_keeps_the_typing(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site(intake_url="http://127.0.0.1:9") as browser:
        answer = await looked_up(browser)

    page = Page(answer.text)
    assert "Сейчас не получается это сделать" in page.text
    assert page.values["number"] == NUMBER
    assert page.values["code"] == CODE


async def test_when_intake_goes_down_later_the_open_page_says_so(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await looked_up(browser)
    door.fault = "busy"

    shown = await browser.get("/status/view")
    changed = await browser.post("/status/email", data={"reference": REFERENCE, "email": "new@example.ru"})

    assert shown.status_code == changed.status_code == 503
    assert CODE not in shown.text
    assert "Сейчас не получается" in changed.text


async def test_guessing_is_stopped_per_address_and_looking_is_not(open_site: OpenSite, clock: FixedClock) -> None:
    async with open_site(status_attempts=3) as browser:
        for _ in range(5):
            assert (await looked_up(browser)).status_code == 200
        for _ in range(3):
            assert status_pages.WRONG_PAIR in (await looked_up(browser, NUMBER, "AAAAAAAAAAAA")).text
        stopped = await looked_up(browser)

    assert stopped.status_code == 429
    assert stopped.headers["retry-after"] == "600"
    assert "Слишком много попыток" in Page(stopped.text).text


async def test_behind_a_proxy_each_person_has_their_own_count(open_site: OpenSite) -> None:
    async with open_site(address="10.0.0.1", trusted_proxies="10.0.0.1", status_attempts=1) as browser:
        wrong = {"number": NUMBER, "code": "AAAAAAAAAAAA"}
        for sender, status in (("203.0.113.1", 200), ("203.0.113.1", 429), ("203.0.113.2", 200)):
            answer = await browser.post("/status", data=wrong, headers={"x-forwarded-for": sender})
            assert answer.status_code == status


async def test_one_household_of_ipv6_is_one_address(open_site: OpenSite) -> None:
    async with open_site(address="10.0.0.1", trusted_proxies="10.0.0.1", status_attempts=1) as browser:
        wrong = {"number": NUMBER, "code": "AAAAAAAAAAAA"}
        for sender, status in (("2001:db8::1", 200), ("2001:db8::2", 429), ("2001:db8:0:1::1", 200)):
            answer = await browser.post("/status", data=wrong, headers={"x-forwarded-for": sender})
            assert answer.status_code == status


async def test_a_stranger_cannot_choose_the_address_that_is_counted(open_site: OpenSite) -> None:
    async with open_site(status_attempts=1) as browser:
        wrong = {"number": NUMBER, "code": "AAAAAAAAAAAA"}
        answers = [await browser.post("/status", data=wrong, headers={"x-forwarded-for": f"203.0.113.{last}"}) for last in (1, 2)]

    assert [answer.status_code for answer in answers] == [200, 429]
