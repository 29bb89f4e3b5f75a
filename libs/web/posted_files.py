"""What a form with files posted: text fields as in `posted`, and each file handed on while it comes, never held and never on this disk."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from libs.web.headers import BodyTooLargeError
from libs.web.posted import MAX_FIELDS, posted, whole

MAX_TEXT_BYTES: Final = 1024 * 1024  # of all text fields together
MULTIPART: Final = b"multipart/form-data"


@dataclass(frozen=True)
class PostedFile:
    """A file in a form, by the name and type that the browser says; `typed`: the fields that stood before it."""

    field: str
    name: str
    type: str
    pieces: AsyncIterator[bytes]
    typed: Mapping[str, str]


Take = Callable[[PostedFile], Awaitable[None]]
"""Reads as much of a file as it likes; the rest is passed over."""


async def posted_with_files(request: Request, take: Take) -> dict[str, str]:
    """The text fields, as `posted`; an input of files that was left empty is no file."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != MULTIPART or not boundary:
        return await posted(request)
    codec = options.get(b"charset", b"utf-8").decode("latin-1")
    typed: dict[str, str] = {}
    size = 0
    async for part in _Parts(request.stream(), boundary):
        if part.name is not None:
            await _offered(part, take, typed)
            continue
        value = bytearray()
        async for piece in part.pieces():
            value += piece
            size += len(piece)
            if size > MAX_TEXT_BYTES:
                raise BodyTooLargeError
        typed[part.field] = whole(_read(value, codec))
        if len(typed) > MAX_FIELDS:
            raise HTTPException(400)
    return typed


async def _offered(part: "_Part", take: Take, typed: Mapping[str, str]) -> None:
    """An empty input comes as a part without name and without bytes."""
    if part.name:
        await take(PostedFile(part.field, part.name, part.type, part.pieces(), typed))


class _End:
    """The end of a part."""


class _Part:
    """One part, once its headers are read; `name` None: no file."""

    def __init__(self, parts: "_Parts", headers: Mapping[bytes, bytes]) -> None:
        _, told = parse_options_header(headers.get(b"content-disposition", b""))
        self.field = _decoded(told.get(b"name", b""))
        self.name = _decoded(told[b"filename"]) if b"filename" in told else None
        self.type = _decoded(headers.get(b"content-type", b""))
        self._parts = parts

    async def pieces(self) -> AsyncIterator[bytes]:
        while (piece := await self._parts.piece()) is not None:
            yield piece


class _Parts:
    """The parts of a body one after another: what was not read of one is passed over."""

    def __init__(self, body: AsyncIterator[bytes], boundary: bytes) -> None:
        self._body = body
        self._read: deque[_Part | bytes | _End] = deque()
        self._header, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._inside = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._name,
                "on_header_value": self._told,
                "on_header_end": self._header_ends,
                "on_headers_finished": lambda: self._read.append(_Part(self, self._headers)),
                "on_part_data": lambda data, start, end: self._read.append(data[start:end]),
                "on_part_end": self._end,
            },
        )

    async def __aiter__(self) -> AsyncIterator[_Part]:
        while (found := await self._next()) is not None:
            if isinstance(found, _Part):
                yield found

    async def piece(self) -> bytes | None:
        """The next bytes of the part that is being read; None at its end."""
        found = await self._next()
        return found if isinstance(found, bytes) else None

    async def _next(self) -> "_Part | bytes | _End | None":
        """None at the end of the body; one that ends within a part was cut off, and no file of it may be taken for whole."""
        while not self._read:
            chunk = await anext(self._body, None)
            if chunk is None and not self._inside:
                return None
            try:
                if chunk is None:
                    raise FormParserError
                self._parser.write(chunk)
            except FormParserError:
                raise HTTPException(400) from None
        return self._read.popleft()

    def _begin(self) -> None:
        self._headers, self._inside = {}, True

    def _end(self) -> None:
        self._inside = False
        self._read.append(_End())

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _told(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header, self._value = b"", b""


def _read(value: bytes | bytearray, codec: str) -> str:
    """As `posted` does it: a form of ours is UTF-8, whatever else comes is kept as far as it goes."""
    try:
        return value.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return value.decode("latin-1")


def _decoded(raw: bytes) -> str:
    """Browsers write names in UTF-8, with a quotation mark as %22 (HTML, multipart/form-data encoding algorithm)."""
    return raw.decode("utf-8", "replace").replace("%22", '"')
