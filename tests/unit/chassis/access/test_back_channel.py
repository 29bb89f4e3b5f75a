"""A logout token is good when the provider signed it for us, lately, about a logout and somebody: each check of the standard on its own.

OpenID Connect Back-Channel Logout 1.0, 2.4 says what stands in one and 2.6 what is checked; 2.5's token taken twice is the store's to see.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import Key, KeySet, OctKey, RSAKey

from libs.chassis.access.back_channel import EVENT, BackChannel, LogoutNotProved
from libs.chassis.access.provider import Provider, ProviderAway
from libs.chassis.ops.clock import FixedClock

pytestmark = [pytest.mark.requirement("E-1", "R-25")]

ISSUER = "https://provider.example"
CLIENT_ID = "otklik"
NOW = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "k-1", "use": "sig"})
ABOUT = {
    "iss": ISSUER,
    "aud": CLIENT_ID,
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 120,
    "jti": "t-1",
    "events": {EVENT: {}},
    "sub": "u-1",
    "sid": "s-1",
}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """To a provider that shows one key."""
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> Any:
        places = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": ISSUER, **{name: f"{ISSUER}/{place}" for name, place in places.items()}}

    @app.get("/keys")
    async def keys() -> Any:
        return dict(KeySet([KEY]).as_dict(private=False))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        yield client


@pytest.fixture
def door(http: httpx.AsyncClient) -> BackChannel:
    clock = FixedClock(NOW)
    return BackChannel(Provider(ISSUER, http, clock), CLIENT_ID, clock)


def token(key: Key = KEY, alg: str = "RS256", kid: str | None = "k-1", **changed: Any) -> str:
    """As the provider makes it; `changed` claims, None: left out."""
    claims = {name: value for name, value in {**ABOUT, **changed}.items() if value is not None}
    header = {"alg": alg, "typ": "logout+jwt", **({"kid": kid} if kid else {})}
    return jwt.encode(header, claims, key, algorithms=[alg])


def at(seconds: int) -> int:
    return int(NOW.timestamp()) + seconds


@pytest.mark.parametrize(
    ("changed", "subject", "session"),
    [
        ({}, "u-1", "s-1"),
        ({"sid": None}, "u-1", None),
        ({"sub": None}, None, "s-1"),
        ({"aud": [CLIENT_ID, "another"]}, "u-1", "s-1"),
        ({"exp": None}, "u-1", "s-1"),
        ({"exp": at(-59), "iat": at(-120)}, "u-1", "s-1"),
        ({"iat": at(59)}, "u-1", "s-1"),
        ({"events": {EVENT: {}, "https://example.org/event": {}}}, "u-1", "s-1"),
        ({"of_tomorrow": "a newer claim"}, "u-1", "s-1"),
    ],
)
async def test_a_good_token_says_whose_session_has_ended(
    door: BackChannel, changed: dict[str, Any], subject: str | None, session: str | None
) -> None:
    told = await door.read(token(**changed))
    assert (told.issuer, told.subject, told.session, told.name) == (ISSUER, subject, session, "t-1")


async def test_its_name_is_remembered_for_as_long_as_it_would_be_good(door: BackChannel) -> None:
    told = await door.read(token(exp=at(3600)))
    assert told.good_until == NOW + timedelta(minutes=11), "what comes later is too old, however long it calls itself good"


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://somebody.example"},
    "no issuer": {"iss": None},
    "for another client": {"aud": "another"},
    "for others": {"aud": ["another", "and-another"]},
    "for nobody": {"aud": None},
    "no time of issue": {"iat": None},
    "a time that is none": {"iat": "now"},
    "of tomorrow": {"iat": at(61)},
    "of long ago": {"iat": at(-601)},
    "over": {"exp": at(-61)},
    "an end that is none": {"exp": "soon"},
    "no name": {"jti": None},
    "an empty name": {"jti": ""},
    "a number as name": {"jti": 17},
    "no events": {"events": None},
    "events as a list": {"events": [EVENT]},
    "another event": {"events": {"https://example.org/event": {}}},
    "an event without its object": {"events": {EVENT: True}},
    "a nonce, as an ID token has": {"nonce": "n-1"},
    "an empty nonce": {"nonce": ""},
    "nobody": {"sub": None, "sid": None},
    "an empty subject": {"sub": "", "sid": None},
    "a list as subject": {"sub": ["u-1"]},
    "an endless session": {"sid": "s" * 256},
    "NUL in the session": {"sid": "s-1\x00"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
async def test_a_token_that_is_wrong_anywhere_ends_nothing(door: BackChannel, changed: dict[str, Any]) -> None:
    with pytest.raises(LogoutNotProved):
        await door.read(token(**changed))


FORGED = {
    "another key of the same name": token(RSAKey.generate_key(2048, {"kid": "k-1"})),
    "a key that the provider does not show": token(RSAKey.generate_key(2048, {"kid": "k-2"}), kid="k-2"),
    "its public key taken for a secret": token(OctKey.import_key(json.dumps(KEY.as_dict(private=False))), alg="HS256"),
    "no signature": f"eyJhbGciOiJub25lIiwia2lkIjoiay0xIn0.{token().split('.')[1]}.",
    "another one's signature": f"{token(sub='u-2').rpartition('.')[0]}.{token().rpartition('.')[2]}",
    "three letters": "a.b.c",
    "nothing": "",
    "half a letter": "\ud800",
    "an endless one": token(more="x" * 20_000),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_what_the_provider_has_not_signed_ends_nothing(door: BackChannel, forged: str) -> None:
    with pytest.raises(LogoutNotProved):
        await door.read(forged)


async def test_while_the_provider_is_away_nothing_can_be_proved() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    clock = FixedClock(NOW)
    async with httpx.AsyncClient(transport=httpx.MockTransport(away)) as http:
        with pytest.raises(ProviderAway):
            await BackChannel(Provider(ISSUER, http, clock), CLIENT_ID, clock).read(token())
