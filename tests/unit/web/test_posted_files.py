"""A form with files is read while it comes: fields as ever, each file handed on piece by piece (E-5)."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from libs.web.headers import BodyTooLargeError
from libs.web.posted_files import MAX_TEXT_BYTES, PostedFile, posted_with_files

pytestmark = pytest.mark.requirement("E-5")
BOUNDARY = "----WebKitFormBoundaryk2YQ"


def part(name: str, content: bytes, file: str | None = None, kind: str = "application/pdf") -> bytes:
    said = f'form-data; name="{name}"' + (f'; filename="{file}"' if file is not None else "")
    typed = f"Content-Type: {kind}\r\n" if file is not None else ""
    return f"--{BOUNDARY}\r\nContent-Disposition: {said}\r\n{typed}\r\n".encode() + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def request(raw: bytes, cuts: Sequence[int] = (), kind: str = f"multipart/form-data; boundary={BOUNDARY}") -> Request:
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(places)]
    messages = iter([{"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1} for index, piece in enumerate(pieces)])

    async def receive() -> dict[str, object]:
        return next(messages)

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)


async def read(raw: Request) -> tuple[dict[str, str], list[tuple[str, str, str, bytes, tuple[str, ...]]]]:
    """The fields, and of each file all that is known."""
    files = []

    async def take(file: PostedFile) -> None:
        files.append((file.field, file.name, file.type, b"".join([piece async for piece in file.pieces]), tuple(file.typed)))

    return await posted_with_files(raw, take), files


FORM = body(
    part("dialogue", b"d-1"),
    part("text", "Прошу\r\n--сообщить".encode()),
    part("file", b"%PDF-1\r\n--" + BOUNDARY.encode()[:9] + b"\r\n", "Скан №1.pdf"),
    part("file", b"", ""),
    part("file", b"", "empty.pdf"),
    part("file", bytes(range(256)) * 700, "a%22b.jpg", "image/jpeg"),
    part("name", b"\xff"),
)


@given(st.lists(st.integers(0, 200_000), max_size=40))
async def test_however_the_body_is_cut_fields_and_files_are_the_same(cuts: list[int]) -> None:
    typed, files = await read(request(FORM, cuts))
    assert typed == {"dialogue": "d-1", "text": "Прошу\r\n--сообщить", "name": "ÿ"}
    before = ("dialogue", "text")
    assert files == [
        ("file", "Скан №1.pdf", "application/pdf", b"%PDF-1\r\n--" + BOUNDARY.encode()[:9] + b"\r\n", before),
        ("file", "empty.pdf", "application/pdf", b"", before),
        ("file", 'a"b.jpg', "image/jpeg", bytes(range(256)) * 700, before),
    ]


async def test_what_is_not_read_of_a_file_is_passed_over() -> None:
    names = []

    async def take(file: PostedFile) -> None:
        names.append(file.name)
        if len(names) == 1:
            await anext(aiter(file.pieces))

    form = body(part("file", b"x" * 300_000, "a"), part("file", b"y", "b"), part("text", b"t"))
    assert await posted_with_files(request(form, [100_000, 200_000]), take) == {"text": "t"}
    assert names == ["a", "b"]


@pytest.mark.parametrize("raw", [FORM[:-20], FORM[: len(FORM) // 2], b"nothing of the kind", part("file", b"abc", "a.pdf")])
async def test_a_form_that_breaks_off_or_is_none_is_refused_and_half_a_file_is_no_file(raw: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        await read(request(raw))
    assert refused.value.status_code == 400


async def test_a_form_without_files_in_the_usual_encoding_is_read_as_ever() -> None:
    assert await read(request(b"text=%D0%96&name=a", kind="application/x-www-form-urlencoded")) == ({"text": "Ж", "name": "a"}, [])


async def test_too_much_text_and_too_many_fields_are_refused() -> None:
    half = b"x" * (MAX_TEXT_BYTES // 2 + 1)
    with pytest.raises(BodyTooLargeError):
        await read(request(body(part("a", half), part("b", half))))
    with pytest.raises(HTTPException):
        await read(request(body(*(part(f"f{n}", b"") for n in range(102)))))
