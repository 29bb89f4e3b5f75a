"""Browsers of staff at the desk: each keeps its own cookies and posts forms as a page would."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest

from libs.chassis.access.sessions import COOKIE
from libs.chassis.ops.clock import FixedClock
from services.intake.staff.store import STAFF
from tests.integration.intake.town import Town, founded, founded_quietly
from tests.stack import Database

CODE = "only-for-the-tests-of-set-up"
PASSWORD = "правильная лошадь батарея"
ANOTHER = "совсем другая скрепка тут"
LOGIN = "vershinina"
NAME = "Запланированная Вершинина Ольга"
START = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)


class Browser:
    """One person's; it follows redirects only when told."""

    def __init__(self, town: Town) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(town.service.app), base_url="http://service", timeout=30)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"/desk{path}")

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(f"/desk{path}", data=fields)

    async def post_from(self, headers: dict[str, str], path: str, **fields: str) -> httpx.Response:
        """As from a page of the site that the headers name."""
        return await self.http.post(f"/desk{path}", data=fields, headers=headers)

    async def sign_in(self, login: str = LOGIN, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-in", login=login, password=password, **more)

    async def is_in(self) -> bool:
        return (await self.get("/me")).status_code == 200

    @property
    def token(self) -> str | None:
        return self.http.cookies.get(COOKIE)


@dataclass
class Office:
    """Intake with its first administrator, at a clock that a test moves."""

    town: Town
    clock: FixedClock
    admin: Browser

    def browser(self) -> Browser:
        return Browser(self.town)

    async def open(self, login: str, *roles: str, unit: str = "") -> tuple[str, str]:
        """Id and temporary password of a new account."""
        ticked = {f"role-{role}": "yes" for role in roles}
        answer = await self.admin.post("/accounts", login=login, name="Запланированный Сергей", unit=unit, **ticked)
        assert answer.status_code == 303, text_of(answer)
        path = answer.headers["location"]
        shown = re.search(r"Временный пароль: ([a-z0-9-]{19})", text_of(await self.admin.http.get(path)))
        assert shown
        return path.rpartition("/")[2], shown[1]

    async def somebody(self, login: str = "sergeev", *roles: str, unit: str = "") -> tuple[str, Browser]:
        """Id and browser of a new person who is signed in with a password of their own."""
        account_id, temporary = await self.open(login, *(roles or ("operator",)), unit=unit)
        browser = self.browser()
        assert (await browser.sign_in(login, temporary)).headers["location"] == "/desk/sign-in/password"
        assert (await browser.post("/sign-in/password", password=PASSWORD)).headers["location"] == "/desk"
        return account_id, browser

    async def facts(self, account_id: str) -> list[Any]:
        async with self.town.service.process.pool.acquire() as db:
            rows = await self.town.service.process.store.read(db, STAFF, [account_id])
        return [row.fact for row in rows[account_id]]


def text_of(answer: httpx.Response) -> str:
    """What a person reads."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


async def set_up(browser: Browser, code: str = CODE, login: str = LOGIN, password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/set-up", code=code, login=login, name=NAME, password=password)


@asynccontextmanager
async def office(database: Database, start: datetime = START, *, quiet: bool = False, **told: Any) -> AsyncIterator[Office]:
    """`quiet`: for tests that see its pages alone."""
    clock, found = FixedClock(start), founded_quietly if quiet else founded
    async with found(database, clock=clock, setup_code=CODE, **told) as town:
        admin = Browser(town)
        answer = await set_up(admin)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/settings"), text_of(answer)
        yield Office(town, clock, admin)


def is_quiet(request: pytest.FixtureRequest) -> bool:
    """For fixtures: whether the test asks for no Kafka. It does by a mark, which comes first: `@pytest.mark.usefixtures("fresh_kafka")`."""
    return "fresh_kafka" not in request.fixturenames
