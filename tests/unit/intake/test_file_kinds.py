"""What may be attached is known by its content (E-5)."""

import contextlib
import io
import zipfile
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.uploads import file_kinds
from services.intake.domain.uploads.file_kinds import (
    FileEmpty,
    FileTypeMismatch,
    FileTypeNotAllowed,
    Kind,
    Sample,
    check,
    clean_name,
    kind_of,
)
from tests.unit.intake.files import DOC, DOCX, JPEG, ODT, PDF, PNG, XLSX, zipped

pytestmark = pytest.mark.requirement("E-5")

RUSSIAN = "Прошу приобщить к запросу.\r\nС уважением"
GOOD = {
    "pdf": (PDF, file_kinds.PDF),
    "pdf after a byte order mark": (b"\xef\xbb\xbf" + PDF, file_kinds.PDF),
    "jpeg": (JPEG, file_kinds.JPEG),
    "png": (PNG, file_kinds.PNG),
    "tiff": (b"II*\x00\x08", file_kinds.TIFF),
    "docx": (DOCX, file_kinds.DOCX),
    "xlsx": (XLSX, file_kinds.XLSX),
    "odt": (ODT, file_kinds.ODT),
    "doc": (DOC, file_kinds.OLE),
    "rtf": (b"{\\rtf1 }", file_kinds.RTF),
    "text in UTF-8": (RUSSIAN.encode(), file_kinds.TEXT),
    "text in Windows-1251": (RUSSIAN.encode("cp1251"), file_kinds.TEXT),
}
BAD = {
    "program of Windows": b"MZ\x90\x00",
    "program that ends as a PDF": b"MZ\x90\x00" + PDF,
    "program of Linux": b"\x7fELF",
    "script": b"#!/bin/sh\n",
    "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00",
    "archive": zipped({"a.txt": b"x"}),
    "document with macros": zipped({"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""}),
    "archive that only begins": b"PK\x03\x04",
    "bytes": b"\x00\x01\x02",
    "text with NUL": b"a\x00b",
    "text in UTF-16": RUSSIAN.encode("utf-16"),
    "neither UTF-8 nor Windows-1251": b"\xff\x98",
    "odt whose list of contents lies": ODT.replace(b"opendocument.text", b"opendocument.nope"),
}


def sample(*pieces: bytes) -> Sample:
    made = Sample()
    for piece in pieces:
        made.add(piece)
    return made


@pytest.mark.parametrize(("raw", "kind"), GOOD.values(), ids=GOOD)
def test_a_file_is_what_its_content_says(raw: bytes, kind: Kind) -> None:
    assert kind_of(sample(raw)) is kind
    assert kind_of(sample(*(raw[at : at + 1] for at in range(len(raw))))) is kind


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_programs_archives_macros_and_unknown_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(FileTypeNotAllowed):
        kind_of(sample(raw))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(FileEmpty):
        kind_of(sample())


def test_a_document_is_known_by_its_end_however_long_it_is() -> None:
    raw = zipped({"[Content_Types].xml": b"", "word/media/photo.jpg": b"\x01" * 3_000_000, "word/document.xml": b""}, zipfile.ZIP_STORED)
    assert kind_of(sample(*(raw[at : at + 65_536] for at in range(0, len(raw), 65_536)))) is file_kinds.DOCX


def test_a_control_character_late_in_a_long_text_is_found() -> None:
    with pytest.raises(FileTypeNotAllowed):
        kind_of(sample(RUSSIAN.encode() * 10_000, b"\x00"))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))), st.lists(st.integers(1, 7), max_size=30))
def test_letters_that_are_cut_between_pieces_stay_letters(text: str, cuts: Sequence[int]) -> None:
    raw, at, made = text.encode(), 0, Sample()
    for cut in [*cuts, len(raw)]:
        made.add(raw[at : at + cut])
        at += cut
    assert made.is_text


@pytest.mark.parametrize(
    ("kind", "name", "declared"),
    [
        (file_kinds.PDF, "Справка.PDF", "application/pdf"),
        (file_kinds.PDF, "Справка.pdf", "application/octet-stream"),
        (file_kinds.PDF, "Договор от 01.02.2026", ""),
        (file_kinds.PDF, "Договор. Копия", "application/pdf; charset=binary"),
        (file_kinds.RTF, "old.doc", "application/msword"),
        (file_kinds.OLE, "table.xls", "application/vnd.ms-excel"),
        (file_kinds.DOCX, "letter.docx", "application/x-zip-compressed"),
        (file_kinds.TEXT, "note.txt", "text/plain;charset=windows-1251"),
    ],
)
def test_a_file_that_is_what_it_says_is_taken(kind: Kind, name: str, declared: str) -> None:
    check(kind, name, declared)


@pytest.mark.parametrize(
    ("kind", "name", "declared"),
    [
        (file_kinds.PDF, "photo.jpg", ""),
        (file_kinds.PDF, "a.pdf", "image/png"),
        (file_kinds.TEXT, "page.html", "text/plain"),
        (file_kinds.TEXT, "note.txt", "text/html"),
        (file_kinds.PDF, "scan.pdf.exe", ""),
        (file_kinds.PDF, "scan.exe ..", ""),
        (file_kinds.PDF, "scan\u202egpj.exe", ""),
        (file_kinds.JPEG, "photo", "application/pdf"),
    ],
)
def test_a_file_that_is_not_what_its_name_or_type_says_is_refused(kind: Kind, name: str, declared: str) -> None:
    with pytest.raises(FileTypeMismatch) as refused:
        check(kind, name, declared)
    assert refused.value.extras() == {"found": kind.title}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("C:\\Документы\\Скан 1.pdf", "Скан 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b\r\nSet-Cookie: x.pdf', "abSet-Cookie x.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", ""),
        ("я" * 300 + ".pdf", "я" * 251 + ".pdf"),
    ],
)
def test_a_name_for_a_header_holds_nothing_that_a_browser_or_a_disk_could_misread(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.binary(max_size=2_000))
def test_whatever_the_bytes_the_answer_is_a_kind_or_a_refusal(raw: bytes) -> None:
    for made in (raw, b"PK\x03\x04" + raw, zipped({"a": raw})[:-1]):
        with contextlib.suppress(FileEmpty, FileTypeNotAllowed):
            assert kind_of(sample(made)) in file_kinds.KINDS


def test_every_kind_is_among_those_that_a_person_is_told() -> None:
    told = {title for kind in file_kinds.KINDS for title in kind.title.split(" или ")}
    assert told - {"OLE"} == set(file_kinds.TITLES.split(", ")) - {"OLE"}
    assert io.StringIO(FileTypeNotAllowed.says).read().count(file_kinds.TITLES) == 1
