"""The link of the first letter: opening it changes nothing, the button does (mail scanners open links)."""

import httpx
import pytest

from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import TOKEN, DoorTwin


@pytest.mark.requirement("N-3.4")
async def test_opening_the_link_changes_nothing_and_the_button_confirms(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await browser.head(f"/confirm/{TOKEN}")
    opened = await browser.get(f"/confirm/{TOKEN}")
    assert opened.status_code == 200
    assert "Да, это мой адрес" in opened.text
    assert door.confirmed == []

    confirmed = await browser.post(f"/confirm/{TOKEN}")

    assert confirmed.url.path == "/confirm"
    assert "Адрес подтверждён" in confirmed.text
    assert "i***@example.ru" in confirmed.text
    assert door.confirmed == [TOKEN]


async def test_a_reload_confirms_nothing_twice(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    await browser.post(f"/confirm/{TOKEN}")

    assert "Адрес подтверждён" in (await browser.get("/confirm")).text
    assert door.confirmed == [TOKEN]


@pytest.mark.parametrize("token", ["wrong", "x" * 3000, "%00", "%22%3E%3Cscript%3E"])
async def test_a_link_that_is_not_valid_is_told_kindly(browser: httpx.AsyncClient, door: DoorTwin, token: str) -> None:
    assert "<script>" not in (await browser.get(f"/confirm/{token}")).text

    answer = await browser.post(f"/confirm/{token}")

    assert answer.status_code == 404
    assert "Ссылка не действует" in answer.text


async def test_when_intake_is_down_the_button_stays(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "busy"

    answer = await browser.post(f"/confirm/{TOKEN}")

    assert answer.status_code == 503
    assert "Да, это мой адрес" in answer.text


async def test_guessing_links_is_stopped(open_site: OpenSite) -> None:
    async with open_site(status_attempts=2) as browser:
        answers = [await browser.post("/confirm/wrong") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
