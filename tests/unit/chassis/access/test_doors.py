"""Each route asks for a role or for a frontend's key, and a guard test can list who may use what."""

import json
import os
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from libs.chassis.access.frontends import FrontendKeys, hash_of
from libs.chassis.access.guards import Guarded, guarded_routes
from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenIssuer, TokenVerifier, public_key_of
from libs.chassis.ops import problems
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.settings import WrongSettings

PRIVATE = bytes(range(32))
CLOCK = FixedClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
MOMENT = timedelta(milliseconds=1)
DENIED = {"lost-before": CLOCK.now() - MOMENT, "lost-now": CLOCK.now(), "lost-later": CLOCK.now() + MOMENT}


class KeysFile:
    """The file that an administrator edits; each writing counts as later than the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0

    def write(self, text: str) -> None:
        self._written += 1
        self.path.write_text(text, "utf-8")
        os.utime(self.path, ns=(self._written, self._written))

    def allow(self, **keys: list[str]) -> None:
        self.write(json.dumps({name: [hash_of(key) for key in named] for name, named in keys.items()}))


@pytest.fixture
def file(tmp_path: Path) -> KeysFile:
    made = KeysFile(tmp_path / "frontends.json")
    made.allow(site=["key-of-site"], mail=["key-of-mail"])
    return made


def history(staff: StaffDoor) -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/entries")
    async def entries(who: Staff = Depends(staff(Role.OPERATOR, Role.AUDITOR))) -> str:  # noqa: B008 - FastAPI's way
        return who.id

    @router.get("/open")
    async def everybody() -> str:
        return "open"

    return router


@pytest.fixture
def app(file: KeysFile) -> FastAPI:
    made = FastAPI()
    frontend = FrontendKeys(file.path)

    @made.post("/v1/messages", name="messages")
    async def messages(name: str = Depends(frontend)) -> str:
        return name

    made.include_router(history(StaffDoor(TokenVerifier(public_key_of(PRIVATE), issuer="somewhere", clock=CLOCK), denied)))
    problems.install(made, body_limit_bytes=1000)
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://door") as made:
        yield made


async def denied(accounts: Collection[str]) -> datetime | None:
    """As if each of these had lost their rights once."""
    return max((at for account, at in DENIED.items() if account in accounts), default=None)


def token(*roles: Role, account: str = "staff-17", acting_for: str | None = None) -> dict[str, str]:
    who = Staff(id=account, roles=frozenset(roles), acting_for=acting_for)
    issued = TokenIssuer(PRIVATE, issuer="somewhere", clock=CLOCK).issue(who)
    return {"authorization": f"Bearer {issued}"}


def key(value: str) -> dict[str, str]:
    return {"authorization": f"Bearer {value}"}


@pytest.mark.requirement("D-25")
async def test_without_a_staff_token_the_answer_is_401(client: httpx.AsyncClient) -> None:
    for headers in ({}, key("nonsense"), {"authorization": "Basic c3RhZmY6MTc="}):
        answer = await client.get("/v1/entries", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not-signed-in"
        assert answer.headers["www-authenticate"] == 'Bearer realm="staff"'


@pytest.mark.requirement("E-1")
async def test_another_role_is_not_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/entries", headers=token(Role.SRE, Role.EDITOR))
    assert answer.status_code == 403
    assert answer.json()["code"] == "not-allowed"


@pytest.mark.requirement("D-25")
async def test_one_of_the_roles_is_enough(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/entries", headers=token(Role.AUDITOR, Role.SRE))
    assert answer.json() == "staff-17"


@pytest.mark.requirement("R-25", "E-1")
@pytest.mark.parametrize(
    ("account", "acting_for", "status"),
    [
        ("staff-17", None, 200),
        ("lost-before", None, 200),
        ("lost-now", None, 401),
        ("lost-later", None, 401),
        ("staff-17", "lost-later", 401),
        ("staff-17", "lost-before", 200),
    ],
)
async def test_a_token_older_than_what_its_account_lost_is_worth_nothing(
    client: httpx.AsyncClient, account: str, acting_for: str | None, status: int
) -> None:
    answer = await client.get("/v1/entries", headers=token(Role.AUDITOR, account=account, acting_for=acting_for))
    assert answer.status_code == status


def test_a_route_for_staff_names_its_roles() -> None:
    with pytest.raises(ValueError, match="roles"):
        StaffDoor(TokenVerifier(public_key_of(PRIVATE), issuer="somewhere", clock=CLOCK), denied)()


@pytest.mark.requirement("E-1")
def test_who_may_use_each_route_is_read_from_the_app(app: FastAPI) -> None:
    assert set(guarded_routes(app)) == {
        Guarded("POST", "/v1/messages", frozenset(), frontends=True),
        Guarded("GET", "/v1/entries", frozenset({Role.OPERATOR, Role.AUDITOR}), frontends=False),
        Guarded("GET", "/v1/open", frozenset(), frontends=False),
    }


@pytest.mark.requirement("D-23")
async def test_a_frontend_is_known_by_its_key(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/messages", headers=key("key-of-site"))).json() == "site"
    assert (await client.post("/v1/messages", headers=key("key-of-mail"))).json() == "mail"


@pytest.mark.requirement("D-23")
async def test_without_a_frontend_s_key_the_answer_is_401(client: httpx.AsyncClient) -> None:
    for headers in ({}, key("guessed"), key(hash_of("key-of-site")), key(" "), {"authorization": "key-of-site"}):
        answer = await client.post("/v1/messages", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "bad-credentials"
        assert answer.headers["www-authenticate"] == 'Bearer realm="frontend"'


@pytest.mark.requirement("D-23")
async def test_keys_are_rotated_and_revoked_without_a_restart(client: httpx.AsyncClient, file: KeysFile) -> None:
    file.allow(site=["key-of-site", "next-key-of-site"])
    for one in ("key-of-site", "next-key-of-site"):
        assert (await client.post("/v1/messages", headers=key(one))).json() == "site"
    assert (await client.post("/v1/messages", headers=key("key-of-mail"))).status_code == 401
    file.allow(site=["next-key-of-site"])
    assert (await client.post("/v1/messages", headers=key("key-of-site"))).status_code == 401


@pytest.mark.parametrize("broken", ['{"site": ["', "[]", '{"site": ["not a hash"]}', '{"site": "' + "0" * 64 + '"}'])
def test_a_half_written_file_leaves_the_keys_that_were_read_last(file: KeysFile, broken: str) -> None:
    keys = FrontendKeys(file.path)
    file.write(broken)
    assert keys.name_of("key-of-site") == "site"
    file.allow(mail=["key-of-mail"])
    assert keys.name_of("key-of-site") is None
    file.path.unlink()
    assert keys.name_of("key-of-mail") == "mail"


@pytest.mark.parametrize("broken", ["{", "[]", '{"Site One": []}', '{"site": [1]}', '{"site": 1}'])
def test_a_process_does_not_start_with_a_file_it_can_not_read(file: KeysFile, broken: str) -> None:
    file.write(broken)
    with pytest.raises(WrongSettings, match="OTKLIK_FRONTEND_KEYS_FILE"):
        FrontendKeys(file.path)


def test_a_process_does_not_start_without_the_file(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="OTKLIK_FRONTEND_KEYS_FILE"):
        FrontendKeys(tmp_path / "absent.json")
