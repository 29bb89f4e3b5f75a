"""The site as people meet it: by mouse, by keyboard, on a phone, without JavaScript, in English, with large letters."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PHONE, sideways, violations
from tests.unit.site.door_twin import CODE, NUMBER, TOKEN, DoorTwin

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = "main button[type=submit]"
PAGES = [
    "/verify",
    "/",
    "/request",
    "/how",
    "/status",
    "/status/code",
    "/status/code/asked",
    "/request/continue",
    "/request/sent/1",
    "/status/ended",
    f"/confirm/{TOKEN}",
    "/nowhere",
]


async def fill(page: Page) -> None:
    await page.goto("/request")
    await page.fill("#text", "Какие участки в Заречном районе сданы в аренду?")
    await page.fill("#name", "Петрова Анна Сергеевна")
    await page.select_option("#kind", "citizen")
    await page.fill("#email", "anna@example.ru")


async def look_up(page: Page) -> None:
    await page.goto("/status")
    await page.fill("#number", NUMBER)
    await page.fill("#code", "7k3m q9tx a2bc")
    await page.click(SEND)
    await expect(page.locator("h1")).to_contain_text(NUMBER)


@pytest.mark.requirement("N-7.3", "E-10")
async def test_from_the_form_to_the_receipt_to_the_status_page(desktop: Page, door: DoorTwin) -> None:
    await fill(desktop)
    await desktop.click(SEND)

    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    await expect(desktop.locator(".web-code")).to_have_text("7K3M Q9TX A2BC")
    assert await violations(desktop) == []
    await desktop.reload()
    await expect(desktop.locator(".web-code")).to_be_visible()
    assert len(door.received) == 1

    await look_up(desktop)
    await expect(desktop.locator(".web-state")).to_contain_text("Зарегистрирован")
    assert CODE not in await desktop.content()
    assert await violations(desktop) == []


@pytest.mark.requirement("S-14", "R-10")
async def test_the_term_is_explained_and_a_request_is_withdrawn_by_keyboard_alone(desktop: Page, door: DoorTwin) -> None:
    await look_up(desktop)
    for summary in ("Почему такой срок?", "Ответ больше не нужен?"):
        await desktop.locator("summary", has_text=summary).focus()
        await desktop.keyboard.press("Enter")
    await expect(desktop.locator("text=Первый день — 17 ноября 2026 года")).to_be_visible()
    assert await violations(desktop) == []
    await desktop.keyboard.press("Tab")
    await desktop.keyboard.press("Enter")
    await expect(desktop.locator(".govuk-notification-banner")).to_contain_text("Запрос отозван")
    assert door.status == "withdrawn"
    assert await violations(desktop) == []


@pytest.mark.requirement("S-14", "R-21")
async def test_who_withdraws_what_was_answered_meanwhile_reads_why_it_is_too_late(desktop: Page, door: DoorTwin) -> None:
    await look_up(desktop)
    await desktop.click("text=Ответ больше не нужен?")
    door.withdraws, door.status, door.status_title = False, "answered", "ответ дан"
    await desktop.get_by_role("button", name="Отозвать запрос").click()
    await expect(desktop.locator(".govuk-error-summary")).to_contain_text("Запрос уже нельзя отозвать")
    await expect(desktop.locator(".web-state")).to_contain_text("Ответ дан")
    assert await violations(desktop) == []


@pytest.mark.requirement("S-14")
async def test_a_request_is_withdrawn_on_a_phone_without_javascript_in_english(without_javascript: Page, door: DoorTwin) -> None:
    page = without_javascript
    await look_up(page)
    await page.click("text=English")
    await page.click("text=Do you no longer need an answer?")
    assert not await sideways(page)
    await page.get_by_role("button", name="Withdraw the request").click()
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("The request is withdrawn")
    assert door.status == "withdrawn"


@pytest.mark.requirement("S-12", "E-11")
async def test_a_question_is_answered_and_a_name_corrected_on_a_phone_without_javascript_in_english(
    without_javascript: Page, door: DoorTwin
) -> None:
    page = without_javascript
    door.question, door.status, door.status_title = "О каком участке речь?", "awaiting_clarification", "нужно уточнение"
    await look_up(page)
    await page.click("text=English")
    await page.get_by_role("button", name="Send the answer").click()
    await expect(page.locator(".govuk-error-summary")).to_contain_text("Write an answer to the question")
    assert not await sideways(page)
    await page.fill("#text", "Об участке у реки")
    await page.get_by_role("button", name="Send the answer").click()
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Your answer has been received")
    await page.click("text=Is your name or a contact wrong?")
    await page.fill("#name", "Петрова Анна Сергеевна")
    await page.get_by_role("button", name="Correct").click()
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Corrected.")
    assert not await sideways(page)
    assert [one["text"] for one in door.clarified] == ["Об участке у реки"]
    assert door.corrections == [{"name": "Петрова Анна Сергеевна"}]


@pytest.mark.requirement("N-7.3")
async def test_half_a_form_is_put_by_and_goes_on_without_javascript(without_javascript: Page, door: DoorTwin) -> None:
    page = without_javascript
    await page.goto("/request")
    await page.fill("#text", "Какие участки")
    await page.click("text=Сохранить и закончить позже")
    await expect(page.locator("h1")).to_have_text("Запрос сохранён, но не отправлен")
    code = await page.locator(".web-code").inner_text()
    assert not await sideways(page)
    await page.click("main >> text=Продолжить сохранённый запрос")
    await page.fill("#code", code.lower())
    await page.click(SEND)
    await expect(page.locator("#text")).to_have_value("Какие участки")
    assert door.received == []


@pytest.mark.requirement("N-7.3")
async def test_back_after_the_receipt_and_send_again_asks_before_it_sends(desktop: Page, door: DoorTwin) -> None:
    await fill(desktop)
    await desktop.click(SEND)
    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    receipt = desktop.url

    await desktop.go_back()
    await expect(desktop.locator("#name")).to_have_value("Петрова Анна Сергеевна")
    await desktop.click("text=Отправить запрос")
    banner = desktop.locator(".govuk-notification-banner")
    await expect(banner).to_contain_text(f"Вы уже отправили этот запрос. Его номер: {NUMBER}")
    assert len(door.received) == 1
    assert await violations(desktop) == []
    assert await sideways(desktop) == 0
    await expect(banner.locator("a")).to_have_attribute("href", urlsplit(receipt).path)

    await desktop.click("text=Отправить ещё раз")

    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    assert len(door.messages) == 2


async def test_back_to_a_form_with_errors_shows_it_again(desktop: Page) -> None:
    await fill(desktop)
    await desktop.fill("#email", "anna@")
    await desktop.click(SEND)
    await expect(desktop.locator(".govuk-error-summary")).to_be_visible()
    await desktop.fill("#email", "anna@example.ru")
    await desktop.click(SEND)
    await expect(desktop.locator("h1")).to_have_text("Запрос принят")

    await desktop.go_back()

    await expect(desktop.locator("#name")).to_have_value("Петрова Анна Сергеевна")


async def test_back_to_a_wrong_number_shows_it_again(desktop: Page) -> None:
    await desktop.goto("/status")
    await desktop.fill("#number", "ЗИ-999/2026")
    await desktop.fill("#code", CODE)
    await desktop.click(SEND)
    await expect(desktop.locator(".govuk-error-summary")).to_be_visible()
    await desktop.fill("#number", NUMBER)
    await desktop.click(SEND)
    await expect(desktop.locator("h1")).to_contain_text(NUMBER)

    await desktop.go_back()

    await expect(desktop.locator("h1")).to_have_text("Что с моим запросом")


async def test_the_panel_is_open_for_the_next_choice_and_closed_on_the_next_page(desktop: Page) -> None:
    await desktop.goto("/")
    choices = desktop.locator(".web-panel__rows")
    language = desktop.locator(".web-language")
    before = await language.bounding_box()
    await desktop.click(".web-panel__summary")
    assert await language.bounding_box() == before

    await desktop.click(".web-panel >> text=Синим по голубому")
    await expect(desktop.locator("html")).to_have_class(re.compile("web-contrast-blue"))
    await expect(choices).to_be_visible()
    assert await desktop.evaluate("scrollY") == 0

    await desktop.click("main a[href='/status']")
    await expect(desktop.locator("h1")).to_have_text("Что с моим запросом")
    await expect(choices).to_be_hidden()


async def test_a_double_click_is_one_request(desktop: Page, door: DoorTwin) -> None:
    await fill(desktop)

    await desktop.dblclick(SEND)

    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    assert len(door.messages) == 1


async def test_errors_take_the_focus_and_lead_to_their_fields(desktop: Page) -> None:
    await desktop.goto("/request")
    await desktop.click(SEND)

    summary = desktop.locator(".govuk-error-summary")
    await expect(summary).to_be_focused()
    await expect(desktop).to_have_title(re.compile("^Ошибка: "))
    await desktop.click(".govuk-error-summary a[href='#name']")
    await expect(desktop.locator("#name")).to_be_focused()
    await expect(desktop.locator("#name")).to_have_attribute("aria-invalid", "true")
    assert await violations(desktop) == []


async def test_by_keyboard_alone_a_request_is_sent(desktop: Page, door: DoorTwin) -> None:
    await desktop.goto("/request")
    await desktop.keyboard.press("Tab")
    await expect(desktop.locator(".govuk-skip-link")).to_be_focused()
    await desktop.keyboard.press("Enter")

    async def reach(field: str) -> None:
        for _ in range(30):
            if await desktop.evaluate("document.activeElement?.id") == field:
                return
            await desktop.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {field}")

    for field, typed in (("text", "Какие участки сданы?"), ("name", "Петрова Анна"), ("email", "anna@example.ru")):
        await reach(field)
        await desktop.keyboard.type(typed)
    await reach("wanted_form")
    await desktop.keyboard.press("ArrowDown")
    await reach("email")  # round the page and back
    await desktop.keyboard.press("Enter")

    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    assert door.received[0]["wanted_form"] == "electronic"


async def test_without_javascript_everything_works(without_javascript: Page, door: DoorTwin) -> None:
    page = without_javascript
    await fill(page)
    await page.fill("#email", "anna@")
    await page.click(SEND)
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    await expect(page.locator("#name")).to_have_value("Петрова Анна Сергеевна")

    await page.click(".web-panel__summary")
    await page.click("text=Очень крупный")
    await expect(page.locator("html")).to_have_class(re.compile("web-size-huge"))
    await expect(page.locator("#name")).to_have_value("Петрова Анна Сергеевна")

    await page.fill("#email", "anna@example.ru")
    await page.press("#email", "Enter")
    await expect(page.locator("h1")).to_have_text("Запрос принят")
    await expect(page.locator("[data-print]")).to_be_hidden()
    assert len(door.messages) == 1

    await look_up(page)
    await page.fill("#email", "new@example.ru")
    await page.click("text=Сменить адрес")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Адрес изменён")

    await page.check("text=По телефону")
    await page.fill("#address", "8 912 345-67-89")
    await page.click("text=Сообщать так")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Сохранено")
    await page.click("text=Больше не звонить")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text("Больше не будем звонить")
    assert door.additionals == [{"channel": "phone", "address": "+79123456789"}, None]


@pytest.mark.requirement("N-3.4")
async def test_the_link_of_the_letter_asks_and_the_button_confirms(phone: Page, door: DoorTwin) -> None:
    await phone.goto(f"/confirm/{TOKEN}")
    assert door.confirmed == []

    await phone.click("text=Да, это мой адрес")

    await expect(phone.locator("h1")).to_have_text("Адрес подтверждён")
    assert await violations(phone) == []
    assert door.confirmed == [TOKEN]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_fit_a_phone_and_have_no_violation(glance: Page, path: str) -> None:
    await glance.set_viewport_size(PHONE)
    await glance.goto(path)

    assert await violations(glance) == []
    assert await sideways(glance) == 0


@pytest.mark.parametrize("path", PAGES)
async def test_pages_in_english_have_no_violation_and_no_russian_words_of_ours(glance: Page, path: str) -> None:
    await glance.goto(path)
    await glance.click("text=English")

    await expect(glance.locator("html")).to_have_attribute("lang", "en")
    assert await violations(glance) == []
    own = await glance.evaluate(
        "[...document.querySelectorAll('body [lang=ru]')].forEach(part => part.remove()) ?? document.body.innerText"
    )
    assert re.findall("[а-яё]+", own, re.IGNORECASE) == []


@pytest.mark.parametrize("contrast", ["Чёрным по белому", "Белым по чёрному", "Синим по голубому"])
async def test_in_every_colour_scheme_with_the_largest_letters_a_phone_shows_all(phone: Page, contrast: str) -> None:
    await phone.goto("/request")
    await phone.click(".web-panel__summary")
    for choice in (contrast, "Очень крупный", "Широкие"):
        await phone.click(f".web-panel >> text={choice}")
    await expect(phone.locator("html")).to_have_class(re.compile("web-spacing-wide"))

    await phone.click(SEND)
    await expect(phone.locator(".govuk-error-summary")).to_be_visible()
    assert await violations(phone) == []
    assert await sideways(phone) == 0
    await look_up(phone)
    assert await violations(phone) == []
    assert await sideways(phone) == 0
    await phone.goto("/")
    assert await sideways(phone) == 0


@pytest.mark.parametrize("path", PAGES)
async def test_the_devices_dark_look_has_no_violation(glance: Page, path: str) -> None:
    await glance.emulate_media(color_scheme="dark")
    await glance.goto(path)

    assert await violations(glance) == []
    assert await glance.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 30)"


async def test_colours_chosen_in_the_panel_go_before_the_devices_dark_look(desktop: Page) -> None:
    await desktop.emulate_media(color_scheme="dark")
    await desktop.goto("/")
    await desktop.click(".web-panel__summary")
    await desktop.click(".web-panel >> text=Чёрным по белому")

    await expect(desktop.locator("html")).to_have_class(re.compile("web-contrast-black-on-white"))
    assert await desktop.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


async def test_the_panel_forgets_nothing_that_was_typed(desktop: Page, door: DoorTwin) -> None:
    await fill(desktop)
    await desktop.fill("#text", "\nСтрока после пустой")

    await desktop.click("text=English")

    await expect(desktop.locator("h1")).to_have_text("Request for information")
    await expect(desktop.locator("#text")).to_have_value("\nСтрока после пустой")
    await expect(desktop.locator("#kind")).to_have_value("citizen")
    assert door.received == []


async def test_when_intake_is_down_the_person_is_told_and_tries_again(desktop: Page, door: DoorTwin) -> None:
    await fill(desktop)
    door.fault = "busy"
    await desktop.click(SEND)
    await expect(desktop.locator(".govuk-error-summary")).to_contain_text("Запрос не принят")
    assert await violations(desktop) == []

    door.fault = None
    await desktop.click(SEND)

    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    assert len(door.messages) == 1


async def test_a_text_that_is_too_long_is_counted_while_it_is_typed(desktop: Page) -> None:
    await desktop.goto("/request")
    await desktop.fill("#text", "я" * 49_998)

    await expect(desktop.locator(".govuk-character-count__status")).to_have_text("Осталось 2 знака")


async def test_nothing_breaks_the_policy_of_the_page(desktop: Page, door: DoorTwin) -> None:
    told: list[str] = []
    desktop.on("console", lambda message: told.append(message.text))
    desktop.on("pageerror", lambda error: told.append(str(error)))

    await fill(desktop)
    await desktop.click(SEND)
    await expect(desktop.locator("h1")).to_have_text("Запрос принят")
    await look_up(desktop)

    assert told == []


async def test_on_paper_the_receipt_is_the_slip(desktop: Page) -> None:
    await fill(desktop)
    await desktop.click(SEND)
    await expect(desktop.locator("[data-print]")).to_be_visible()

    await desktop.emulate_media(media="print")

    await expect(desktop.locator(".web-code")).to_be_visible()
    await expect(desktop.locator(".web-tools")).to_be_hidden()
    await expect(desktop.locator("[data-print]")).to_be_hidden()
