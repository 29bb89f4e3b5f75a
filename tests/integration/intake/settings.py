"""How tests use the pages of the settings: each form is posted with the version that stands on the page."""

import re
from typing import Any
from uuid import UUID

import httpx

from services.intake.authority.store import AuthorityStore
from tests.integration.intake.people import Browser, Office, text_of
from tests.integration.intake.town import said

OTHER_NAME = "Служба лесного надзора Заречного края"
PROFILE = {
    "name": OTHER_NAME,
    "short_name": "Служба",
    "act": "Порядок,\r\nутверждённый приказом от 01.02.2026 № 7",
    "postal_address": "100000, г. Заречный, ул. Лесная, д. 1",
    "phones": "+7 (383) 111-11-11\r\n\r\n112\r\n",
    "hours": "с 9:00 до 18:00",
    "time_zone": "Asia/Omsk",
    "signatory": "Руководитель И. И. Озёрова",
}
CLASSIFIED = {
    "classify-type": "information",
    "classify-topic": "land",
    "classify-unit": "land",
    "classify-urgency": "ordinary",
    "classify-client_kind": "citizen",
}


def version_on(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found, text_of(page)
    return found[1]


def error_at(page: httpx.Response, field: str) -> str:
    found = re.search(rf'id="{re.escape(field)}-error"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split()) if found else ""


def entry(name: str = "_new", **fields: str) -> dict[str, str]:
    """Fields of an entry's form; `topic__land` is the box of the topic land."""
    return {f"{name}.{field.replace('__', '.')}": value for field, value in fields.items()}


async def page(browser: Browser, path: str = "") -> httpx.Response:
    answer = await browser.get(f"/settings{path}")
    assert answer.status_code == 200, text_of(answer)
    return answer


async def do(browser: Browser, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
    """As somebody who has just opened the page."""
    version = version_on(await page(browser, f"/{path.split('/')[0]}"))
    return await browser.post(f"/settings/{path}", version=version, **(fields or {}))


async def done(browser: Browser, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
    """And what they see then."""
    answer = await do(browser, path, fields)
    assert answer.status_code == 303, text_of(answer)
    return await browser.http.get(answer.headers["location"])


async def decisions(bureau: Office) -> list[Any]:
    process = bureau.town.service.process
    async with process.pool.acquire() as db:
        return [row.fact for row in await AuthorityStore(process.store, process.authority.code).recorded(db)]


async def taken_in(bureau: Office, name: str = "m-1", **changed: Any) -> UUID:
    await bureau.town.site.post(said(name, **{"received_at": bureau.clock.now()} | changed))
    return UUID(str((await bureau.town.request("site", name))["request_id"]))


async def card(browser: Browser, request_id: UUID) -> httpx.Response:
    answer = await browser.get(f"/requests/{request_id}")
    assert answer.status_code == 200, text_of(answer)
    return answer


async def classify(browser: Browser, request_id: UUID, **fields: str) -> httpx.Response:
    version = version_on(await card(browser, request_id))
    changed = {f"classify-{name}": value for name, value in fields.items()}
    return await browser.post(f"/requests/{request_id}/classify", version=version, **CLASSIFIED | changed)
