"""Intake with its desk on a real port, with an office in it, for the browser: real Kafka and PostgreSQL behind it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, expect

from tests.integration.intake.people import LOGIN, PASSWORD, Office, office
from tests.integration.intake.town import said
from tests.serving import on_a_port
from tests.stack import Database

MOST_TABS = 80


@dataclass
class Desk:
    """`address` is that of the service; `office` is behind it."""

    address: str
    office: Office

    async def take_in(self, count: int, prefix: str) -> None:
        """So many requests by the site's form."""
        for number in range(count):
            answer = await self.office.town.site.post(said(f"{prefix}-{number}", received_at=self.office.clock.now()))
            assert answer.status_code == 201, answer.text


@asynccontextmanager
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with office(database) as made, on_a_port(made.town.service.app) as port:
        yield Desk(f"http://127.0.0.1:{port}", made)


async def sign_in(page: Page, login: str = LOGIN, password: str = PASSWORD) -> None:
    """By keys alone."""
    await page.goto("/desk/sign-in")
    await tab_to(page, "#login")
    await page.keyboard.type(login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk/")


async def tab_to(page: Page, selector: str) -> None:
    """Until what the selector means has the focus."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{MOST_TABS} presses of Tab do not reach {selector} on {page.url}")


async def to_content(page: Page) -> None:
    """Past the header by the first link of every page, as whoever has only keys goes."""
    await tab_to(page, ".govuk-skip-link")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("#main-content$"))


async def choose(page: Page, value: str) -> None:
    """In the select that has the focus, by arrows."""
    await page.keyboard.press("Home")
    for _ in range(MOST_TABS):
        if await page.evaluate("document.activeElement.value") == value:
            return
        await page.keyboard.press("ArrowDown")
    raise AssertionError(f"the list has no {value}")
