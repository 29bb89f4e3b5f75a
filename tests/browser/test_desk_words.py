"""Finding, confirming a suggestion and taking the register away, in Chromium: by keyboard, on a phone, without JavaScript."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PHONE, sideways, violations
from tests.browser.room import Room, a_room
from tests.examples import anna, boris
from tests.integration.intake.test_words import is_read, taken_in
from tests.stack import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")

LAND = "Прошу сообщить, как рассчитана арендная плата за земельный участок."


@pytest_asyncio.fixture(loop_scope="session")
async def room(chromium: Browser, database: Database, fresh_kafka: str) -> AsyncIterator[Room]:
    async with a_room(database, chromium) as made:
        yield made


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
