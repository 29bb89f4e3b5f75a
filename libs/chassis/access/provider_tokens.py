"""What an OpenID Connect provider has signed: opened with a key that it shows, by a rule that the token has no say in."""

import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning

from libs.chassis.access.provider import Provider

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "Ed25519")  # signatures alone: a token can't choose `none` or a shared secret
CLOCK_SKEW: Final = timedelta(seconds=60)
OLDEST_TOKEN: Final = timedelta(minutes=10)
LONGEST_NAME: Final = 255  # of a subject, OpenID Connect Core 1.0, 2


class UnknownKey(ValueError):
    """The provider has no key of the name that the token gives, or several and the token names none."""


WRONG: Final = (JoseError, ValueError, TypeError, OverflowError)
"""What a token that is not as it must be raises."""


async def opened(provider: Provider, token: str) -> dict[str, Any]:
    """Its claims, of which nothing is checked yet. Raises one of `WRONG`, or `ProviderAway`."""
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    if kid is not None and not isinstance(kid, str):
        raise UnknownKey
    key = await provider.key(kid)
    if key is None:
        raise UnknownKey
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 gave EdDSA another name, which providers do not use yet
        return jwt.decode(token, key, algorithms=ALGORITHMS).claims


def check_age(claims: Mapping[str, Any], now: int) -> None:
    """An old token says nothing about this moment, however long it is good."""
    if now - int(claims["iat"]) > OLDEST_TOKEN.total_seconds():
        raise ValueError("issued too long ago")


def is_name(value: object) -> bool:
    """Of somebody or something, as providers give them."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()
