"""The site shows the authority as intake tells it, keeps what it knows while intake is away, and begins with its own file (N-0.1)."""

import httpx
import pytest

from frontends.site import intake_door
from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.whose import Whose
from libs.chassis.ops.settings import Authority, load_authority
from services.intake.authority.api import AuthorityAnswer
from tests.unit.site.conftest import AUTHORITY_FILE
from tests.unit.site.door_twin import AUTHORITY, KEY, DoorTwin

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


def test_the_twin_of_the_door_tells_what_intake_tells() -> None:
    assert AuthorityAnswer.model_validate(AUTHORITY).model_dump(mode="json") == AUTHORITY
