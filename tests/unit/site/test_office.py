"""The start page says whether somebody answers the phones now, and stands without intake, too (N-7.2)."""

import httpx
import pytest

from frontends.site import intake_door
from frontends.site.intake_door import IntakeDoor
from frontends.site.office import FRESH_SECONDS, OfficeSign
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import KEY, DoorTwin
from tests.unit.site.html import Page


@pytest.mark.requirement("N-7.2")
async def test_the_start_page_says_until_when_it_is_open(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.open_until = "2026-11-23T13:00:00+07:00"
    assert "Сейчас открыто до 13:00" in Page((await browser.get("/")).text).text


@pytest.mark.requirement("N-7.2")
async def test_the_start_page_says_when_it_opens(browser: httpx.AsyncClient) -> None:
    assert "Сейчас закрыто откроемся 23 ноября 2026 года, 09:00" in Page((await browser.get("/")).text).text


@pytest.mark.requirement("N-7.2", "D-13")
@pytest.mark.parametrize("fault", ["busy", "broken", "silent", "foreign"])
async def test_while_intake_is_away_the_hours_in_words_are_all_that_is_said(open_site: OpenSite, door: DoorTwin, fault: str) -> None:
    door.fault = fault
    async with open_site() as browser:
        answer = await browser.get("/")
    assert answer.status_code == 200
    shown = Page(answer.text).text
    assert "понедельник–четверг с 9:00 до 18:00" in shown
    assert "Сейчас" not in shown


@pytest.mark.requirement("N-7.2")
async def test_intake_is_asked_once_in_a_while_whatever_it_answers(door: DoorTwin) -> None:
    now = 100.0
    async with intake_door.client(door.url, KEY, 10) as http:
        sign = OfficeSign(IntakeDoor(http), now=lambda: now)
        first = await sign.look()
        assert first is not None
        assert not first.open
        door.open_until = "2026-11-23T13:00:00+07:00"
        assert await sign.look() == first
        now += FRESH_SECONDS
        found = await sign.look()
        assert found is not None
        assert found.open
        door.fault = "broken"
        now += FRESH_SECONDS
        assert await sign.look() is None
        door.fault = None
        assert await sign.look() is None
