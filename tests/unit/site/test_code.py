"""A lost code is asked for on a page that says the same whether there is such a request or not."""

import httpx
import pytest

from frontends.site import code_pages
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import NUMBER, DoorTwin
from tests.unit.site.html import Page


async def asked(browser: httpx.AsyncClient, known_by: str) -> httpx.Response:
    return await browser.post("/status/code", data={"known_by": known_by})


@pytest.mark.requirement("E-10")
async def test_a_number_and_a_contact_are_handed_on_and_answered_alike(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    answers = [await asked(browser, known_by) for known_by in (NUMBER, " anna@example.ru ", "+7 913 000-00-01", "ЗИ-999/2026")]

    assert {(answer.url.path, answer.text) for answer in answers} == {("/status/code/asked", answers[0].text)}
    assert "Если такой запрос есть, код уже отправлен" in answers[0].text
    assert door.reminded == [NUMBER, "anna@example.ru", "+7 913 000-00-01", "ЗИ-999/2026"]


@pytest.mark.requirement("E-10")
@pytest.mark.parametrize("typed", ["", "  ", "\0"])
async def test_nothing_typed_asks_nothing_and_a_reload_starts_anew(browser: httpx.AsyncClient, door: DoorTwin, typed: str) -> None:
    page = Page((await asked(browser, typed)).text)

    assert page.error_links == ["#known_by"]
    assert door.reminded == []
    assert Page((await browser.get("/status/code")).text).error_links == []


@pytest.mark.requirement("E-10")
async def test_one_address_may_ask_a_few_times_whatever_is_found(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site(code_reminders_per_address=2) as browser:
        answers = [await asked(browser, f"ЗИ-{number}/2026") for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "много раз просили напомнить код" in Page(answers[2].text).text
    assert len(door.reminded) == 2


async def test_when_intake_is_away_the_person_is_told_and_what_they_typed_stays(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.fault = "busy"
    answer = await asked(browser, "anna@example.ru")

    page = Page(answer.text)
    assert answer.status_code == 503
    assert "Сейчас не получается это сделать" in page.text
    assert page.values["known_by"] == "anna@example.ru"


async def test_what_is_typed_stands_in_no_address_and_no_readable_cookie(browser: httpx.AsyncClient) -> None:
    for typed in ("anna@example.ru", "anna@example.ru\0"):
        answer = await asked(browser, typed)
        steps = [*answer.history, answer]
        told = [str(step.url) for step in steps] + [cookie for step in steps for cookie in step.headers.get_list("set-cookie")]
        assert not any("anna" in one for one in told)


async def test_who_has_lost_the_code_is_led_there_from_the_status_page(browser: httpx.AsyncClient) -> None:
    assert code_pages.LOST in Page((await browser.get("/status")).text).links
