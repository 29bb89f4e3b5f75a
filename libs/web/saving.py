"""A file that goes out for saving alone, never to be shown: whatever a browser makes of it, it runs nothing and is of no site."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

NEVER_SHOWN: Final = {
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
TYPE: Final = re.compile(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}")
UNKNOWN_TYPE: Final = "application/octet-stream"


def disposition(name: str) -> str:
    """RFC 6266: for saving, the name in UTF-8 (RFC 8187), beside it letters for programs of old."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\%;' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def to_save(pieces: AsyncGenerator[bytes, None], *, name: str, media_type: str, size: int) -> Response:
    """The bytes; who reads a broken one to its place of damage is cut off there, short of the length that was announced."""

    async def sent() -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    headers = NEVER_SHOWN | {"content-disposition": disposition(name), "content-length": str(size)}
    known = media_type if TYPE.fullmatch(media_type) else UNKNOWN_TYPE
    return StreamingResponse(sent(), headers=headers | {"content-type": known})
