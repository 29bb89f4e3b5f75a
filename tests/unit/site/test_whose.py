"""The site shows the authority as intake tells it, keeps what it knows while intake is away, and begins with its own file (N-0.1)."""

import httpx
import pytest
from starlette.requests import Request

from frontends.site import intake_door
from frontends.site.how_pages import HowPages
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.office import OfficeSign
from frontends.site.whose import Whose
from libs.chassis.ops.settings import Authority, load_authority
from libs.web.assets import REPOSITORY, Assets
from libs.web.pages import Pages
from services.intake.authority.api import AuthorityAnswer
from tests.unit.site.conftest import AUTHORITY_FILE, OpenSite
from tests.unit.site.door_twin import AUTHORITY, KEY, DoorTwin
from tests.unit.site.html import Page

FILE = load_authority(AUTHORITY_FILE)


def whose(http: httpx.AsyncClient, file: Authority = FILE) -> Whose:
    return Whose(file, IntakeDoor(http))


@pytest.mark.requirement("N-0.1")
async def test_the_site_takes_what_intake_tells_and_asks_for_news_alone(door: DoorTwin) -> None:
    async with intake_door.client(door.url, KEY, 1.0) as http:
        site = whose(http)
        assert (site.masthead.name, site.zone.key) == (FILE.name, "Asia/Novosibirsk")
        await site.look()
        assert (site.masthead.name, site.masthead.phones, site.zone.key) == (AUTHORITY["name"], ("112",), "Asia/Omsk")
        await site.look()
        assert (site.masthead.name, door.unchanged) == (AUTHORITY["name"], 1)
        door.authority["name"] = "Служба земельного надзора"
        await site.look()
        assert (site.masthead.name, door.unchanged) == ("Служба земельного надзора", 1)


@pytest.mark.requirement("N-0.1")
@pytest.mark.parametrize("fault", ["busy", "broken", "silent", "foreign"])
async def test_what_is_known_stays_while_intake_is_away_or_says_nonsense(door: DoorTwin, fault: str) -> None:
    async with intake_door.client(door.url, KEY, 0.5) as http:
        site = whose(http)
        await site.look()
        door.fault = fault
        with pytest.raises(IntakeUnavailableError):
            await site.look()
        assert site.masthead.name == AUTHORITY["name"]
    async with intake_door.client("http://127.0.0.1:1", KEY, 0.5) as nowhere:
        with pytest.raises(IntakeUnavailableError):
            await whose(nowhere).look()


@pytest.mark.requirement("N-5.1", "A-1.1", "E-19")
async def test_how_to_ask_tells_every_way_that_is_not_for_staff_alone_what_to_write_and_the_terms(
    open_site: OpenSite, door: DoorTwin
) -> None:
    async with open_site() as browser:
        before = Page((await browser.get("/how")).text)
        for told in (*FILE.phones, FILE.postal_address, FILE.hours, "Одноклассники", "Почта", "Ответим в срок, установленный законом."):
            assert told in before.text
        assert "Внутреннее обращение" not in before.text
        assert "https://vk.com/example" in before.links


@pytest.mark.requirement("N-5.1", "A-1.1", "N-1.3")
async def test_the_ways_and_the_terms_are_those_that_intake_tells(door: DoorTwin, loaded_assets: Assets) -> None:
    async with intake_door.client(door.url, KEY, 10.0) as http:
        site = whose(http)
        await site.look()
        pages = Pages(folder=REPOSITORY / "frontends" / "site", assets=loaded_assets, masthead=lambda: site.masthead)
        how = HowPages(pages=pages, whose=site, office=OfficeSign(IntakeDoor(http)))
        answer = await how.how(Request({"type": "http", "method": "GET", "path": "/how", "headers": [], "query_string": b""}))
    page = Page(bytes(answer.body).decode())
    assert {"https://vk.com/les", "mailto:les@example.org", "tel:112", "/request"} <= set(page.links)
    assert "Сейчас закрыто откроемся 23 ноября 2026 года" in page.text
    assert "Ответим в течение 20 дней со дня регистрации." in page.text
    assert "Запросы принимаем и так: Сайт." in page.text
    assert "каб. 5" not in page.text


def test_the_twin_of_the_door_tells_what_intake_tells() -> None:
    assert AuthorityAnswer.model_validate(AUTHORITY).model_dump(mode="json") == AUTHORITY
