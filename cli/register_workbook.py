"""An older register kept in a spreadsheet, as offices keep it: a title above, a heading of merged cells, a sheet for each year.

What Excel did to the cells is undone as far as it can be: dates that became numbers, whole numbers that became 12.0, merged cells.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from cli.import_register_file import Unusable
from services.intake.imports.mapping import FileForm
from services.intake.imports.rows import Rejected, Row

SUFFIXES: Final = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))
HEADING_WITHIN = 30  # rows of a sheet
MOST_HEADING_ROWS = 3
ZERO_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - of the 1900 date system, in which 1900 was a leap year; the mapping adds the zone
FIRST_SERIAL, LAST_SERIAL = 1.0, 109_574.0  # the 31st of December 1899 and of 2199

Grid = list[list[Any]]


class RegisterWorkbook:
    """The sheets that have the wanted heading; `skipped` names the others. `dates` are the columns in which a number is a day."""

    def __init__(self, path: Path, form: FileForm, dates: frozenset[str]) -> None:
        """Raises `Unusable`."""
        try:
            self._book = CalamineWorkbook.from_path(path)
        except PasswordError:
            raise Unusable(f"Файл {path} закрыт паролем: сохраните его без пароля.") from None
        except (CalamineError, OSError) as error:
            raise Unusable(f"Файл {path} не читается как таблица: {error}.") from None
        absent = [name for name in form.sheets if name not in self._book.sheet_names]
        if absent:
            raise Unusable(f"В файле {path} нет листов: {', '.join(absent)}. Есть: {', '.join(self._book.sheet_names)}.")
        self._path = path
        self._dates = dates
        names = form.sheets or tuple(self._book.sheet_names)
        self._grids = {name: _grid(self._book.get_sheet_by_name(name)) for name in names}
        self.skipped: list[str] = []

    def __len__(self) -> int:
        """Rows of all sheets."""
        return sum(map(len, self._grids.values()))

    def rows(self, wanted: Sequence[str]) -> Iterator[tuple[int, Row | Rejected]]:
        """Raises `Unusable` when no sheet has all the wanted columns; blank rows are passed over."""
        found = {name: place for name, grid in self._grids.items() if (place := _heading(grid, wanted)) is not None}
        self.skipped = [name for name, grid in self._grids.items() if name not in found and any(map(any, grid))]
        if not found:
            raise Unusable(f"В файле {self._path} ни на одном листе нет строки со столбцами: {', '.join(wanted)}. Проверьте их названия.")
        read = 0
        for name, grid in self._grids.items():
            if name in found:
                first, columns = found[name]
                for at in range(first, len(grid)):
                    row = self._row(name, at, columns, grid[at])
                    if row is not None:
                        yield read + at + 1, row
            read += len(grid)

    def _row(self, sheet: str, at: int, columns: Sequence[str], cells: Sequence[Any]) -> Row | Rejected | None:
        if not any(_text(cell).strip() for cell in cells) or _is_numbering(cells):
            return None
        number = f"{at + 1} листа «{sheet}»"
        told = {name: self._cell(name, cell) for name, cell in zip(columns, cells, strict=False) if name}
        if any("\x00" in cell for cell in told.values()):
            return Rejected(number, None, "есть знак с кодом 0")
        return Row(number, told)

    def _cell(self, column: str, cell: Any) -> str:
        if column in self._dates:
            day = _serial(cell) if isinstance(cell, float) else cell
            return day.isoformat(sep=" ") if isinstance(day, datetime) else _text(day)
        return _text(cell)


def _grid(sheet: CalamineSheet) -> Grid:
    """Every cell of a merged range holds what its first one does."""
    grid: Grid = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in grid[top : bottom + 1]:
            row[left : right + 1] = [grid[top][left]] * (min(right + 1, len(row)) - left)
    return grid


def _heading(grid: Grid, wanted: Sequence[str]) -> tuple[int, list[str]] | None:
    """Where the rows begin, and the name of each column: the lowest cell of a heading of several rows, or all of them joined by « / »."""
    for top in range(min(HEADING_WITHIN, len(grid))):
        for count in range(1, min(MOST_HEADING_ROWS, len(grid) - top) + 1):
            names = _names(grid[top : top + count], wanted)
            if not set(wanted) - set(names):
                return top + count, names
    return None


def _names(rows: Grid, wanted: Sequence[str]) -> list[str]:
    names = []
    for parts in zip(*rows, strict=True):
        words = list(dict.fromkeys(word for part in parts if (word := " ".join(_text(part).split()))))
        joined, lowest = " / ".join(words), words[-1] if words else ""
        names.append(joined if joined in wanted else lowest)
    return [name if names.index(name) == at else "" for at, name in enumerate(names)]


def _is_numbering(cells: Sequence[Any]) -> bool:
    """The row 1, 2, 3… that many registers have under their heading."""
    told = [cell for cell in cells if cell not in ("", None)]
    return len(told) > 2 and [_text(cell) for cell in told] == [str(number) for number in range(1, len(told) + 1)]


def _serial(cell: float) -> datetime | float:
    return ZERO_DAY + timedelta(days=cell) if FIRST_SERIAL <= cell <= LAST_SERIAL else cell


def _text(cell: Any) -> str:
    match cell:
        case None:
            return ""
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime() | date():
            return cell.isoformat()
        case _:
            return str(cell)
