"""Staff at the desk in Chromium, against the real processes of the town."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from local import checks
from tests.browser.conftest import DESKTOP, FLAGS
from tests.journey.contacts import BY_CARD, Contact

SEND = "main form button[type=submit]"
PHONE = "+7 (383) 111-11-11"


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    path = checks.chromium()
    if path is None:
        pytest.skip(checks.chromium_found().advice)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


async def new_page(browser: Browser, address: str) -> Page:
    """With cookies of its own: another person's."""
    context = await browser.new_context(base_url=address, locale="ru-RU", viewport=DESKTOP)
    return await context.new_page()


async def fill(where: Page | Locator, **typed: str) -> None:
    """Fields by their names, whatever kind each is of; a button of a group is chosen by its value."""
    for name, value in typed.items():
        field = where.locator(f'[name="{name}"]').first
        kind = await field.evaluate("one => one.type")
        if kind.startswith("select"):
            await field.select_option(value)
        elif kind == "radio":
            await where.locator(f'[name="{name}"][value="{value}"]').check()
        elif kind == "checkbox":
            await field.check()
        else:
            await field.fill(value)


@dataclass
class Desk:
    """One member of staff before a page of the desk; `cards` is where requests are, by number, as the register says."""

    page: Page
    cards: dict[str, str] = field(default_factory=dict)

    async def sign_in(self, login: str, temporary: str, password: str) -> None:
        """For the first time, so with another password afterwards."""
        await self.page.goto("/desk/sign-in")
        await fill(self.page, login=login, password=temporary)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("h1")).to_have_text("Новый пароль")
        await fill(self.page, password=password)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("h1")).to_have_text("Дела")

    async def act(self, number: str, command: str, **typed: str) -> None:
        """One step with a request, found by its number; what is filled already is left."""
        await self.look_for(number)
        form = self.page.locator(f"#form-{command}")
        if not await form.is_visible():
            await self.page.locator("details", has=form).locator("summary").click()
        await fill(form, **{f"{command}-{name}": value for name, value in typed.items()})
        await form.locator("button[type=submit]").click()
        await expect(self.page).to_have_url(re.compile(rf"\?done={command}$"))

    async def read_register(self) -> None:
        await self.page.goto("/desk/requests?order=newest")
        links = await self.page.locator("tbody a.web-number").all()
        self.cards = {await one.inner_text(): await one.get_attribute("href") or "" for one in links}

    async def look_for(self, number: str) -> None:
        """Its card: the one that is open, or as the register leads to it, or by the search."""
        card = self.page.locator("h1 .web-number")
        if await card.count() and await card.inner_text() == number:
            return
        if number in self.cards:
            await self.page.goto(self.cards[number])
        else:
            await self.page.goto("/desk/")
            await fill(self.page, text=number)
            await self.page.keyboard.press("Enter")
        await expect(card).to_have_text(number)

    async def stands(self, said: str) -> None:
        """What the card says of the request that was looked for."""
        await expect(self.page.locator(".govuk-tag").first).to_have_text(said)

    async def take_down(self, contact: Contact) -> None:
        """What was said on the phone, in person or on paper; number and code are handed over."""
        card = BY_CARD[contact.point]
        typed = {"name": contact.name, "text": contact.text, "kind": contact.kind, "email": contact.email}
        typed["channel"] = "email" if contact.email else "none"
        typed |= (
            {"point": contact.point, "postal": "630099, г. Обск, ул. Садовая, д. 1"} if card == "post" else {"phone": "+7 913 000-00-01"}
        )
        await self.page.goto(f"/desk/new/{card}")
        if card == "phone":
            typed["number"] = PHONE
        await fill(self.page, **typed)
        await self.page.click(SEND)
        await expect(self.page.locator("h1")).to_have_text("Запрос записан")
        await read_receipt(self.page, contact)


async def send_form(page: Page, contact: Contact) -> None:
    """The form of the site."""
    await page.goto("/request")
    await fill(page, text=contact.text, name=contact.name, kind=contact.kind, email=contact.email)
    await page.click(SEND)
    await expect(page.locator("h1")).to_have_text("Запрос принят")
    await read_receipt(page, contact)


async def read_receipt(page: Page, contact: Contact) -> None:
    contact.number = await page.locator(".govuk-panel__body strong").inner_text()
    contact.code = re.sub(r"\s", "", await page.locator(".web-code").inner_text())


async def status_of(page: Page, contact: Contact) -> str:
    """What the status page of the site says to who has number and code."""
    await page.goto("/status")
    await fill(page, number=contact.number, code=contact.code)
    await page.click(SEND)
    await expect(page.locator("h1")).to_contain_text(contact.number)
    return (await page.locator(".web-state h2").inner_text()).casefold()
