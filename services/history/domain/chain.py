"""The chain: what a row's hash is made of, so that anybody can prove the log with these few lines (R-18). Pure.

hash = SHA-256(hash of the row before it ‖ canonical form ‖ sealed bytes), shard by shard.
The canonical form is a JSON array without blanks: shard, position, the time of storing, the columns of `Entry` in their order, and the
commitment in hex. Times are in UTC as ISO 8601, ids in lower case, what is absent is null; the open part is the very text that is stored.
The commitment, SHA-256(key ‖ nonce ‖ plaintext), lets a ciphertext be opened one way only and outlives the key.
"""

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from services.history.domain.entries import KEPT_COLUMNS

SHARDS: Final = 8  # fixed for the life of a log
HASHED_COLUMNS: Final = ("shard", "position", "stored_at", *KEPT_COLUMNS, "commitment")
LOG_COLUMNS: Final = (*HASHED_COLUMNS, "sealed", "hash")


def shard_of(thread_id: UUID) -> int:
    """All entries of a thread stand in one shard, in the order in which they came."""
    return zlib.crc32(thread_id.bytes) % SHARDS


def genesis(shard: int) -> bytes:
    """What stands before the first row of a shard; the first migration writes the same."""
    return hashlib.sha256(f"otklik-history-1 shard {shard}".encode()).digest()


def link(previous: bytes, place: Sequence[Any], kept: Sequence[Any], commitment: bytes | None, sealed: bytes | None) -> bytes:
    """The hash of a row at (shard, position, time of storing) whose columns are `kept`."""
    form = orjson.dumps([*place, *kept, commitment.hex() if commitment else None], default=_plain)
    return hashlib.sha256(b"".join((previous, form, sealed or b""))).digest()


def _plain(value: Any) -> str:
    """The database driver's ids are a subclass that orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
