"""The provider says by itself that a session there has ended, and whose it was (OpenID Connect Back-Channel Logout 1.0).

Anybody may write to that door: what counts is a logout token that the provider has signed for us, checked by 2.6 of the standard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from joserfc import jwt

from libs.chassis.access.provider import Provider
from libs.chassis.access.provider_tokens import CLOCK_SKEW, OLDEST_TOKEN, WRONG, check_age, is_name, opened
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_TOKEN: Final = 20_000

log = structlog.stdlib.get_logger("openid")


class LogoutNotProved(Refusal):
    """It is no logout token of our provider for us, is too old, or was taken before."""

    code = "logout-not-proved"
    status = 400
    says = "Сообщение о выходе не прошло проверку, ничего не сделано."


@dataclass(frozen=True, kw_only=True)
class LoggedOut:
    """What has ended at the provider: its `session`, or without one everything of the `subject`. `name` is the token's own."""

    issuer: str
    subject: str | None
    session: str | None
    name: str
    good_until: datetime


class BackChannel:
    """One provider, and us as the client whose name stands in its tokens."""

    def __init__(self, provider: Provider, client_id: str, clock: Clock) -> None:
        self._provider = provider
        self._client_id = client_id
        self._clock = clock

    async def read(self, token: str) -> LoggedOut:
        """Whether it was taken before is not known here. Raises `LogoutNotProved`, `ProviderAway`."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise ValueError("endless")
            claims = await opened(self._provider, token)
            self._rules().validate(claims)
            check_age(claims, self._now())
            _check_meaning(claims)
        except WRONG as error:
            raise unproved(type(error).__name__) from None
        until = datetime.fromtimestamp(int(claims["iat"]), UTC) + OLDEST_TOKEN + CLOCK_SKEW
        return LoggedOut(
            issuer=self._provider.issuer, subject=claims.get("sub"), session=claims.get("sid"), name=claims["jti"], good_until=until
        )

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=self._now(),
            leeway=int(CLOCK_SKEW.total_seconds()),
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._client_id},
            iat={"essential": True},
            jti={"essential": True},
            events={"essential": True},
        )

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def unproved(why: str) -> LogoutNotProved:
    log.warning("a logout is not proved", why=why)
    return LogoutNotProved()


def _check_meaning(claims: Mapping[str, Any]) -> None:
    """That it speaks of a logout and of nothing else: an ID token, which has a nonce, ends nobody's session."""
    events = claims["events"]
    if not isinstance(events, Mapping) or not isinstance(events.get(EVENT), Mapping):
        raise ValueError("no logout")
    if "nonce" in claims:
        raise ValueError("nonce")
    named = [claims[name] for name in ("sub", "sid") if name in claims]
    if not named or not all(map(is_name, [*named, claims["jti"]])):
        raise ValueError("nobody is named")
