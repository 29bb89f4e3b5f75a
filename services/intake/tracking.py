"""Codes that a person holds: the reference, the tracking code, the confirmation link.

None of the secrets is stored: each is an HMAC of what it belongs to, so a message sent twice gets the same receipt.
"""

import base64
import binascii
import hmac
import re
from functools import lru_cache
from uuid import UUID

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0, O, 1, I: typed, or read aloud on the phone
CODE_LENGTH = 12
REFERENCE_LENGTH = 10
MAC_BYTES = 16
NOBODYS = UUID(int=0)

_BETWEEN = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_LOOK_ALIKES = str.maketrans("АВЕКМНРСТУХ", "ABEKMHPCTYX")


def reference(request_id: UUID) -> str:
    """Ten characters from the random end of a UUIDv7, in two groups; unique in the register of requests, no secret."""
    letters = _letters(request_id.int, REFERENCE_LENGTH)
    return f"{letters[:5]}-{letters[5:]}"


def tracking_code(key: bytes, request_id: UUID) -> str:
    """Twelve characters, sixty bits; with the number it opens the status page (E-10)."""
    return _letters(int.from_bytes(_mac(key, b"tracking", request_id.bytes)), CODE_LENGTH)


def confirm_token(key: bytes, request_id: UUID, email: str) -> str:
    """For a link that proves an address; it dies when the address changes and holds nothing of it."""
    mac = _mac(key, b"confirm", request_id.bytes + email.encode())[:MAC_BYTES]
    return base64.urlsafe_b64encode(request_id.bytes + mac).rstrip(b"=").decode()


def request_of(token: str) -> UUID | None:
    """The request that a confirmation token speaks of, before it is checked."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=raw[:16]) if len(raw) == 16 + MAC_BYTES else None


def same(offered: str, right: str) -> bool:
    return hmac.compare_digest(offered.encode(), right.encode())


def typed(code: str) -> str:
    """A code or number as a person typed it: case, blanks, dashes and the keyboard's alphabet do not matter."""
    return _BETWEEN.sub("", code.upper()).translate(_LOOK_ALIKES)


def fingerprint(key: bytes, purpose: str, *parts: str) -> bytes:
    """An HMAC that recognises a value again without keeping it."""
    return _mac(key, purpose.encode(), b"\x00".join(part.encode() for part in parts))


@lru_cache(maxsize=2_000)  # asked for at each step of a message; a dialogue's name is short, a text would not be
def dialogue_mark(key: bytes, frontend: str, dialogue: str) -> bytes:
    """The same for every message of one conversation, whatever door it came by."""
    return fingerprint(key, "dialogue", frontend, dialogue)


def _mac(key: bytes, purpose: bytes, data: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\x00" + data, "sha256")


def _letters(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)
