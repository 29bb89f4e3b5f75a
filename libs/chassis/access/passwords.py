"""Passwords: argon2id with its library's parameters, in threads, few at once because each takes as much memory as it is told."""

import asyncio
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2
MEMORY_KIB = 65_536  # RFC 9106, 4: its second recommended option
LEAST_MEMORY_KIB = 19_456  # below it a stolen hash is guessed too cheaply, says OWASP
READABLE = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: typed from a sheet of paper


class Passwords:
    def __init__(self, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(memory_cost=memory_kib)
        self._free = asyncio.Semaphore(AT_ONCE)
        self._nobodys = nobodys(self._hasher)

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


def nobodys(hasher: PasswordHasher) -> str:
    """What no password fits, at the same cost as any other; made up, because a real hash costs each start a fifth of a second."""
    salt, tag = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${tag}"


def temporary_password() -> str:
    """Eighty bits in groups of four."""
    letters = "".join(secrets.choice(READABLE) for _ in range(16))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
