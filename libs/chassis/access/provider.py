"""What an OpenID Connect provider tells of itself: its addresses and keys, fetched when they are needed and kept for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

import httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal

KEPT_FOR: Final = timedelta(hours=1)
ASKED_AGAIN: Final = timedelta(seconds=10)  # for an unknown key: whoever invents key names does not make us ask more often
LARGEST_ANSWER: Final = 256 * 1024
CONFIGURATION: Final = "/.well-known/openid-configuration"

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2_000)]

log = structlog.stdlib.get_logger("openid")


class ProviderAway(Refusal):
    """The provider does not answer, or not as one; nothing is known of the person."""

    code = "provider-away"
    status = 503
    says = "Служба входа организации сейчас не отвечает. Повторите через минуту или войдите с логином и паролем."

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "60"}


class Metadata(BaseModel):
    """OpenID Connect Discovery 1.0, as far as we need it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    userinfo_endpoint: Address | None = None
    end_session_endpoint: Address | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass
class _Kept:
    metadata: Metadata
    keys: KeySet
    fetched_at: datetime


class Provider:
    """`issuer` is its address as it names itself, to the letter; `http` belongs to whoever made it."""

    def __init__(self, issuer: str, http: httpx.AsyncClient, clock: Clock) -> None:
        self.issuer = issuer
        self._http = http
        self._clock = clock
        self._kept: _Kept | None = None

    async def metadata(self) -> Metadata:
        return (await self._fresh()).metadata

    async def key(self, kid: str | None) -> Key | None:
        """One that is unknown may be new: the provider changes its keys whenever it likes."""
        kept = await self._fresh()
        found = _named(kept.keys, kid)
        if found is None and self._clock.now() - kept.fetched_at >= ASKED_AGAIN:
            found = _named((await self._fetch()).keys, kid)
        return found

    async def exchange(self, form: Mapping[str, str], client_id: str, secret: str) -> httpx.Response:
        """The token endpoint's answer, whatever it is; the secret goes in the header unless the provider takes it in the form only."""
        metadata = await self.metadata()
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            auth = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))  # RFC 6749, 2.3.1
            return await self._asked("POST", metadata.token_endpoint, data=dict(form), auth=auth)
        return await self._asked("POST", metadata.token_endpoint, data={**form, "client_id": client_id, "client_secret": secret})

    async def about(self, access_token: str) -> dict[str, Any]:
        """What it tells of somebody beside the ID token; nothing where it has no such place."""
        endpoint = (await self.metadata()).userinfo_endpoint
        return await self._told(endpoint, {"Authorization": f"Bearer {access_token}"}) if endpoint else {}

    def read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            told = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            raise self._away("an answer that is no JSON") from None
        if not isinstance(told, dict):
            raise self._away("an answer that is no JSON object")
        return told

    async def _fresh(self) -> _Kept:
        if self._kept is not None and self._clock.now() - self._kept.fetched_at < KEPT_FOR:
            return self._kept
        return await self._fetch()

    async def _fetch(self) -> _Kept:
        try:
            metadata = Metadata.model_validate(await self._told(f"{self.issuer.rstrip('/')}{CONFIGURATION}"))
            keys = KeySet.import_key_set({"keys": list((await self._told(metadata.jwks_uri))["keys"])})
        except (ValidationError, JoseError, ValueError, TypeError, LookupError) as error:
            raise self._away(type(error).__name__) from None
        if metadata.issuer != self.issuer:
            raise self._away("another issuer")
        if not all(is_safe(address) for address in _addresses(metadata)):
            raise self._away("an address without TLS")
        self._kept = _Kept(metadata, keys, self._clock.now())
        return self._kept

    async def _told(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer = await self._asked("GET", address, headers=headers)
        if answer.status_code != httpx.codes.OK:
            raise self._away(f"status {answer.status_code}")
        return self.read(answer)

    async def _asked(self, method: str, address: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        """Read whole, up to a limit."""
        try:
            async with self._http.stream(method, address, headers={"Accept": "application/json", **(headers or {})}, **more) as answer:
                body = bytearray()
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > LARGEST_ANSWER:
                        raise self._away("an answer without end")
                return httpx.Response(answer.status_code, content=bytes(body))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._away(type(error).__name__) from error

    def _away(self, why: str) -> ProviderAway:
        log.warning("the OpenID Connect provider is away", why=why)
        return ProviderAway()


def is_safe(address: str) -> bool:
    """With TLS, or on this very machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _addresses(metadata: Metadata) -> list[str]:
    needed = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
    found = (*needed, metadata.userinfo_endpoint, metadata.end_session_endpoint)
    return [address for address in found if address is not None]


def _named(keys: KeySet, kid: str | None) -> Key | None:
    signing = [key for key in keys.keys if key.get("use", "sig") == "sig"]
    if kid is None:
        return signing[0] if len(signing) == 1 else None
    return next((key for key in signing if key.kid == kid), None)
