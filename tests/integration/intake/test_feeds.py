"""A calendar of due dates: its address is made and revoked on one's own page, and follows the terms as they move."""

import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from tests.examples import anna
from tests.integration.intake.people import Browser, Office, office, text_of
from tests.integration.intake.test_desk_pages import CLASSIFIED, do, taken_in
from tests.stack import Database

pytestmark = pytest.mark.requirement("N-9.1")


@pytest.fixture
async def bureau(database: Database) -> AsyncIterator[Office]:
    async with office(database, quiet=True) as found:
        yield found


async def made(browser: Browser, scope: str = "own") -> str:
    """The address, as the page shows it once."""
    answer = await browser.post(f"/me/calendar/{scope}")
    assert answer.status_code == 303, text_of(answer)
    page = await browser.get("/me")
    shown = re.search(r'value="http://service(/desk/feeds/[\w-]{43}\.ics)"', page.text)
    assert shown, text_of(page)
    assert "/feeds/" not in (await browser.get("/me")).text
    return shown[1]


async def days(bureau: Office, address: str) -> dict[str, date]:
    """By summary, as a program without any cookie reads it."""
    answer = await bureau.browser().http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    events: list[Any] = Calendar.from_ical(answer.content).walk("VEVENT")
    return {str(event["summary"]): event["dtstart"].dt for event in events}


async def gone(bureau: Office, address: str) -> bool:
    answer: httpx.Response = await bureau.browser().http.get(address)
    return answer.status_code == 404


async def test_what_is_given_to_somebody_stands_in_their_calendar_until_it_is_answered_and_moves_with_its_term(bureau: Office) -> None:
    account_id, executor = await bureau.somebody("lesnik", "executor", unit="land")
    address, of_unit = await made(executor), await made(executor, "unit")
    assert await days(bureau, address) == {}
    request_id = await taken_in(bureau)
    row = await bureau.town.request("site", "m-1")
    await do(bureau.admin, request_id, "classify", **CLASSIFIED)
    await do(bureau.admin, request_id, "assign", **{"assign-unit": "land"})
    summary = f"Срок ответа: {row['reg_no']}"
    assert (await days(bureau, address), await days(bureau, of_unit)) == ({}, {summary: row["due_on"]})
    to_somebody = {"assign-unit": "land", "assign-executor": account_id, "assign-reason": "Отпуск."}
    assert (await do(bureau.admin, request_id, "assign", **to_somebody)).status_code == 303
    assert await days(bureau, address) == {summary: row["due_on"]}
    extended = {"extend-deadline-new_due": "2026-12-30", "extend-deadline-reason": "Нужны сведения архива."}
    assert (await do(bureau.admin, request_id, "extend-deadline", **extended)).status_code == 303
    assert await days(bureau, address) == {summary: date(2026, 12, 30)}
    assert anna.name not in (await bureau.browser().http.get(address)).text
    await do(bureau.admin, request_id, "withdraw")
    assert await days(bureau, address) == {}


async def test_an_address_that_was_revoked_replaced_or_never_made_opens_nothing(bureau: Office) -> None:
    account_id, executor = await bureau.somebody("lesnik", "executor", unit="land")
    first = await made(executor)
    second = await made(executor)
    assert await gone(bureau, first)
    assert await days(bureau, second) == {}
    assert (await executor.post("/me/calendar/own/revoke")).status_code == 303
    assert await gone(bureau, second)
    assert await gone(bureau, f"/desk/feeds/{'A' * 43}.ics")
    third = await made(executor)
    assert (await bureau.admin.post(f"/accounts/{account_id}/disable", reason="Уволен.")).status_code == 303
    assert await gone(bureau, third)


async def test_only_the_hash_of_an_address_is_kept(bureau: Office) -> None:
    _, executor = await bureau.somebody("lesnik", "executor", unit="land")
    token = (await made(executor)).removeprefix("/desk/feeds/").removesuffix(".ics")
    kept = await bureau.town.rows("SELECT encode(token_hash, 'hex') AS mark, f::text AS line FROM intake.feeds f")
    assert len(kept) == 1
    assert len(kept[0]["mark"]) == 64
    assert token not in kept[0]["line"]


async def test_who_is_given_no_requests_is_offered_no_calendar(bureau: Office) -> None:
    _, auditor = await bureau.somebody("auditor", "auditor")
    assert "Календарь сроков" not in text_of(await auditor.get("/me"))
    assert (await auditor.post("/me/calendar/own")).status_code == 403
    _, nobodys = await bureau.somebody("priem", "operator")
    assert "Запросы моего подразделения" not in text_of(await nobodys.get("/me"))
