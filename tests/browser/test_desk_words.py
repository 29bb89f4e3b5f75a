"""Finding, confirming a suggestion and taking the register away, in Chromium: by keyboard, on a phone, without JavaScript."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from local import checks
from tests.browser.conftest import DESKTOP, FLAGS, PHONE, sideways, violations
from tests.examples import anna, boris
from tests.integration.intake.people import LOGIN, PASSWORD, Office, office
from tests.integration.intake.test_words import is_read, taken_in
from tests.stack import Database, eventually

LAND = "Прошу сообщить, как рассчитана арендная плата за земельный участок."


@asynccontextmanager
async def on_a_port(app: FastAPI) -> AsyncIterator[str]:
    """In this very loop, where its pool of connections lives."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve())

    async def is_open() -> bool:
        return server.started

    try:
        await eventually(is_open, what="the desk listens")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@dataclass
class Room:
    """A desk on a real port, and a browser before it."""

    office: Office
    address: str
    browser: Browser

    async def signed_in(self, viewport: ViewportSize = DESKTOP, *, javascript: bool = True) -> Page:
        context = await self.browser.new_context(base_url=self.address, locale="ru-RU", viewport=viewport, java_script_enabled=javascript)
        page = await context.new_page()
        await page.goto("/desk/sign-in")
        await page.fill("#login", LOGIN)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Дела")
        return page


@pytest.fixture
async def room(database: Database, fresh_kafka: str) -> AsyncIterator[Room]:
    path = checks.chromium()
    if path is None:
        pytest.skip("Chromium is missing; on Debian: apt-get install chromium")
    async with office(database) as made, on_a_port(made.town.service.app) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield Room(made, address, browser)
        await browser.close()


async def taken_pictures(page: Page, name: str) -> None:
    """Where somebody wants to look at them."""
    if folder := os.environ.get("OTKLIK_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.requirement("N-8.3", "E-17")
async def test_a_name_is_found_by_keyboard_on_a_phone_without_javascript_and_stands_in_no_address(room: Room) -> None:
    await taken_in(room.office, "m-1", text=LAND)
    await taken_in(room.office, "m-2", who=boris, text=LAND)
    await is_read(room.office.town)
    page = await room.signed_in(PHONE, javascript=False)
    await page.focus("#text")
    await page.keyboard.type("запланир")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Найденные запросы")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text(anna.name)
    assert page.url == f"{room.address}/desk/find"
    assert await sideways(page) <= 0
    await taken_pictures(page, "found-phone")
    await page.goto("/desk/requests")
    assert await sideways(page) <= 0
    await taken_pictures(page, "register-phone")


@pytest.mark.requirement("N-8.4", "E-17")
async def test_enter_alone_confirms_what_was_suggested(room: Room) -> None:
    request_id = await taken_in(room.office, "m-1", text=LAND)
    await taken_in(room.office, "m-2", who=boris, text=LAND)
    await is_read(room.office.town)
    page = await room.signed_in()
    await page.goto(f"/desk/requests/{request_id}")
    await expect(page.locator("#alike")).to_contain_text("Запросов с тем же текстом: 1")
    await taken_pictures(page, "card")
    assert await violations(page) == []
    await expect(page.get_by_role("button", name="Классифицировать")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".web-tags")).to_contain_text("классифицирован")
    await page.goto(f"/desk/requests?order=newest&same={request_id}")
    await expect(page.locator("tbody tr")).to_have_count(2)
    assert await violations(page) == []
    await taken_pictures(page, "register")


@pytest.mark.requirement("N-8.3")
async def test_the_register_is_downloaded_without_javascript(room: Room) -> None:
    await taken_in(room.office)
    page = await room.signed_in(javascript=False)
    await page.goto("/desk/requests?order=newest")
    async with page.expect_download() as download:
        await page.click("text=таблица XLSX")
    file = await download.value
    assert file.suggested_filename == "register-2026-11-16.xlsx"
    assert (await file.path()).stat().st_size > 1_000
