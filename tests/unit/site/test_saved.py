"""Half a form is put by under a code, goes on in any browser, and is gone once it is sent (N-7.3)."""

import re
from typing import Any

import httpx
import pytest

from frontends.site import saved_pages
from tests.unit.intake.files import PDF
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import DoorTwin
from tests.unit.site.html import Page

pytestmark = pytest.mark.requirement("N-7.3")
HALF = {"text": "Какие участки\r\nсданы?", "name": "Петрова Анна", "email": "anna@"}


async def saved(browser: httpx.AsyncClient, **more: Any) -> str:
    """The code that the page shows."""
    blank = Page((await browser.get("/request")).text).values
    ids = {name: blank[name] for name in ("external_id", "dialogue")}
    answer = await browser.post("/request/save", data={**ids, **HALF}, **more)
    assert answer.url.path == "/request/saved", Page(answer.text).text
    found = re.search(r"(?:[A-Z2-9]{4} ){3}[A-Z2-9]{4}", Page(answer.text).text)
    assert found
    return found[0]


def filled(page: Page) -> dict[str, str]:
    """As it stands, no box ticked."""
    return {name: value for name, value in page.values.items() if not name.startswith("drop-")}


async def test_what_was_typed_and_attached_goes_on_in_another_browser_and_is_destroyed_once_it_is_sent(
    open_site: OpenSite, door: DoorTwin
) -> None:
    async with open_site() as browser, open_site(address="192.0.2.8") as another:
        code = await saved(browser, files={"file": ("план.pdf", PDF, "application/pdf")})
        [kept] = door.saved_forms.values()
        assert kept["uploads"] == ["u-1"]
        page = Page((await another.post("/request/continue", data={"code": code.lower()})).text)
        assert {name: page.values[name] for name in HALF} == HALF | {"text": "Какие участки\nсданы?"}
        assert "план.pdf" in page.text
        again = await another.post("/request/save", data={**filled(page), "name": "Петрова Анна Сергеевна"})
        assert code in Page(again.text).text, "saved again it keeps its code"
        page = Page((await another.post("/request/continue", data={"code": code})).text)
        assert page.values["name"] == "Петрова Анна Сергеевна"
        sent = await another.post("/request", data={**filled(page), "email": "anna@example.ru"})
        assert "Запрос принят" in sent.text
        [message] = door.messages
        assert [file["name"] for file in message["attachments"]] == ["план.pdf"]
        assert door.saved_forms == {}
        gone = await browser.post("/request/continue", data={"code": code})
    assert (gone.status_code, saved_pages.NOTHING_SAVED in Page(gone.text).text) == (404, True)


async def test_intake_sees_neither_the_code_nor_a_word_and_no_address_holds_the_code(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    code = (await saved(browser)).replace(" ", "")
    [kept] = door.saved_forms.values()
    assert code not in str(kept)
    assert not any(word in str(kept) for word in ("участки", "Петрова", "anna@"))
    answer = await browser.post("/request/continue", data={"code": code})
    assert not any(code in str(step.url) for step in (*answer.history, answer))


@pytest.mark.parametrize(("typed", "status", "said"), [("", 422, saved_pages.NO_CODE), ("123", 422, saved_pages.BAD_CODE)])
async def test_what_is_no_code_is_not_even_asked_about(browser: httpx.AsyncClient, typed: str, status: int, said: str) -> None:
    answer = await browser.post("/request/continue", data={"code": typed})
    assert (answer.status_code, said in Page(answer.text).text) == (status, True)


async def test_guessing_and_saving_are_bounded_for_one_address(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site(status_attempts=1, saves_per_address=1) as browser:
        code = await saved(browser)
        assert (await browser.post("/request/save", data=HALF)).status_code == 429
        answers = [await browser.post("/request/continue", data={"code": "A" * 16}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [404, 429]
        assert (await browser.post("/request/continue", data={"code": code})).status_code == 429
    assert len(door.saved_forms) == 1


async def test_while_intake_is_away_nothing_that_was_typed_is_lost(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "busy"
    answer = await browser.post("/request/save", data=HALF)
    page = Page(answer.text)
    assert "Сейчас не получается это сделать" in page.text
    assert page.values["name"] == HALF["name"]
    away = await browser.post("/request/continue", data={"code": "A" * 16})
    assert away.status_code == 503


async def test_without_having_saved_anything_the_receipt_leads_to_the_question(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/request/saved")).url.path == "/request/continue"
