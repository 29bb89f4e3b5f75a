"""Thirty colleagues: accounts that an administrator opens, passwords and second factors of their own, sessions, all by the pages."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pyotp

from bench.desk import reading
from bench.desk.browser import Browser, Page
from bench.plan import WrongRun
from libs.chassis.access.roles import Role
from libs.chassis.access.second_factor import STEP_SECONDS
from libs.events.vocabulary import ClientKind
from local.sample.clients import name_of

ADMINISTRATOR = "bench-administrator"
WITH_SECOND_FACTOR = frozenset((Role.REGISTRAR, Role.HEAD))
TEAM = (  # how many of each role, and of which unit
    (Role.REGISTRAR, "office", 8),
    (Role.EXECUTOR, "land", 6),
    (Role.EXECUTOR, "forest", 5),
    (Role.EXECUTOR, "office", 4),
    (Role.HEAD, None, 3),
    (Role.OPERATOR, "office", 2),
    (Role.CHECKER, "office", 2),
)


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody signed in; `account` is the id that events call them by."""

    account: str
    login: str
    role: Role
    unit: str | None
    browser: Browser


def planned(team: int) -> Iterator[tuple[str, str, Role, str | None]]:
    """Login, name, role and unit of each; a smaller team has a share of every kind."""
    everybody = [(role, unit) for role, unit, count in TEAM for _ in range(count)]
    chosen = [everybody[number * len(everybody) // team] for number in range(team)] if team < len(everybody) else everybody
    for number, (role, unit) in enumerate(chosen, 1):
        yield f"{role.value}-{number}", name_of(Random(number), ClientKind.CITIZEN), role, unit  # noqa: S311 - to be repeated


async def administrator(browser: Browser, setup_code: str) -> None:
    """The first account, by the set-up."""
    told = {"code": setup_code, "name": "Шубин Максим Юрьевич", "login": ADMINISTRATOR, "password": secrets.token_urlsafe(24)}
    _led(await browser.post("set-up", "/desk/set-up", told))


async def joined(by: Browser, browser: Browser, login: str, name: str, role: Role, unit: str | None) -> Colleague:
    """An account of their own, signed in with the second factor where their role mostly has one."""
    rights = {f"role-{role.value}": "yes", "unit": unit or ""}
    place = _led(await by.post("account", "/desk/accounts", {"login": login, "name": name, **rights}))
    temporary = reading.temporary_password((await by.get("account", place)).text)
    password = secrets.token_urlsafe(24)
    _led(await browser.post("sign-in", "/desk/sign-in", {"login": login, "password": temporary}))
    _led(await browser.post("sign-in", "/desk/sign-in/password", {"password": password}))
    if role in WITH_SECOND_FACTOR:
        await _prove_twice(browser, login, password)
    return Colleague(account=place.rpartition("/")[2], login=login, role=role, unit=unit, browser=browser)


async def _prove_twice(browser: Browser, login: str, password: str) -> None:
    """Turn the second factor on, and enter with it: a code of the next step, because each is good once."""
    offered = await browser.get("second factor", "/desk/me/second-factor")
    codes, now = pyotp.TOTP(reading.second_factor(offered.text)), datetime.now(UTC)
    _led(await browser.post("second factor", "/desk/me/second-factor", {"code": codes.at(now), "password": password}))
    _led(await browser.post("sign-out", "/desk/sign-out", {}))
    _led(await browser.post("sign-in", "/desk/sign-in", {"login": login, "password": password}))
    _led(await browser.post("sign-in", "/desk/sign-in/code", {"code": codes.at(now + timedelta(seconds=STEP_SECONDS))}))


def _led(page: Page) -> str:
    """Where a form led; raises `WrongRun` where it was shown again."""
    if page.to is None:
        raise WrongRun(f"a form of an account was answered with {page.status}: {reading.told(page.text)}")
    return page.to
