"""Chromium of the machine, and the site on a real port before a twin of intake's door.

All in one loop for the session, so that the browser starts once: its tests say `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright, expect

from frontends.site import intake_door
from libs.chassis.ops.clock import FixedClock
from libs.web import assets
from local import checks
from tests.unit.site.conftest import NOW, site_app, site_settings
from tests.unit.site.door_twin import KEY, DoorTwin, door_twin, served

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
BROKEN_RULES = """axe.run({resultTypes: ["violations"]})
    .then(({violations}) => violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`)))"""
DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=360, height=740)

expect.set_options(timeout=15_000)  # milliseconds: two cores may be busy


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own browser; where it is missing, its tests are skipped."""
    path = checks.chromium()
    if path is None:
        pytest.skip(checks.chromium_found().advice)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def site_door() -> Iterator[DoorTwin]:
    with door_twin() as twin:
        yield twin


@pytest.fixture
def door(site_door: DoorTwin) -> DoorTwin:
    site_door.reset()
    return site_door


@pytest.fixture(scope="session")
def site_address(site_door: DoorTwin) -> Iterator[str]:
    settings = site_settings(intake_url=site_door.url, demo=True, status_attempts=10_000)
    http = intake_door.client(site_door.url, KEY, 10.0)
    with served(site_app(settings, http, FixedClock(NOW), assets.load()), closing=http.aclose) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def desktop(chromium: Browser, site_address: str) -> AsyncIterator[Page]:
    async with await _context(chromium, site_address, DESKTOP) as context:
        yield await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser, site_address: str) -> AsyncIterator[Page]:
    async with await _context(chromium, site_address, PHONE) as context:
        yield await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def without_javascript(chromium: Browser, site_address: str) -> AsyncIterator[Page]:
    async with await _context(chromium, site_address, PHONE, java_script_enabled=False) as context:
        yield await context.new_page()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def only_page(chromium: Browser, site_address: str) -> AsyncIterator[Page]:
    async with await _context(chromium, site_address, DESKTOP) as context:
        yield await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def glance(only_page: Page) -> Page:
    """For tests that only look: one page, each time as new, because making another takes a second."""
    await only_page.context.clear_cookies()
    await only_page.emulate_media(color_scheme="light")
    await only_page.set_viewport_size(DESKTOP)
    return only_page


async def _context(chromium: Browser, site_address: str, viewport: ViewportSize, *, java_script_enabled: bool = True) -> BrowserContext:
    return await chromium.new_context(
        base_url=site_address,
        locale="ru-RU",
        viewport=viewport,
        java_script_enabled=java_script_enabled,
    )


async def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page, by rule; it is loaded once a page, and what passed, most of what it tells, stays there."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found: list[str] = await page.evaluate(BROKEN_RULES)
    return found


async def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
