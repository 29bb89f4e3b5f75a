"""Tables to take away, as XLSX and CSV: nothing in them is run as a formula. Small ones are made whole; the register's grow elsewhere."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import xlsxwriter

XLSX, CSV = "xlsx", "csv"
TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}
MARK = b"\xef\xbb\xbf"  # Excel takes a CSV file for UTF-8 when it begins so
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet takes for a formula (OWASP: CSV injection)
DAY = "dd.mm.yyyy"
WIDTH, FIRST_WIDTH = 14, 44

Cell = str | date
Figure = str | date | float | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """`title` is short: it names a sheet."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Figure]]


def plain_text(cell: Cell) -> str:
    """A cell of CSV that no spreadsheet runs as a formula; a day as people write it."""
    text = cell if isinstance(cell, str) else cell.strftime("%d.%m.%Y")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def csv_lines(lines: Iterable[Sequence[str]]) -> bytes:
    """Semicolons, as Excel in Russian expects them."""
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=";", lineterminator="\r\n").writerows(lines)
    return made.getvalue().encode("utf-8", "replace")


def as_csv(tables: Sequence[Table]) -> bytes:
    """One below the other, each under its title."""
    lines: list[list[str]] = []
    for table in tables:
        lines += [[table.title], list(table.headings), *([_written(cell) for cell in row] for row in table.rows), []]
    return MARK + csv_lines(lines[:-1])


def as_xlsx(tables: Sequence[Table]) -> bytes:
    """A sheet each; text is written as text, whatever it begins with, figures as figures."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    bold, day = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": DAY})
    for table in tables:
        sheet = book.add_worksheet(table.title)
        sheet.set_column(0, 0, FIRST_WIDTH)
        sheet.set_column(1, max(1, len(table.headings) - 1), WIDTH)
        sheet.freeze_panes(1, 1)
        for column, heading in enumerate(table.headings):
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                match cell:
                    case str():
                        sheet.write_string(number, column, cell)
                    case date():
                        sheet.write_datetime(number, column, cell, day)
                    case int() | float():
                        sheet.write_number(number, column, cell)
    book.close()
    return made.getvalue()


def _written(cell: Figure) -> str:
    match cell:
        case None:
            return ""
        case int() | float():
            return str(cell).replace(".", ",")
        case _:
            return plain_text(cell)
