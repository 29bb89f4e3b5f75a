"""Answers on paper: taken as a file by whose they are, and asked about by anybody who holds one (N-9.5)."""

from typing import Any

import httpx
import pytest

from frontends.site import verify_pages
from frontends.site.marks import legible, mark_of
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import DoorTwin
from tests.unit.site.html import Page
from tests.unit.site.test_status import looked_up

MARK = "0123456789abcdef" * 4
LETTER: dict[str, Any] = {"out_no": "ИСХ-7/2026", "sent_on": "2026-11-20", "sha256": MARK}


async def asked(browser: httpx.AsyncClient, number: str = "ИСХ-7/2026", mark: str = MARK) -> httpx.Response:
    return await browser.post("/verify", data={"number": number, "mark": mark})


@pytest.mark.requirement("E-10", "N-9.5", "N-6.2")
async def test_the_answer_is_taken_as_a_file_from_the_page_of_the_request(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.letter, door.answer, door.status = LETTER, "Да.", "answered"
    assert (await browser.get("/status/answer.pdf")).url.path == "/status/ended"
    page = await looked_up(browser)
    assert legible(MARK) in Page(page.text).text
    for address, said in (("/status/answer.pdf", b"%PDF-usual"), ("/status/answer.pdf?large=yes", b"%PDF-large")):
        assert f'href="{address}"' in page.text
        file = await browser.get(address)
        assert (file.content, file.headers["content-type"], file.headers["cache-control"]) == (said, "application/pdf", "no-store")
        assert file.headers["content-disposition"].startswith("attachment")


@pytest.mark.requirement("E-10", "N-9.5")
async def test_files_of_the_answer_are_given_under_their_names_and_no_others(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    files = [{"name": name, "type": "application/pdf", "size": 3, "sha256": MARK} for name in ("План.pdf", "<b>.pdf")]
    door.letter, door.enclosed = LETTER | {"files": files}, [b"one", b"two"]
    page = await looked_up(browser)
    assert "Скачать файл План.pdf" in Page(page.text).text
    assert "&lt;b&gt;.pdf" in page.text
    second = await browser.get("/status/files/2")
    assert (second.content, second.headers["content-length"], second.headers["cache-control"]) == (b"two", "3", "no-store")
    assert second.headers["content-disposition"].endswith("filename*=UTF-8''%3Cb%3E.pdf")
    assert "sandbox" in second.headers["content-security-policy"]
    for number in (0, 3):
        assert (await browser.get(f"/status/files/{number}")).url.path == "/status/view"
    door.enclosed = []
    assert (await browser.get("/status/files/1")).url.path == "/status/view"


@pytest.mark.requirement("E-10", "R-4")
async def test_where_no_file_can_be_had_the_page_says_so(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    page = await looked_up(browser)
    assert "answer.pdf" not in page.text
    assert (await browser.get("/status/answer.pdf")).url.path == "/status/view"
    door.letter, door.fault = LETTER, "busy"
    assert (await browser.get("/status/answer.pdf")).status_code == 503


@pytest.mark.requirement("N-9.5", "A-3.6.2")
@pytest.mark.parametrize("mark", [MARK, legible(MARK).upper(), MARK[:16]])
async def test_who_holds_an_answer_learns_when_it_left_and_nothing_else(browser: httpx.AsyncClient, door: DoorTwin, mark: str) -> None:
    door.letter = LETTER
    answer = await asked(browser, mark=mark)
    assert answer.url == "https://site.test/verify/said"
    shown = Page(answer.text).text
    assert "Такой ответ мы отправляли" in shown
    assert "20 ноября 2026 года" in shown
    assert door.verified == [{"number": "ИСХ-7/2026", "mark": mark_of(mark)}]


@pytest.mark.requirement("N-9.5")
@pytest.mark.parametrize(("number", "mark"), [("ИСХ-8/2026", MARK), ("ИСХ-7/2026", "f" * 64)])
async def test_what_never_left_is_told_the_same_way_whichever_is_wrong(
    browser: httpx.AsyncClient, door: DoorTwin, number: str, mark: str
) -> None:
    door.letter = LETTER
    shown = Page((await asked(browser, number, mark)).text).text
    assert "Такого ответа мы не отправляли" in shown
    assert "Проверьте, нет ли опечатки" in shown


@pytest.mark.requirement("N-9.5", "R-21")
async def test_what_no_mark_can_be_is_not_even_asked_about(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    answer = await asked(browser, "", MARK[:15])
    page = Page(answer.text)
    assert (answer.url.path, page.error_links, door.verified) == ("/verify", ["#number", "#mark"], [])
    assert verify_pages.BAD_MARK in page.text
    assert page.values["mark"] == MARK[:15]
    assert mark_of("авс1" * 4) == "abc1" * 4


@pytest.mark.requirement("N-9.5")
async def test_who_guesses_is_stopped_and_neither_address_nor_cookie_holds_what_was_typed(open_site: OpenSite, door: DoorTwin) -> None:
    door.letter = LETTER
    async with open_site(status_attempts=2) as browser:
        first = await asked(browser, mark="f" * 64)
        steps = [*first.history, first]
        assert not any("ffff" in str(step.url) or "ffff" in str(step.headers.get("set-cookie")) for step in steps)
        await asked(browser, mark="e" * 64)
        assert (await asked(browser)).status_code == 429
    async with open_site(address="192.0.2.8") as browser:
        assert (await asked(browser)).status_code == 200


@pytest.mark.requirement("R-4")
async def test_while_intake_is_away_what_was_typed_stays(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "busy"
    answer = await asked(browser)
    assert (answer.status_code, Page(answer.text).values["mark"]) == (503, MARK)
