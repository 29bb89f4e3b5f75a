"""Staff tokens: Ed25519-signed JWT that every service checks offline (R-25). intake issues them, the rest hold the public key."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from libs.chassis.access.roles import NotSignedIn, Role, Staff
from libs.chassis.ops.clock import Clock

ALGORITHM = "Ed25519"  # RFC 9864; the only one taken, so a token can't choose another
AUDIENCE = "otklik-staff"
LIFETIME = timedelta(minutes=10)
CLOCK_SKEW = timedelta(seconds=30)
MAX_TOKEN_CHARS = 4096


@dataclass(frozen=True, kw_only=True)
class StaffToken:
    """What a token says."""

    staff: Staff
    issued_at: datetime
    expires_at: datetime


class Verifies(Protocol):
    """What a door needs of a verifier."""

    def verify(self, token: str) -> StaffToken: ...


class TokenIssuer:
    """`issuer` is the authority's code; `private_key` the raw 32 bytes of an Ed25519 key."""

    def __init__(self, private_key: bytes, *, issuer: str, clock: Clock) -> None:
        self._key = OKPKey.import_key(_private(private_key))
        self._issuer = issuer
        self._clock = clock

    def issue(self, staff: Staff, *, lifetime: timedelta = LIFETIME) -> str:
        """A token for this staff; sample tokens may live longer than the ten minutes."""
        now = self._clock.now().timestamp()  # with its fraction: what was revoked a moment before does not touch this token
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": staff.id,
            "roles": sorted(staff.roles),
            "unit": staff.unit,
            "iat": now,
            "exp": int(now + lifetime.total_seconds()),
        }
        if staff.acting_for is not None:
            claims["acting_for"] = staff.acting_for
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])


class TokenVerifier:
    def __init__(self, public_key: bytes, *, issuer: str, clock: Clock) -> None:
        self._key = OKPKey.import_key(_public(public_key))
        self._issuer = issuer
        self._clock = clock

    def verify(self, token: str) -> StaffToken:
        """What the token says, or `NotSignedIn` whatever is wrong with it."""
        if len(token) > MAX_TOKEN_CHARS:
            raise NotSignedIn
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._rules().validate(claims)
            return _read(claims)
        except (JoseError, ValueError, TypeError, OverflowError):
            raise NotSignedIn from None

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=int(CLOCK_SKEW.total_seconds()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            roles={"essential": True, "allow_blank": True},
            iat={"essential": True},
            exp={"essential": True},
        )


def _read(claims: Mapping[str, Any]) -> StaffToken:
    unit, roles, acting_for = claims.get("unit"), claims["roles"], claims.get("acting_for")
    if not isinstance(roles, list) or not isinstance(unit, str | None) or not isinstance(acting_for, str | None):
        raise TypeError("claims of another shape")
    known = frozenset(Role(role) for role in roles if role in set(Role))
    return StaffToken(
        staff=Staff(id=claims["sub"], roles=known, unit=unit, acting_for=acting_for),
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _private(raw: bytes) -> dict[str, Any]:
    return {**_public(public_key_of(raw)), "d": _base64url(raw)}


def _public(raw: bytes) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_private_key() -> bytes:
    """A fresh key, raw."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    """What the services get to know of it, raw."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()
