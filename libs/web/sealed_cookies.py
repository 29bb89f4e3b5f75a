"""Cookies and fields that only we can read: what a page must show again after a redirect, and what no URL may hold."""

import json
import zlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol, Self

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.requests import Request
from starlette.responses import Response

LONGEST_TOKEN = 3000  # characters; with the other headers of an answer it stays under the 4 KiB that many proxies accept


class Clock(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True)
class Seal:
    """Values that go through a browser unread and unchanged. The key is derived for `purpose`, so none can stand for another."""

    purpose: str
    secret: bytes = field(repr=False)
    lifetime_seconds: int
    clock: Clock

    def sealed(self, value: dict[str, Any]) -> str:
        packed = zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 9)
        return self._fernet().encrypt_at_time(packed, self._seconds()).decode()

    def opened(self, token: str) -> dict[str, Any] | None:
        """None for one that is too old or not ours."""
        try:
            opened = self._fernet().decrypt_at_time(token, self.lifetime_seconds, self._seconds())
        except InvalidToken:
            return None
        value: dict[str, Any] = json.loads(zlib.decompress(opened))
        return value

    def _seconds(self) -> int:
        return int(self.clock.now().timestamp())

    def _fernet(self) -> Fernet:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=self.purpose.encode()).derive(self.secret)
        return Fernet(urlsafe_b64encode(key))


@dataclass(frozen=True)
class SealedCookie:
    """One encrypted, http-only cookie of this site and path. The key is derived for its name, so none can stand for another."""

    name: str
    secret: bytes = field(repr=False)
    lifetime_seconds: int
    path: str
    clock: Clock
    same_site: Literal["strict", "lax"] = "strict"  # lax: it comes along when another site leads back to us

    def at(self, path: str) -> Self:
        """The same cookie for one page of its own: each tab keeps what it was given, whatever another tab does."""
        return replace(self, path=path)

    def write(self, request: Request, response: Response, value: dict[str, Any]) -> bool:
        """False, with nothing written, for a value that is too long for a cookie."""
        token = self._seal.sealed(value)
        if len(token) > LONGEST_TOKEN:
            return False
        response.set_cookie(
            self.name,
            token,
            max_age=self.lifetime_seconds,
            path=self.path,
            httponly=True,
            samesite=self.same_site,
            secure=request.url.scheme == "https",
        )
        return True

    def read(self, request: Request) -> dict[str, Any] | None:
        """The value, or None when there is none, it is too old or it is not ours."""
        token = request.cookies.get(self.name)
        return None if token is None else self._seal.opened(token)

    def clear(self, response: Response) -> None:
        response.delete_cookie(self.name, path=self.path, httponly=True, samesite=self.same_site)

    @property
    def _seal(self) -> Seal:
        return Seal(f"cookie {self.name}", self.secret, self.lifetime_seconds, self.clock)
