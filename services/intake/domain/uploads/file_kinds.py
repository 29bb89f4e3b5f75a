"""What a file is, by its content: never by what its name or its sender says. Pure.

The list is short on purpose: what a person attaches to a question and a clerk can open. An archive is not on it, because what is in it
can neither be named nor shown; nor is anything that runs.
"""

import codecs
import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import ClassVar, Final

from libs.chassis.ops.refusals import Refusal

HEAD_BYTES: Final = 64 * 1024
TAIL_BYTES: Final = 256 * 1024  # holds the list of contents of any document in a ZIP
PDF_WITHIN: Final = 1024  # where readers look for the mark of a PDF
LONGEST_NAME: Final = 255
UNKNOWN_TYPES: Final = frozenset(("", "application/octet-stream", "binary/octet-stream", "application/x-download"))
MACROS: Final = "vbaproject.bin"
ENDING: Final = re.compile(r"\.((?=\w*[a-z])[a-z0-9]{1,5})$", re.IGNORECASE | re.ASCII)
CONTROLS: Final = frozenset(range(32)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1A} | {0x7F}  # 0x1A: an end of file of old editors
NO_CONTROLS: Final = bytes(code for code in range(256) if code not in CONTROLS)
NO_LETTER_OF_1251: Final = b"\x98"
ZIPPED: Final = ("application/zip", "application/x-zip-compressed")  # what a machine without an office calls its documents


@dataclass(frozen=True)
class Kind:
    """A kind of files: how people call it, the types and the endings that it goes by."""

    title: str
    types: tuple[str, ...]
    endings: tuple[str, ...]

    @property
    def type(self) -> str:
        return self.types[0]


PDF = Kind("PDF", ("application/pdf",), ("pdf",))
JPEG = Kind("JPEG", ("image/jpeg", "image/jpg", "image/pjpeg"), ("jpg", "jpeg", "jpe", "jfif"))
PNG = Kind("PNG", ("image/png",), ("png",))
TIFF = Kind("TIFF", ("image/tiff",), ("tif", "tiff"))
RTF = Kind("RTF", ("application/rtf", "text/rtf"), ("rtf", "doc"))  # Word saves it under either name
OLE = Kind("DOC или XLS", ("application/msword", "application/vnd.ms-excel"), ("doc", "xls"))
DOCX = Kind("DOCX", ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", *ZIPPED), ("docx",))
XLSX = Kind("XLSX", ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", *ZIPPED), ("xlsx",))
ODT = Kind("ODT", ("application/vnd.oasis.opendocument.text", *ZIPPED), ("odt",))
ODS = Kind("ODS", ("application/vnd.oasis.opendocument.spreadsheet", *ZIPPED), ("ods",))
TEXT = Kind("TXT", ("text/plain",), ("txt",))
KINDS: Final = (PDF, JPEG, PNG, TIFF, DOCX, XLSX, ODT, ODS, OLE, RTF, TEXT)
TITLES: Final = "PDF, JPEG, PNG, TIFF, DOC, DOCX, XLS, XLSX, ODT, ODS, RTF, TXT"

STARTS: Final = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"{\\rtf", RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
)
PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"L\x00\x00\x00",
)
ZIP: Final = b"PK\x03\x04"


class FileTypeNotAllowed(Refusal):
    """The content is of no kind that is taken: a program, an archive, something unknown, or a document with macros."""

    code: ClassVar[str] = "file-type-not-allowed"
    status: ClassVar[int] = 415
    says: ClassVar[str] = f"Файлы такого вида не принимаются. Можно приложить: {TITLES}. Несколько файлов прикладывайте по одному."


class FileTypeMismatch(Refusal):
    """The content is of another kind than name or declared type say; `found` names the kind."""

    code: ClassVar[str] = "file-type-mismatch"
    status: ClassVar[int] = 415
    says: ClassVar[str] = "Содержимое файла не такое, как говорит его имя. Откройте файл, сохраните его заново и приложите ещё раз."

    def __init__(self, found: Kind) -> None:
        super().__init__()
        self._found = found

    def extras(self) -> dict[str, object]:
        return {"found": self._found.title}


class FileEmpty(Refusal):
    """The file holds nothing."""

    code: ClassVar[str] = "file-empty"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Файл пустой. Проверьте его и приложите ещё раз."


@dataclass
class Sample:
    """What a file is known by, gathered while it passes: nothing of it is held but its two ends."""

    head: bytes = b""
    tail: bytes = b""
    size: int = 0
    _utf8: codecs.IncrementalDecoder | None = field(default_factory=codecs.getincrementaldecoder("utf-8"), repr=False)
    _is_1251: bool = True

    def add(self, piece: bytes) -> None:
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + piece)[:HEAD_BYTES]
        self.tail = (self.tail + piece)[-TAIL_BYTES:]
        self.size += len(piece)
        if piece.translate(None, NO_CONTROLS):
            self._utf8, self._is_1251 = None, False
        self._is_1251 = self._is_1251 and NO_LETTER_OF_1251 not in piece
        self._read(piece, final=False)

    @property
    def is_text(self) -> bool:
        """UTF-8 or Windows-1251, without the control characters that no text has."""
        self._read(b"", final=True)
        return self._utf8 is not None or self._is_1251

    def _read(self, piece: bytes, *, final: bool) -> None:
        try:
            if self._utf8 is not None:
                self._utf8.decode(piece, final)
        except UnicodeDecodeError:
            self._utf8 = None


def kind_of(sample: Sample) -> Kind:
    """Raises `FileEmpty` and `FileTypeNotAllowed`."""
    if sample.size == 0:
        raise FileEmpty
    if sample.head.startswith(PROGRAMS):
        raise FileTypeNotAllowed
    found = next((kind for start, kind in STARTS if sample.head.startswith(start)), None) or _odd_start(sample)
    if found is None:
        raise FileTypeNotAllowed
    return found


def check(kind: Kind, name: str, declared: str) -> None:
    """Raises `FileTypeMismatch` where the name's ending or the declared type belong to another kind; neither need be there."""
    ending = ending_of(name)
    if ending and ending not in kind.endings:
        raise FileTypeMismatch(kind)
    declared = declared.partition(";")[0].strip().casefold()
    of_the_ending = {one for other in KINDS if ending in other.endings for one in other.types}
    if declared not in UNKNOWN_TYPES and declared not in kind.types and declared not in of_the_ending:
        raise FileTypeMismatch(kind)


def ending_of(name: str) -> str:
    """«docx», or nothing: the year at the end of «от 01.02.2026» is no ending, nor is a word after a full stop."""
    found = ENDING.search(clean_name(name))
    return found[1].casefold() if found else ""


def _odd_start(sample: Sample) -> Kind | None:
    """Kinds that no fixed first bytes tell."""
    if sample.head.startswith(ZIP):
        return _zipped(sample)
    if b"%PDF-" in sample.head[:PDF_WITHIN]:
        return PDF
    return TEXT if sample.is_text else None


def _zipped(sample: Sample) -> Kind | None:
    """A document that is a ZIP, by its list of contents, which stands at the end."""
    try:
        with zipfile.ZipFile(io.BytesIO(sample.tail)) as archive:
            names = {name.casefold() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, UnicodeDecodeError, NotImplementedError):
        return None
    if any(name.endswith(MACROS) for name in names):
        return None
    if "[content_types].xml" in names:
        return next((kind for folder, kind in (("word/", DOCX), ("xl/", XLSX)) if any(name.startswith(folder) for name in names)), None)
    return next((kind for kind in (ODT, ODS) if _says_it_is(sample.head, kind)), None)


def _says_it_is(head: bytes, kind: Kind) -> bool:
    """OpenDocument 1.3 part 2, 3.3: the first file is `mimetype`, neither compressed nor followed by extras."""
    return head[30:38] == b"mimetype" and head[38:].startswith(kind.type.encode() + ZIP[:2])


def clean_name(name: str) -> str:
    """The last part of a path, as some browsers send one, without signs that no name can have; it may be empty."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")[-LONGEST_NAME:].strip(" .")
