"""The file of an older register, record by record, however torn it is: a broken row costs that row alone."""

import codecs
import csv
import io
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from services.intake.imports.mapping import FileForm, RegisterMapping
from services.intake.imports.rows import Rejected, Row

MAX_LINES_OF_A_RECORD = 200  # a quote that is never closed gives up its own line, not the rest of the file
UNREADABLE = "\udcff"  # stands for bytes that the encoding does not know; no encoding can produce it


class Unusable(Exception):
    """The file or the mapping can't be used at all; the text says why, in Russian."""


def read_mapping(path: Path) -> RegisterMapping:
    """Raises `Unusable`."""
    try:
        return RegisterMapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise Unusable(f"Настройка {path} не читается: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unusable(f"Настройка {path} не в кодировке UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"Настройка {path} не в формате TOML: {error}.") from None
    except ValidationError as error:
        wrong = [f"  {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False, include_input=False)]
        raise Unusable("\n".join([f"Настройка {path} неполна или неверна:", *wrong])) from None


class RegisterFile:
    """The lines of a file; iterating gives its rows, each with how many lines of the file were read so far."""

    def __init__(self, path: Path, form: FileForm) -> None:
        """Raises `Unusable`."""
        codecs.register_error("otklik-mark", _mark)
        try:
            text = path.read_bytes().decode(form.encoding, errors="otklik-mark")
        except OSError as error:
            raise Unusable(f"Файл {path} не читается: {error.strerror}.") from None
        except UnicodeError:
            raise Unusable(f"Файл {path} не в кодировке {form.encoding}.") from None
        self._path = path
        self._form = form
        self._lines = list(io.StringIO(text, newline=""))
        self._dialect = _dialect(form)
        self._columns: list[str] = []
        self.skipped: list[str] = []  # a spreadsheet's

    def __len__(self) -> int:
        """Lines of the file."""
        return len(self._lines)

    def rows(self, wanted: Sequence[str]) -> Iterator[tuple[int, Row | Rejected]]:
        """Raises `Unusable` when a wanted column is not in the heading; blank lines are passed over."""
        at = self._read_heading(wanted)
        while at < len(self._lines):
            taken, found = self._record(at)
            at += taken
            if found is not None:
                yield at, found

    def _read_heading(self, wanted: Sequence[str]) -> int:
        at = self._form.title_lines
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        taken, cells = self._cells(at) if at < len(self._lines) else (0, None)
        names = [cell.strip() for cell in cells or ()]
        absent = [name for name in wanted if name not in names]
        twice = [name for name in wanted if names.count(name) > 1]
        if absent:
            hint = "проверьте кодировку, разделитель и названия столбцов в настройке"
            raise Unusable(f"В файле {self._path} нет столбцов: {', '.join(absent)}; {hint}.")
        if twice:
            raise Unusable(f"В файле {self._path} столбец назван дважды: {', '.join(twice)}.")
        self._columns = names
        return at + taken

    def _record(self, at: int) -> tuple[int, Row | Rejected | None]:
        """How many lines the record at this line has, and what it is."""
        line = self._lines[at]
        if not line.strip():
            return 1, None
        taken, cells = self._cells(at)
        number = at + 1
        if cells is None:
            return 1, Rejected(number, None, "строка оборвана: кавычки не закрыты или стоят не на месте")
        if not any(cell.strip() for cell in cells):
            return taken, None
        reason = self._wrong_with(cells)
        return taken, Rejected(number, None, reason) if reason else Row(number, dict(zip(self._columns, cells, strict=False)))

    def _cells(self, at: int) -> tuple[int, list[str] | None]:
        """A record goes on over several lines as long as a quote is open, if it then has as many cells as the heading."""
        quote = self._form.quote
        for end in range(at + 1, min(at + MAX_LINES_OF_A_RECORD, len(self._lines)) + 1):
            if end > at + 1 and (quote is None or quote not in self._lines[end - 1]):
                continue  # nothing in this line can close it
            cells = self._parsed(self._lines[at:end])
            if cells is not None:
                whole = end == at + 1 or not self._columns or len(cells) == len(self._columns)
                return (end - at, cells) if whole else (1, None)
        return 1, None

    def _parsed(self, lines: Sequence[str]) -> list[str] | None:
        try:
            records = list(csv.reader(lines, self._dialect))
        except csv.Error:
            return None
        return records[0] if len(records) == 1 else None

    def _wrong_with(self, cells: Sequence[str]) -> str | None:
        expected = len(self._columns)
        if len(cells) < expected:
            return f"строка оборвана: столбцов {len(cells)}, а в заголовке {expected}"
        if any(cell.strip() for cell in cells[expected:]):
            return f"лишние столбцы: их {len(cells)}, а в заголовке {expected}"
        if any(UNREADABLE in cell for cell in cells):
            return f"есть знаки не в кодировке {self._form.encoding}"
        if any("\x00" in cell for cell in cells):
            return "есть знак с кодом 0"
        return None


def _dialect(form: FileForm) -> type[csv.Dialect]:
    class Written(csv.Dialect):
        delimiter = form.delimiter
        quotechar = form.quote
        quoting = csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE
        escapechar = form.escape
        doublequote = form.escape is None
        lineterminator = "\n"
        strict = True

    return Written


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end
