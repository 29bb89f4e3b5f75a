"""The desk as staff meet it: by keys alone, without JavaScript, on a phone, enlarged, in colours of their own."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE, sideways, violations
from tests.browser.desk import Desk, choose, desk, sign_in, tab_to, to_content
from tests.browser.test_desk_words import taken_pictures
from tests.integration.intake.people import LOGIN, PASSWORD
from tests.stack import Stack
from tests.unit.intake.files import PDF

pytestmark = pytest.mark.asyncio(loop_scope="session")

REQUESTS = 20
ENLARGED = (ViewportSize(width=640, height=450), ViewportSize(width=320, height=256))  # 1280 × 900 at 200 % and at 400 %
PAGES = [
    "/",
    "/requests",
    "/requests?status=registered&order=newest",
    "/me",
    "/me/second-factor",
    "/accounts",
    "/requests?status=closed",
    "/requests/views",
    "/requests/print",
    "/new/phone",
    "/new/reception",
    "/new/post",
    "/indicators?first=2026-10-01&last=2026-12-31",
    "/board",
    "/texts",
    "/calendar",
    "/calendar?year=2027&moved=3",
    "/settings",
    "/settings/profile",
    "/settings/topics",
    "/settings/units",
    "/settings/types",
    "/settings/points",
    "/settings/load-points",
    "/settings/mail",
    "/settings/changes",
    "/nowhere",
]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def served(stack: Stack) -> AsyncIterator[Desk]:
    async with stack.lent_database("intake") as database, desk(database) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def entered(chromium: Browser, served: Desk) -> AsyncIterator[Page]:
    """One page for the tests that only look: signing in once spares a minute."""
    page = await signed_in(chromium, served)
    yield page
    await page.context.close()


async def looks_right(page: Page) -> None:
    """Axe as it is and in forced colours on a phone; nothing is wider than its window at 200 %, at 400 % and on a phone."""
    await page.emulate_media(forced_colors="none")
    await page.set_viewport_size(DESKTOP)
    await page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    assert await violations(page) == []
    for viewport in (*ENLARGED, PHONE):
        await page.set_viewport_size(viewport)
        assert await sideways(page) == 0, viewport
    await page.emulate_media(forced_colors="active")
    assert await violations(page) == []


async def signed_in(chromium: Browser, served: Desk, viewport: ViewportSize = DESKTOP, *, script: bool = True, login: str = LOGIN) -> Page:
    context = await chromium.new_context(base_url=served.address, locale="ru-RU", viewport=viewport, java_script_enabled=script)
    page = await context.new_page()
    if script:
        await sign_in(page, login)
    else:
        await page.goto("/desk/sign-in")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.click("main button[type=submit]")
    await expect(page.locator("h1")).to_have_text("Дела")
    return page


@pytest.mark.requirement("N-8.1", "N-8.3", "N-8.4", "N-8.5", "S-5", "S-7")
async def test_a_registrar_classifies_and_assigns_twenty_requests_by_keys_alone(chromium: Browser, served: Desk) -> None:
    await served.take_in(REQUESTS, "keys")
    page = await signed_in(chromium, served)
    for left in range(REQUESTS, 0, -1):
        await page.goto("/desk/")
        await to_content(page)
        await tab_to(page, "main a[href*='status=registered']")
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(left)
        await to_content(page)
        await tab_to(page, "tbody a")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk/requests/*-*")
        await to_content(page)
        for field, value in (
            ("type", "information"),
            ("topic", "land"),
            ("urgency", "ordinary"),
            ("unit", "land"),
            ("client_kind", "citizen"),
        ):
            await tab_to(page, f"#classify-{field}")
            await choose(page, value)
        await tab_to(page, "button[type=submit]")
        await page.keyboard.press("Enter")
        await expect(page.locator(".govuk-tag").first).to_have_text("классифицирован")
        await tab_to(page, "#assign-unit")
        await choose(page, "land")
        await tab_to(page, "button[type=submit]")
        await page.keyboard.press("Enter")
        await expect(page.locator(".govuk-tag").first).to_have_text("передан исполнителю")
    await page.context.close()


@pytest.mark.requirement("E-11", "R-21")
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_of_the_desk_breaks_a_rule_of_accessibility_or_its_window(entered: Page, path: str) -> None:
    await entered.goto(f"/desk{path}")
    await looks_right(entered)


MISTAKES = [
    "/new/phone",
    "/new/reception",
    "/new/post",
    "/accounts",
    "/texts",
    "/calendar",
    "/settings/topics",
    "/settings/points",
    "/settings/load-points",
    "/settings/mail",
    "/me",
]


@pytest.mark.requirement("E-11", "R-21")
@pytest.mark.parametrize("path", MISTAKES)
async def test_a_form_that_was_sent_empty_says_what_is_wrong_and_breaks_no_rule(entered: Page, path: str) -> None:
    await entered.goto(f"/desk{path}")
    await entered.locator("main form button[type=submit]").last.click()
    await expect(entered.locator(".govuk-error-summary")).to_be_visible()
    await looks_right(entered)


@pytest.mark.requirement("E-11")
async def test_on_a_phone_no_table_of_the_calendar_is_cut_off(chromium: Browser, served: Desk) -> None:
    page = await signed_in(chromium, served, PHONE)
    await page.goto("/desk/calendar")
    assert await page.evaluate("[...document.querySelectorAll('.web-scroll')].map(one => one.scrollWidth - one.clientWidth)") == [0]
    await page.context.close()


@pytest.mark.requirement("E-11", "R-21")
async def test_a_card_with_everything_open_and_with_mistakes_shown_breaks_no_rule(chromium: Browser, served: Desk) -> None:
    await served.take_in(1, "card")
    page = await signed_in(chromium, served)
    await page.goto("/desk/requests?status=registered")
    await page.click("tbody a")
    await page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    assert await violations(page) == []
    await page.get_by_role("button", name="Продлить срок").click()
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    assert await violations(page) == []
    for viewport in (*ENLARGED, PHONE):
        await page.set_viewport_size(viewport)
        assert await sideways(page) == 0, viewport
    assert await violations(page) == []
    await page.context.close()


@pytest.mark.requirement("N-8.3", "N-8.4")
async def test_who_has_a_card_open_sees_who_else_has_and_that_it_changed(chromium: Browser, served: Desk) -> None:
    await served.take_in(1, "live")
    await served.office.somebody("oleg", "registrar")
    hers, his = await signed_in(chromium, served), await signed_in(chromium, served, login="oleg")
    await hers.goto("/desk/requests?status=registered&order=newest")
    await hers.click("tbody a")
    await his.goto(hers.url)
    await expect(hers.locator("[data-live-others]")).to_have_text("Эту карточку сейчас открыли ещё: Запланированный Сергей")
    await expect(his.locator("[data-live-others]")).to_contain_text("Запланированная Вершинина Ольга")
    await expect(hers.locator("[data-live-changed]")).to_be_hidden()
    assert await violations(hers) == []
    for field, value in (("type", "information"), ("topic", "land"), ("unit", "land"), ("client_kind", "citizen")):
        await his.select_option(f"#classify-{field}", value)
    await his.get_by_role("button", name="Классифицировать").click()
    await expect(hers.locator("[data-live-changed]")).to_be_visible()
    assert await violations(hers) == []
    await hers.get_by_role("link", name="Показать, каким он стал").click()
    await expect(hers.locator(".govuk-tag").first).to_have_text("классифицирован")
    await expect(hers.locator("[data-live-changed]")).to_be_hidden()
    await hers.context.close()
    await his.context.close()


@pytest.mark.requirement("N-8.3", "N-8.4", "E-11")
async def test_filters_get_a_name_and_all_rows_of_a_page_are_classified_at_once_by_keys(chromium: Browser, served: Desk) -> None:
    await served.take_in(3, "many")
    page = await signed_in(chromium, served)
    await page.goto("/desk/requests?status=registered")
    rows = await page.locator("tbody tr").count()
    await tab_to(page, "details:has(#name) summary")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Ждут классификации")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Ждут классификации")).to_have_attribute("aria-current", "page")
    await tab_to(page, "#all")
    await page.keyboard.press("Space")
    await expect(page.locator("tbody input:checked")).to_have_count(rows)
    await looks_right(page)
    await taken_pictures(page, "views-register-phone")
    await page.set_viewport_size(DESKTOP)
    await taken_pictures(page, "views-register")
    await tab_to(page, "#together button")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text(f"Выбрано запросов: {rows}")
    await looks_right(page)
    for field, value in (("type", "information"), ("topic", "land"), ("unit", "land"), ("client_kind", "citizen")):
        await page.select_option(f"#classify-{field}", value)
    await taken_pictures(page, "together-phone")
    await page.get_by_role("button", name="Проверить").first.click()
    await expect(page.locator("tbody tr td:last-child")).to_contain_text(["классифицирован"] * rows)
    await looks_right(page)
    await taken_pictures(page, "together-asked-phone")
    await tab_to(page, "main button[type=submit]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".govuk-notification-banner")).to_contain_text(f"Сделано для всех запросов: {rows}")
    await looks_right(page)
    await taken_pictures(page, "together-done-phone")
    await page.goto("/desk/requests/views")
    await looks_right(page)
    await page.set_viewport_size(DESKTOP)
    await taken_pictures(page, "views")
    await page.context.close()


@pytest.mark.requirement("N-8.4", "E-11")
async def test_a_request_is_classified_on_a_phone_without_javascript(chromium: Browser, served: Desk) -> None:
    await served.take_in(1, "phone")
    page = await signed_in(chromium, served, PHONE, script=False)
    await page.click("main a[href*='status=registered']")
    await page.click("tbody a")
    for field, value in (("type", "information"), ("topic", "forest"), ("unit", "forest"), ("client_kind", "citizen")):
        await page.select_option(f"#classify-{field}", value)
    await page.get_by_role("button", name="Классифицировать").click()
    await expect(page.locator(".govuk-tag").first).to_have_text("классифицирован")
    await page.context.close()


@pytest.mark.requirement("E-11")
async def test_who_reads_english_better_gets_the_desk_in_english(chromium: Browser, served: Desk) -> None:
    page = await signed_in(chromium, served)
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    ours = "() => [...document.querySelectorAll('main :not([lang=ru]) ')].filter(one => !one.closest('[lang=ru]')).map(one => "
    words = await page.evaluate(
        f"{ours}[...one.childNodes].filter(each => each.nodeType === 3).map(each => each.data).join(' ')).join(' ')"
    )
    assert re.findall("[а-яё]+", words, re.IGNORECASE) == []
    assert await violations(page) == []
    await page.context.close()


@pytest.mark.requirement("A-3.6.1", "A-3.6.2", "A-3.6.3", "N-9.2", "S-21", "S-22", "S-23", "S-25", "S-26")
async def test_an_answer_goes_from_its_draft_to_the_letter_and_the_head_approves_on_a_phone_without_javascript(
    chromium: Browser, served: Desk
) -> None:
    await served.take_in(1, "answer")
    for login, role in (("avtor", "executor"), ("proverka", "checker"), ("glava", "head")):
        await served.office.somebody(login, role, unit="forest")
    registrar = await signed_in(chromium, served)
    await registrar.goto("/desk/requests?status=registered&order=newest")
    await registrar.click("tbody a")
    for field, value in (("type", "information"), ("topic", "forest"), ("unit", "forest"), ("client_kind", "citizen")):
        await registrar.select_option(f"#classify-{field}", value)
    await press(registrar, "Классифицировать")
    await press(registrar, "Передать исполнителю")
    author = await signed_in(chromium, served, login="avtor")
    await author.goto(registrar.url)
    await press(author, "Подготовить проект ответа")
    await expect(author.locator(".govuk-error-summary")).to_contain_text("Напишите текст ответа.")
    await author.fill("#prepare-draft-text", "Лес передаётся в аренду по итогам торгов.")
    await press(author, "Подготовить проект ответа")
    await author.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
    await author.select_option("#prepare-draft-scope", "partial")
    await author.select_option("#prepare-draft-refusal_ground", "restricted")
    for field, text in (("withheld", "Сведения об арендаторе"), ("motive", "Это персональные данные."), ("restricting_act", "152-ФЗ")):
        await author.fill(f"#prepare-draft-{field}", text)
    await author.fill("#prepare-draft-text", "Лес передаётся в аренду по итогам открытых торгов.")
    names = ("План участка.pdf", "Договор аренды.pdf")
    await author.set_input_files("#files", [FilePayload(name=name, mimeType="application/pdf", buffer=PDF) for name in names])
    await press(author, "Приложить и показать")
    await looks_right(author)
    await author.get_by_role("group", name=names[1]).get_by_label("Ограниченного доступа").check()
    await press(author, "Подготовить проект ответа")
    await looks_right(author)
    await expect(author.get_by_role("list", name="Файлы ответа")).to_contain_text(["План участка.pdf"])
    await expect(author.locator("main ins")).to_contain_text(["открытых"])
    checker = await signed_in(chromium, served, login="proverka")
    await checker.goto(registrar.url)
    await press(checker, "Отметить проект проверенным")
    await author.goto(registrar.url)
    await press(author, "Отправить на согласование")
    head = await signed_in(chromium, served, PHONE, script=False, login="glava")
    await head.goto(registrar.url)
    await press(head, "Согласовать")
    await expect(head.locator(".govuk-tag").first).to_have_text("согласован")
    await author.goto(registrar.url)
    await press(author, "Подписать и отправить ответ")
    await expect(author.locator(".govuk-tag").first).to_have_text("ответ дан частично")
    await author.get_by_role("link", name="Напечатать ответ").click()
    await expect(author.locator("main")).to_contain_text("Не предоставлено: Сведения об арендаторе.")
    await expect(author.locator("main")).to_contain_text("Не приложены файлы ограниченного доступа: 1.")
    assert await violations(author) == []
    for page in (registrar, author, checker, head):
        await page.context.close()


async def press(page: Page, button: str) -> None:
    """The form of that name, open or not yet."""
    form = page.locator("details", has=page.get_by_role("button", name=button, exact=True, include_hidden=True))
    if await form.get_attribute("open") is None:
        await form.locator("summary").click()
    await page.get_by_role("button", name=button, exact=True).click()
    await page.wait_for_load_state()
