"""Cards of the desk by keyboard on a phone without JavaScript, and what is printed of a request: each sheet has its size."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Frame, Page, expect

from local.embedded import free_ports
from services.history.main import build as history
from services.history.settings import HistorySettings
from tests.browser.conftest import PHONE, sideways, violations
from tests.browser.desk import tab_to
from tests.browser.room import Room, a_room
from tests.examples import QUESTION, anna
from tests.integration.intake.test_attachments import SCAN, request_with, upload
from tests.running import Running, running, settings_of
from tests.serving import on_a_port
from tests.stack import Database, Stack, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

POINTS_PER_MM = 72 / 25.4


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def lent(stack: Stack) -> AsyncIterator[Database]:
    async with stack.lent_database("intake", "history") as database:
        yield database


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def room(chromium: Browser, lent: Database) -> AsyncIterator[Room]:
    """One for all tests here: each takes down requests of its own. History is away until a test starts it at the address told here."""
    [history_port] = free_ports(1)
    history_url = f"http://127.0.0.1:{history_port}"
    async with a_room(lent, chromium, site_url="https://otklik.example.org", history_url=history_url, unscanned_files="warn") as made:
        yield made


@pytest.mark.requirement("N-7.1", "N-5.1", "E-17")
async def test_a_call_is_taken_down_by_keyboard_alone_on_a_phone_without_javascript(room: Room) -> None:
    page = await room.signed_in(PHONE, javascript=False)
    await tab_to(page, 'a[href="/desk/new/phone"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Звонок")
    assert await sideways(page) <= 0
    await tab_to(page, "#number")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "#told")
    await page.keyboard.press("Space")
    for field, typed in (("name", anna.name), ("phone", anna.phone), ("text", QUESTION)):
        await tab_to(page, f"#{field}")
        await page.keyboard.type(typed)
    await tab_to(page, "#channel")
    await page.keyboard.press("Space")
    await tab_to(page, "main button[type=submit]")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Запрос записан")
    await expect(page.locator(".govuk-panel__body")).to_contain_text(re.compile(r"ЗИ-\d+/2026"))
    await expect(page.locator(".web-code")).to_be_visible()
    assert await sideways(page) <= 0


@dataclass
class Printed:
    """A PDF as Chromium prints a page; sizes are of each of its pages, in whole millimetres."""

    raw: bytes

    @property
    def sizes(self) -> list[tuple[int, int]]:
        boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", self.raw)
        return [(round(float(width) / POINTS_PER_MM), round(float(height) / POINTS_PER_MM)) for width, height in boxes]


async def printed(page: Page, path: str) -> Printed:
    await page.goto(path)
    await page.evaluate("document.fonts.ready")
    return Printed(await page.pdf(prefer_css_page_size=True))


async def taken_down(page: Page, text: str = QUESTION, *, name: str = anna.name, postal: str = anna.postal) -> str:
    """A letter; returns the id of its request."""
    await page.goto("/desk/new/post")
    await page.fill("#name", name)
    await page.fill("#postal", postal)
    await page.fill("#text", text)
    await page.click("main button[type=submit]")
    await expect(page.locator("h1")).to_have_text("Запрос записан")
    return page.url.rpartition("/")[2]


@pytest.mark.requirement("E-17", "N-7.5")
async def test_each_sheet_is_printed_on_the_paper_that_it_is_for(room: Room) -> None:
    page = await room.signed_in()
    request_id = await taken_down(page)
    sheets = f"/desk/requests/{request_id}/print"
    sizes = {
        f"/desk/new/taken/{request_id}/slip": (105, 148),
        f"{sheets}/slip": (105, 148),
        f"{sheets}/card": (210, 297),
        f"{sheets}/envelope?size=c5": (229, 162),
        f"{sheets}/envelope?size=dl": (220, 110),
        "/desk/requests/print?order=newest": (297, 210),
    }
    assert {path: (await printed(page, path)).sizes for path in sizes} == {path: [size] for path, size in sizes.items()}
    await page.goto(f"{sheets}/card")
    assert await violations(page) == []


@pytest.mark.requirement("N-2.2")
async def test_a_long_request_is_printed_whole_on_as_many_pages_as_it_takes(room: Room) -> None:
    page = await room.signed_in()
    request_id = await taken_down(page, "\n".join(f"Вопрос {number}: сообщите о сделке." for number in range(200)))
    sizes = (await printed(page, f"/desk/requests/{request_id}/print/card")).sizes
    assert len(sizes) > 2
    assert set(sizes) == {(210, 297)}


@pytest.mark.requirement("E-17", "N-3.2")
async def test_the_longest_name_and_address_stand_whole_on_one_envelope(room: Room) -> None:
    page = await room.signed_in()
    request_id = await taken_down(
        page, name=("Общество с ограниченной ответственностью " * 8)[:300], postal=("улица Длинная, дом 1, " * 15)[:300]
    )
    for size, paper in (("c5", (229, 162)), ("dl", (220, 110))):
        assert (await printed(page, f"/desk/requests/{request_id}/print/envelope?size={size}")).sizes == [paper]
        low = await page.evaluate("document.querySelector('.paper__to').getBoundingClientRect().bottom")
        sheet = await page.evaluate("document.querySelector('.paper__sheet').getBoundingClientRect().bottom")
        assert low <= sheet, size


@asynccontextmanager
async def history_of(room: Room, database: Database) -> AsyncIterator[Running]:
    """The service itself, where the desk was told that it is; it hears what intake says."""
    settings = settings_of(HistorySettings, database.environment("history", desk_url=room.address))
    port = int(room.office.town.service.process.settings.history_url.rpartition(":")[2])  # type: ignore[attr-defined]
    async with running("history", settings, history, clock=room.office.clock) as service, on_a_port(service.app, port):
        yield service


async def framed(page: Page) -> Frame:
    """What history draws within the page."""

    async def drawn() -> Frame | None:
        return page.frame(url=re.compile(r".*/timelines/.*"))

    found = await eventually(drawn, what="the timeline within the page")
    assert isinstance(found, Frame)
    return found


async def a_file_is_saved(room: Room, page: Page) -> None:
    """From the timeline within the page of the desk, once history has its copy."""
    request_id = await request_with(room.office, await upload(room.office.town.site))

    async def kept() -> bool:
        await page.goto(f"/desk/requests/{request_id}/client")
        return bool(await (await framed(page)).get_by_text("Файл сохранён в истории").count())

    await eventually(kept, what="history has a copy of the file")
    link = (await framed(page)).get_by_role("link", name="Сохранить файл Скан паспорта.pdf")
    assert await sideways(page) <= 0
    async with page.expect_download() as saving:
        await link.click()
    saved = await saving.value
    raw = await asyncio.to_thread(Path(await saved.path()).read_bytes)
    assert (saved.suggested_filename, raw == SCAN) == ("Скан паспорта.pdf", True)


@pytest.mark.requirement("N-4.6", "D-25", "E-17")
async def test_the_whole_history_of_a_client_opens_from_the_card_by_keys_without_javascript_and_says_when_it_is_away(
    room: Room, lent: Database
) -> None:
    page = await room.signed_in(PHONE, javascript=False)
    request_id = await taken_down(page)
    await page.goto(f"/desk/requests/{request_id}")
    await tab_to(page, f'a[href="/desk/requests/{request_id}/client"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Вся история клиента")
    await expect(page.get_by_text("Историю сейчас показать не получилось")).to_be_visible()
    assert await sideways(page) <= 0
    async with history_of(room, lent) as service:

        async def heard() -> bool:
            async with service.process.pool.acquire() as db:
                told = "SELECT EXISTS (SELECT FROM log WHERE type = 'RequestStatusChanged' AND thread_id = $1::uuid)"
                return bool(await db.fetchval(told, request_id))

        await eventually(heard, what="history has heard of the letter")
        await tab_to(page, f'object a[href="/desk/requests/{request_id}/client"]')
        await page.keyboard.press("Enter")
        timeline = await framed(page)
        await expect(timeline.locator("h1")).to_have_text("История клиента")
        await expect(timeline.get_by_text(QUESTION).first).to_be_visible()
        await expect(timeline.get_by_role("link", name=re.compile(r"Запрос ЗИ-\d+")).first).to_be_visible()
        assert await sideways(page) <= 0
        desktop = await room.signed_in()
        await desktop.goto(f"/desk/requests/{request_id}/client")
        await expect((await framed(desktop)).locator("h1")).to_be_visible()
        assert await violations(desktop) == []
        await desktop.goto(await desktop.locator("object.web-framed").get_attribute("data") or "")
        assert await violations(desktop) == []
        async with service.process.pool.acquire() as db:
            looks = await db.fetchval("SELECT count(*) FROM log WHERE type = 'HistoryViewed'")
        assert looks == 3
        await a_file_is_saved(room, page)
