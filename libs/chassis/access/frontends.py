"""Keys of frontends at the HTTP door (D-23): a JSON file {name: [sha256 of a key in hex, ...]}, read again when it changes.

A frontend may have two keys at once, so a key is rotated without a break; a name that is gone from the file is revoked.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import structlog
from fastapi import Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import WrongSettings
from libs.events.topics import DESK

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")  # it becomes a part of topic names
_HASH = re.compile(r"[0-9a-f]{64}")
_BEARER = HTTPBearer(scheme_name="frontend", description="key of the frontend", auto_error=False)

Keys = Mapping[str, tuple[bytes, ...]]
Version = tuple[int, int, int]


class BadCredentials(Refusal):
    """No frontend has this key."""

    code = "bad-credentials"
    status = 401
    says = "Ключ канала не указан или не принят."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="frontend"'}


class FrontendKeys:
    """A dependency: the name of the frontend whose key came with the request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._version = _version(path)
            self._keys = read_keys(path)
        except (OSError, ValueError) as error:
            raise WrongSettings(f"{path} can't be read: {error}. OTKLIK_FRONTEND_KEYS_FILE names the keys of the frontends.") from None

    async def __call__(self, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> str:
        return self._named(credentials.credentials if credentials else "")

    def of(self, request: Request) -> str:
        """The same for a `FrontendRoute`."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return self._named(key.strip() if scheme.lower() == "bearer" else "")

    def _named(self, key: str) -> str:
        name = self.name_of(key)
        if name is None:
            raise BadCredentials
        return name

    def name_of(self, key: str) -> str | None:
        """Takes the same time whichever key fits, or none."""
        self._read_again()
        offered = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = None
        for name, hashes in self._keys.items():
            for known in hashes:
                if hmac.compare_digest(offered, known):
                    found = name
        return found

    def _read_again(self) -> None:
        try:
            version = _version(self._path)
            if version == self._version:
                return
            self._version = version
            self._keys = read_keys(self._path)
        except (OSError, ValueError) as error:  # half written, or away for a moment: the keys read last stay
            structlog.stdlib.get_logger("access").error("the frontends' keys can't be read again", error=error)


class FrontendRoute(APIRoute):
    """A route that is asked hundreds of times a second: its endpoint gets the request and the frontend's name, and answers by itself.

    Nothing else that it declares is done; what FastAPI does around an endpoint would cost as much as the work in it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        guards = [one.call for one in self.dependant.dependencies if isinstance(one.call, FrontendKeys)]

        async def answer(request: Request) -> Response:
            [frontends] = guards
            return cast(Response, await self.endpoint(request, frontends.of(request)))

        return answer


def read_keys(path: Path) -> Keys:
    """The file's names and hashes; ValueError tells what is wrong with it."""
    data = json.loads(path.read_text("utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it is not a JSON object {name: [hashes]}")
    return {_name(name): _hashes(name, hashes) for name, hashes in data.items()}


def hash_of(key: str) -> str:
    """What the file holds of a key; keys are random and long, so a plain SHA-256 is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def _name(name: str) -> str:
    if name == DESK:
        raise ValueError(f"{name!r} is what staff type in: nobody else may bring that")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a frontend: use a-z, 0-9 and dashes")
    return name


def _hashes(name: str, values: object) -> tuple[bytes, ...]:
    if not isinstance(values, list) or not all(isinstance(one, str) and _HASH.fullmatch(one) for one in values):
        raise ValueError(f"what stands for {name!r} is not a list of hashes of 64 hex digits")
    return tuple(bytes.fromhex(one) for one in values)


def _version(path: Path) -> Version:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
