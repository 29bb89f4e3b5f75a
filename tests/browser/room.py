"""A desk of one test's own on a real port, and a browser before it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP
from tests.integration.intake.people import LOGIN, PASSWORD, Office, office
from tests.serving import on_a_port
from tests.stack import Database


@dataclass
class Room:
    office: Office
    address: str
    browser: Browser
    contexts: AsyncExitStack

    async def page(self, viewport: ViewportSize = DESKTOP, *, javascript: bool = True) -> Page:
        made = await self.browser.new_context(base_url=self.address, locale="ru-RU", viewport=viewport, java_script_enabled=javascript)
        return await (await self.contexts.enter_async_context(made)).new_page()

    async def signed_in(self, viewport: ViewportSize = DESKTOP, *, javascript: bool = True) -> Page:
        page = await self.page(viewport, javascript=javascript)
        await page.goto("/desk/sign-in")
        await page.fill("#login", LOGIN)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Дела")
        return page


@asynccontextmanager
async def a_room(database: Database, chromium: Browser, **told: Any) -> AsyncIterator[Room]:
    async with office(database, **told) as made, on_a_port(made.town.service.app) as port, AsyncExitStack() as contexts:
        yield Room(made, f"http://127.0.0.1:{port}", chromium, contexts)
