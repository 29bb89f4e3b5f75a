"""The site as a whole: what every answer carries, languages, the panel, health."""

import re
from uuid import UUID

import httpx
import pytest

from frontends.site import intake_door
from frontends.site.main import Outside, build
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.settings import load_authority
from libs.chassis.ops.telemetry import Telemetry
from libs.web.assets import Assets
from libs.web.headers import SAFE_HEADERS
from tests.unit.site.conftest import SITE, OpenSite, site_settings
from tests.unit.site.door_twin import KEY, DoorTwin
from tests.unit.site.html import Page

PAGES = ["/", "/request", "/status", "/request/sent/1", "/confirm/abc", "/nowhere"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_carries_the_safe_headers_and_nothing_inline(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)

    assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert not re.search(r"<[^>]* on[a-z]+=", answer.text)
    assert answer.text.count("<script") == answer.text.count('<script type="module" src="/assets/otklik.')


@pytest.mark.requirement("N-0.1")
async def test_the_authoritys_data_come_from_its_file(browser: httpx.AsyncClient) -> None:
    shown = Page((await browser.get("/")).text).text

    assert "Департамент земельных и лесных отношений Приобской области" in shown
    assert "+7 (383) 000-18-00" in shown
    assert "630099, Приобская область" in shown
    assert "приказом от 12.03.2026 № 114" in shown


async def test_the_demonstration_says_that_it_is_one(open_site: OpenSite) -> None:
    async with open_site(demo=True) as demo, open_site(demo=False) as real:
        assert "Демонстрационный режим" in (await demo.get("/request")).text
        assert "Демонстрационный режим" not in (await real.get("/request")).text


@pytest.mark.parametrize("path", PAGES[:5])
async def test_pages_speak_english_when_asked(browser: httpx.AsyncClient, path: str) -> None:
    chosen = await browser.post("/preferences", data={"preference": "language=en", "back": path})

    assert chosen.url.path == path
    page = Page(chosen.text)
    assert page.language == "en"
    assert "Easier to see" in page.text


async def test_intakes_russian_words_are_marked_as_russian_on_an_english_page(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "refused"
    await browser.post("/preferences", data={"preference": "language=en", "back": "/"})
    form = {**Page((await browser.get("/request")).text).values, "text": "What?", "name": "Ann", "email": "ann@example.com"}

    answer = await browser.post("/request", data=form)

    assert '<span lang="ru">Такого номера нет.</span>' in answer.text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb: c", ""])
async def test_the_panel_never_leads_to_another_site(browser: httpx.AsyncClient, back: str) -> None:
    chosen = await browser.post("/preferences", data={"preference": "size=large", "back": back})

    assert (chosen.url.host, chosen.url.path) == ("site.test", "/")
    assert "web-size-large" in chosen.text


async def test_unknown_choices_change_nothing(browser: httpx.AsyncClient) -> None:
    for preference in ("size=gigantic", "colour=red", "language=xx", "", "size"):
        await browser.post("/preferences", data={"preference": preference, "back": "/"})

    shown = await browser.get("/", headers={"cookie": "appearance=size:gigantic.<b>; language=<script>"})

    assert "web-size-normal web-contrast-normal web-spacing-normal" in shown.text
    assert Page(shown.text).language == "ru"


async def test_health_is_ready_without_intake_and_says_so(open_site: OpenSite) -> None:
    async with open_site() as up, open_site(intake_url="http://127.0.0.1:9") as down:
        assert (await up.get("/health/live")).status_code == 200
        ready = (await up.get("/health/ready")).json()
        alone = await down.get("/health/ready")

    assert ready["doors"]["requests"]["ready"]
    assert alone.status_code == 200
    assert not alone.json()["doors"]["requests"]["ready"]


async def test_a_fault_of_ours_is_told_on_a_page_without_a_word_of_its_cause(
    door: DoorTwin, clock: FixedClock, loaded_assets: Assets
) -> None:
    def broken() -> UUID:
        raise RuntimeError("Petrova")

    settings = site_settings(intake_url=door.url)
    async with intake_door.client(door.url, KEY, 1.0) as http:
        outside = Outside(http=http, assets=loaded_assets, clock=clock, new_id=broken, telemetry=Telemetry())
        app = build(settings, load_authority(settings.authority_file), outside)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=SITE) as browser:
            answer = await browser.get("/request")

    assert answer.status_code == 500
    assert "Ошибка на нашей стороне" in answer.text
    assert "Petrova" not in answer.text
    assert {name: answer.headers[name] for name in SAFE_HEADERS} == SAFE_HEADERS


async def test_a_cookie_that_is_not_ours_is_passed_over(browser: httpx.AsyncClient) -> None:
    headers = {"cookie": "receipt=broken; unsent=broken; sent=broken; lookup=gAAAAAB; confirmed=%FF"}

    for path in ("/request", "/request/sent/1", "/request/unsent/1", "/status/view", "/confirm"):
        assert (await browser.get(path, headers=headers)).status_code == 200


def test_the_key_is_not_shown_by_the_settings() -> None:
    assert KEY not in repr(site_settings(intake_url="http://127.0.0.1:9"))
