"""The site under test: its real app, its real client, and a twin of intake's door on a real socket."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from frontends.site import intake_door
from frontends.site.main import Outside, build
from frontends.site.settings import SiteSettings
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.settings import load_authority
from libs.chassis.ops.telemetry import Telemetry
from libs.web import assets
from libs.web.assets import REPOSITORY, Assets
from tests.unit.site.door_twin import KEY, DoorTwin, door_twin

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
AUTHORITY_FILE = REPOSITORY / "local" / "authority.toml"
SITE = "https://site.test"


class OpenSite(Protocol):
    """A browser's end of a fresh site: `open_site(intake_url=…)`, settings as named."""

    def __call__(self, *, address: str = "192.0.2.7", **settings: Any) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...


@pytest.fixture(scope="session")
def loaded_assets() -> Assets:
    return assets.load()


@pytest.fixture(scope="session")
def running_door() -> Iterator[DoorTwin]:
    with door_twin() as twin:
        yield twin


@pytest.fixture
def door(running_door: DoorTwin) -> DoorTwin:
    running_door.reset()
    return running_door


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def open_site(door: DoorTwin, clock: FixedClock, loaded_assets: Assets) -> OpenSite:
    @asynccontextmanager
    async def opened(*, address: str = "192.0.2.7", **named: Any) -> AsyncIterator[httpx.AsyncClient]:
        settings = site_settings(**{"intake_url": door.url, **named})
        async with intake_door.client(settings.intake_url, KEY, settings.intake_timeout_seconds) as to_intake:
            app = site_app(settings, to_intake, clock, loaded_assets)
            transport = httpx.ASGITransport(app, client=(address, 50_000), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=SITE, follow_redirects=True) as browser:
                yield browser

    return opened


@pytest.fixture
async def browser(open_site: OpenSite) -> AsyncIterator[httpx.AsyncClient]:
    async with open_site() as opened:
        yield opened


def site_settings(**named: Any) -> SiteSettings:
    told = {"authority_file": AUTHORITY_FILE, "http_port": 0, "frontend_key": SecretStr(KEY), "intake_timeout_seconds": 10}
    told |= {"site_url": "https://otklik.example.org/"}
    return SiteSettings.model_validate({**told, **named})


def site_app(settings: SiteSettings, to_intake: httpx.AsyncClient, clock: FixedClock, loaded: Assets) -> FastAPI:
    outside = Outside(http=to_intake, assets=loaded, clock=clock, telemetry=Telemetry())
    return build(settings, load_authority(settings.authority_file), outside)
