"""Sealing: AES-256-GCM under a thread's key, and the commitment that binds a ciphertext to one plaintext (R-17)."""

import hashlib
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32


class BrokenSeal(ValueError):
    """The ciphertext, its key or what it is bound to was changed."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, bound_to: bytes) -> bytes:
    """nonce ‖ ciphertext ‖ tag; `bound_to` must be the same when it is opened (an event's id, a thread's id)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plaintext, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The plaintext; raises `BrokenSeal`."""
    try:
        return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):  # the second for bytes that are too short to hold even a nonce
        raise BrokenSeal from None


@lru_cache(maxsize=4_096)  # making one costs as much as sealing with it
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def commitment(key: bytes, sealed: bytes, plaintext: bytes) -> bytes:
    """SHA-256(key ‖ nonce ‖ plaintext): a ciphertext can be opened one way only, and the proof outlives the key."""
    return hashlib.sha256(key + sealed[:NONCE_BYTES] + plaintext).digest()
