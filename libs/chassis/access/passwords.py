"""Passwords: argon2id with its library's parameters, in threads, few at once because each takes 64 MiB."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
READABLE = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: typed from a sheet of paper


class Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hashed(self, password: str) -> str:
        async with self._free:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, known: str | None) -> bool:
        """Takes the same time where nothing is known."""
        async with self._free:
            right = await asyncio.to_thread(self._verified, known or self._nobodys, password)
        return right and known is not None

    def _verified(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False


def temporary_password() -> str:
    """Eighty bits in groups of four."""
    letters = "".join(secrets.choice(READABLE) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
