"""Entry by OpenID Connect: the authorization code flow with PKCE, and what makes an ID token good (OpenID Connect Core 1.0, 3.1.3.7).

The provider is somebody else's: whatever it answers is checked, and whatever is wrong becomes one of the refusals of this module.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from joserfc import jwt

from libs.chassis.access.provider import Provider
from libs.chassis.access.provider_tokens import CLOCK_SKEW, WRONG, check_age, is_name, opened
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal

SECRET_BYTES: Final = 32
LONGEST_CODE: Final = 2_000

log = structlog.stdlib.get_logger("openid")


class EntryForgotten(Refusal):
    """The browser has no memory of having begun this entry: it took too long, or the link is another one's."""

    code = "entry-forgotten"
    status = 403
    says = "Вход не начинали в этом браузере, или на него ушло слишком много времени. Начните вход заново."


class EntryRefused(Refusal):
    """The provider let nobody in: the person turned back, or it does not know them."""

    code = "entry-refused"
    status = 403
    says = "Служба входа организации не подтвердила вход. Начните заново или обратитесь к администратору."


class EntryNotProved(Refusal):
    """What came back proves nothing: another state, nonce, issuer or audience, a wrong signature, or a time that is over."""

    code = "entry-not-proved"
    status = 403
    says = "Ответ службы входа не прошёл проверку, вход отменён. Начните заново; если это повторится, сообщите администратору."


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What the browser keeps, sealed, until the provider sends it back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Self:
        return cls(**{name: secrets.token_urlsafe(SECRET_BYTES) for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__})

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def challenge(self) -> str:
        """RFC 7636, S256."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, kw_only=True)
class Proved:
    """Whom the provider vouches for; the claims are as it told them."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def session(self) -> str | None:
        """What the provider calls the session there, by which it can tell of its end."""
        told = self.claims.get("sid")
        return told if isinstance(told, str) else None

    def text(self, claim: str) -> str:
        """A claim that is a text, as far as it can be shown, else nothing."""
        value = self.claims.get(claim)
        return "".join(mark for mark in value if mark.isprintable()).strip() if isinstance(value, str) else ""

    def texts(self, claim: str) -> tuple[str, ...]:
        """A claim that is a list of texts, or one text; «realm_access.roles» reaches inside."""
        value: Any = self.claims
        for name in claim.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return (
            (value,) if isinstance(value, str) else tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
        )


@dataclass(frozen=True, kw_only=True)
class Client:
    """What the provider knows us as; `redirect_uri` is where it sends people back, `subject_claim` names who somebody is for ever."""

    client_id: str
    client_secret: str
    redirect_uri: str
    left_uri: str
    scopes: str
    subject_claim: str = "sub"


class OpenIdConnect:
    """One provider and us as its client."""

    def __init__(self, provider: Provider, client: Client, clock: Clock) -> None:
        self._provider = provider
        self._client = client
        self._clock = clock

    async def begin(self) -> tuple[str, Begun]:
        """The address to send the browser to, and what it keeps. Raises `ProviderAway`."""
        begun, metadata = Begun.new(), await self._provider.metadata()
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": self._client.scopes,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(metadata.authorization_endpoint, asked), begun

    async def finish(self, begun: Begun, answered: Mapping[str, str]) -> Proved:
        """`answered`: the query that the provider sent the browser back with."""
        if not hmac.compare_digest(answered.get("state", "").encode(), begun.state.encode()):
            raise _unproved("state")
        if answered.get("iss", self._provider.issuer) != self._provider.issuer:  # RFC 9207: the answer of another provider
            raise _unproved("iss of the answer")
        code = answered.get("code", "")
        if "error" in answered or not 0 < len(code) <= LONGEST_CODE:
            log.info("the provider let nobody in")
            raise EntryRefused
        tokens = await self._exchanged(begun, code)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise _unproved("no ID token")
        claims = await self._checked(begun, id_token)
        told = await self._provider.about(access_token) if isinstance(access_token, str) else {}
        if told.get("sub", claims["sub"]) != claims["sub"]:
            raise _unproved("told of somebody else")
        return self._proved({**told, **claims})

    async def end_address(self) -> str | None:
        """Where the session at the provider ends (RP-Initiated Logout 1.0), if it has such a place. Raises `ProviderAway`.

        No ID token goes along as a hint: it names a person, and this is an address. The provider asks them instead.
        """
        endpoint = (await self._provider.metadata()).end_session_endpoint
        told = {"client_id": self._client.client_id, "post_logout_redirect_uri": self._client.left_uri}
        return _with_query(endpoint, told) if endpoint else None

    async def _exchanged(self, begun: Begun, code: str) -> dict[str, Any]:
        """The tokens that the code stands for."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": begun.verifier,
        }
        answer = await self._provider.exchange(form, self._client.client_id, self._client.client_secret)
        if answer.status_code != httpx.codes.OK:
            log.warning("the provider does not take our code", status=answer.status_code)
            raise EntryRefused
        return self._provider.read(answer)

    async def _checked(self, begun: Begun, token: str) -> dict[str, Any]:
        try:
            claims = await opened(self._provider, token)
            self._rules(begun).validate(claims)
            check_age(claims, self._now())
        except WRONG as error:
            raise _unproved(type(error).__name__) from None
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            raise _unproved("azp")
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims:
            raise _unproved("several audiences")
        return claims

    def _proved(self, claims: Mapping[str, Any]) -> Proved:
        subject = claims.get(self._client.subject_claim)
        if not isinstance(subject, str) or not is_name(subject):
            raise _unproved("subject")
        return Proved(issuer=self._provider.issuer, subject=subject, claims=claims)

    def _rules(self, begun: Begun) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=self._now(),
            leeway=int(CLOCK_SKEW.total_seconds()),
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._client.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": begun.nonce},
        )

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _unproved(why: str) -> EntryNotProved:
    log.warning("an entry is not proved", why=why)
    return EntryNotProved()


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"
