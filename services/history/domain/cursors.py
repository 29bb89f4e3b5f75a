"""Cursors: where the next page begins, signed, so that a made-up one, or one of another question, is refused. Pure."""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, NamedTuple

from libs.chassis.ops.refusals import Refusal

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACE: Final = struct.Struct(">qhq")
MAC_BYTES: Final = 16


class WrongCursor(Refusal):
    """The cursor was not given out for this question."""

    code: ClassVar[str] = "wrong-cursor"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Указатель страницы неверен. Начните просмотр с первой страницы."


class Place(NamedTuple):
    """An entry's place in the order of answers."""

    occurred_at: datetime
    shard: int
    position: int


class Cursors:
    """`key` is a secret of this installation; it need not be the same for ever, an old cursor is merely refused."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"history cursors", hashlib.sha256).digest()

    def written(self, place: Place, question: bytes) -> str:
        packed = PLACE.pack((place.occurred_at - EPOCH) // timedelta(microseconds=1), place.shard, place.position)
        return base64.urlsafe_b64encode(packed + self._mac(packed, question)).rstrip(b"=").decode()

    def read(self, cursor: str, question: bytes) -> Place:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise WrongCursor from None
        packed, mac = raw[: PLACE.size], raw[PLACE.size :]
        if len(packed) != PLACE.size or not hmac.compare_digest(mac, self._mac(packed, question)):
            raise WrongCursor
        microseconds, shard, position = PLACE.unpack(packed)
        return Place(EPOCH + timedelta(microseconds=microseconds), shard, position)

    def _mac(self, packed: bytes, question: bytes) -> bytes:
        return hmac.new(self._key, packed + question, hashlib.sha256).digest()[:MAC_BYTES]
