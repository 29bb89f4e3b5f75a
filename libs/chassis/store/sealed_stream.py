"""Bytes of any length under one key, in chunks: the STREAM construction over AES-256-GCM (Hoang, Reyhanitabar, Rogaway, Vizár 2015).

magic (6) ‖ salt (32) ‖ chunks of 64 KiB, each with its tag of 16 bytes; only the last one is shorter, it may be empty.
The key of one object is derived from its thread's key, the salt and its id; a nonce is the chunk's number and whether it is the last.
So a chunk that is changed, moved, repeated, left out or taken from another object is refused, and so is an end that came too early.
"""

from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.chassis.store.sealing import KEY_BYTES, BrokenSeal, new_key

MAGIC: Final = b"OTKST1"
SALT_BYTES: Final = 32
HEADER_BYTES: Final = len(MAGIC) + SALT_BYTES
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
NUMBER_BYTES: Final = 11  # with the flag, the twelve bytes of a nonce


class _Chunks:
    """The cipher of one object."""

    def __init__(self, key: bytes, salt: bytes, object_id: UUID) -> None:
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"otklik object " + object_id.bytes).derive(key)
        self._cipher = AESGCM(derived)
        self._number = 0

    def seal(self, chunk: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(last), chunk, MAGIC)

    def unseal(self, chunk: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(last), chunk, MAGIC)
        except (InvalidTag, ValueError):
            raise BrokenSeal from None

    def _nonce(self, last: bool) -> bytes:
        nonce = self._number.to_bytes(NUMBER_BYTES) + (b"\x01" if last else b"\x00")
        self._number += 1
        return nonce


async def sealed(key: bytes, object_id: UUID, plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What is stored; `plain` may come in pieces of any size and is never held whole."""
    salt = new_key()
    chunks = _Chunks(key, salt, object_id)
    yield MAGIC + salt
    waiting = bytearray()
    async for piece in plain:
        waiting += piece
        while len(waiting) > CHUNK_BYTES:  # one that is exactly full may be the last
            yield chunks.seal(bytes(waiting[:CHUNK_BYTES]), last=False)
            del waiting[:CHUNK_BYTES]
    yield chunks.seal(bytes(waiting), last=True)


async def unsealed(key: bytes, object_id: UUID, stored: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What was sealed, each piece proved before it is given; raises `BrokenSeal`, at the latest where the end should be."""
    waiting = bytearray()
    chunks: _Chunks | None = None
    async for piece in stored:
        waiting += piece
        if chunks is None and len(waiting) >= HEADER_BYTES:
            chunks = _opened(key, object_id, bytes(waiting[:HEADER_BYTES]))
            del waiting[:HEADER_BYTES]
        while chunks is not None and len(waiting) > CHUNK_BYTES + TAG_BYTES:
            yield chunks.unseal(bytes(waiting[: CHUNK_BYTES + TAG_BYTES]), last=False)
            del waiting[: CHUNK_BYTES + TAG_BYTES]
    if chunks is None:
        raise BrokenSeal("the object has no whole header")
    yield chunks.unseal(bytes(waiting), last=True)


def _opened(key: bytes, object_id: UUID, header: bytes) -> _Chunks:
    if header[: len(MAGIC)] != MAGIC:
        raise BrokenSeal("the object is not one of ours")
    return _Chunks(key, header[len(MAGIC) :], object_id)
