"""A token of the desk opens the doors of history and the notifier, offline, until staff.events says that its owner lost something."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from libs.events.envelope import encode
from libs.events.topics import STAFF
from services.history.main import build as history
from services.history.settings import HistorySettings
from services.notifier.main import build as notifier
from services.notifier.settings import NotifierSettings
from tests.integration.intake.people import Browser, Office, office
from tests.running import Running, running, settings_of
from tests.stack import Database, eventually, producer

pytestmark = [pytest.mark.requirement("E-1", "R-25")]

RELAY = {"smtp_host": "127.0.0.1", "smtp_port": 9, "mail_from": "otklik@example.org", "site_url": "https://otklik.example.org"}
ASKED = {
    "history": "/v1/entries?request=none",
    "notifier": "/v1/deliveries?request=none",
    "intake": "/v1/desk/requests/00000000-0000-7000-8000-000000000000",
}


@dataclass
class Offices:
    """The desk, and the two services that check its tokens."""

    database: Database
    desk: Office
    others: dict[str, Running] = field(default_factory=dict)

    async def answers(self, token: str) -> dict[str, int]:
        """The status of each door; a request that there is none of is 404 or an empty list to whoever may ask."""
        headers = {"Authorization": f"Bearer {token}"}
        services = {**self.others, "intake": self.desk.town.service}
        return {name: (await service.http.get(ASKED[name], headers=headers)).status_code for name, service in services.items()}

    async def refused(self, token: str) -> None:
        async def everywhere() -> bool:
            return set((await self.answers(token)).values()) == {401}

        await eventually(everywhere, what="every service refuses the token")


@asynccontextmanager
async def opened(database: Database, desk: Office) -> AsyncIterator[Offices]:
    async with AsyncExitStack() as stack:
        made = Offices(database, desk)
        for_history = settings_of(HistorySettings, database.environment("history"))
        made.others["history"] = await stack.enter_async_context(running("history", for_history, history))
        for_notifier = settings_of(NotifierSettings, database.environment("notifier", **RELAY))
        made.others["notifier"] = await stack.enter_async_context(running("notifier", for_notifier, notifier))
        yield made


@pytest.fixture
async def desk(database: Database, fresh_kafka: str) -> AsyncIterator[Office]:
    async with office(database, start=datetime.now(UTC)) as made:
        yield made


async def token_of(browser: Browser) -> str:
    answer = await browser.post("/me/token")
    assert (answer.status_code, answer.json()["expires_in"], answer.headers["cache-control"]) == (200, 600, "no-store")
    return str(answer.json()["token"])


async def test_who_is_signed_in_gets_a_token_that_every_service_takes_and_who_is_not_gets_none(database: Database, desk: Office) -> None:
    _, browser = await desk.somebody("sergeev", "operator")
    async with opened(database, desk) as offices:
        assert await offices.answers(await token_of(browser)) == {"history": 200, "notifier": 200, "intake": 404}
        assert set((await offices.answers("nothing")).values()) == {401}
    assert (await desk.browser().post("/me/token")).headers["location"] == "/desk/sign-in"
    assert (await browser.post_from({"Origin": "https://example.org"}, "/me/token")).status_code == 403


@pytest.mark.parametrize("path", ["disable", "roles", "sessions/end", "password"])
async def test_what_an_administrator_takes_away_is_gone_from_every_service(database: Database, desk: Office, path: str) -> None:
    account_id, browser = await desk.somebody("sergeev", "operator")
    _, other = await desk.somebody("petrov", "operator")
    async with opened(database, desk) as offices:
        token, kept = await token_of(browser), await token_of(other)
        desk.clock.move(timedelta(seconds=1))
        await desk.admin.post(f"/accounts/{account_id}/{path}", **{"reason": "увольнение", "role-head": "yes"})
        await offices.refused(token)
        assert set((await offices.answers(kept)).values()) == {200, 404}, "others keep what they have"


async def test_who_comes_back_gets_a_token_that_counts(database: Database, desk: Office) -> None:
    _, browser = await desk.somebody("sergeev", "operator")
    async with opened(database, desk) as offices:
        token = await token_of(browser)
        desk.clock.move(timedelta(milliseconds=1))
        await browser.post("/sign-out")
        await offices.refused(token)
        desk.clock.move(timedelta(milliseconds=1))
        await browser.sign_in("sergeev")
        assert set((await offices.answers(await token_of(browser))).values()) == {200, 404}


async def test_what_was_said_while_a_service_was_down_or_twice_holds_after_its_start(database: Database, desk: Office) -> None:
    account_id, browser = await desk.somebody("sergeev", "operator")
    token = await token_of(browser)
    desk.clock.move(timedelta(seconds=1))
    await desk.admin.post(f"/accounts/{account_id}/sessions/end")
    await desk.town.drained()
    desk.clock.move(timedelta(seconds=1))
    await browser.sign_in("sergeev")
    later = await token_of(browser)
    async with opened(database, desk) as offices:
        await offices.refused(token)
    await desk.town.listener.until(lambda: desk.town.listener.on(STAFF.name), "the events are heard")
    async with producer(database.stack.parts.kafka_bootstrap) as kafka:
        for heard in desk.town.listener.on(STAFF.name):
            await kafka.send_and_wait(STAFF.name, encode(heard.envelope), key=heard.record.key)
    async with opened(database, desk) as offices:
        await offices.refused(token)
        assert set((await offices.answers(later)).values()) == {200, 404}, "what is heard again takes nothing more"
