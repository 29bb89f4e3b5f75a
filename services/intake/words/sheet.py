"""`python -m services.intake.words.sheet`: rows of the register on its standard input, XLSX or CSV on its standard output.

A program of its own, which gives way to all others: neither the event loop nor anybody's page waits for the interpreter that draws a
hundred thousand rows. The first line of its input is a `Head`, each further one a list of rows (`ROW`), as JSON. Of XLSX the library draws
an empty table, and the rows are put into it: cell by cell it takes five times as long.
"""

import io
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from itertools import chain, count
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import xlsxwriter

from libs.chassis.ops import logs
from libs.web.tables import CSV, DAY, MARK, Cell, csv_lines, plain_text
from services.intake import tracking

GIVES_WAY = 10  # nice(2)
# What each row says of a request, in this order; the columns of export_rows.sql.
ROW = ("request_id", "reg_no", "channel", "status", "type", "topic", "urgency", "unit", "executor", "received_at", "due_on", "open")
HEADINGS = ("Номер", "Статус", "Тип", "Тема", "Срочность", "Подразделение", "Исполнитель", "Поступил", "Ответить до", "Просрочен")
WIDTHS = (16, 24, 24, 30, 12, 36, 36, 12, 12, 12)
COLUMNS = "ABCDEFGHIJ"
DAYS = (7, 8)
EXTENT = b'<dimension ref="A1:J%d"/>'
SHEET = "xl/worksheets/sheet1.xml"
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
OLDER = "из прежнего реестра"
EXCELS_DAY_ZERO = date(1899, 12, 30)

Line = tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Head:
    """What kind of file of how many rows; `titles` are said instead of codes, by the column; `zone` as in the IANA database."""

    kind: str
    rows: int
    today: str
    zone: str
    titles: Mapping[str, Mapping[str, str]]

    def line(self, row: Iterable[Any]) -> Line:
        """A row's cells."""
        request_id, reg_no, channel, *codes, received_at, due_on, is_open = row
        due = date.fromisoformat(due_on) if due_on else None
        return (
            reg_no or (OLDER if channel == "import" else tracking.reference(UUID(request_id))),
            *(self.titles[column].get(code, code) if code else "" for column, code in zip(ROW[3:9], codes, strict=True)),
            datetime.fromisoformat(received_at).astimezone(ZoneInfo(self.zone)).date() if received_at else "",
            due or "",
            "да" if due and due < date.fromisoformat(self.today) and is_open else "",
        )


def main() -> None:
    """A line that is not as it must be ends it with an error, and its reader knows that the file is not whole."""
    logs.configure(service="intake", stream=sys.stderr)
    os.nice(GIVES_WAY)
    head = Head(**orjson.loads(sys.stdin.buffer.readline()))
    write = as_csv if head.kind == CSV else as_xlsx
    write(sys.stdout.buffer, head.rows, ([head.line(row) for row in orjson.loads(rows)] for rows in sys.stdin.buffer))


def as_csv(file: IO[bytes], _rows: int, batches: Iterable[Iterable[Line]]) -> None:
    """UTF-8 with a mark at the beginning and semicolons, as Excel in Russian expects it."""
    file.write(MARK)
    for lines in chain([[HEADINGS]], batches):
        file.write(csv_lines([plain_text(cell) for cell in line] for line in lines))
        file.flush()


def as_xlsx(file: IO[bytes], rows: int, batches: Iterable[Iterable[Line]]) -> None:
    """Text is written as text, whatever it begins with, and days as days."""
    empty, day = _empty_book(rows)
    head, end, foot = empty.read(SHEET).partition(b"</sheetData>")
    with zipfile.ZipFile(_OneWay(file), "w", zipfile.ZIP_DEFLATED) as book:  # type: ignore[call-overload]  # a file that is only written
        for name in empty.namelist():
            if name != SHEET:
                book.writestr(name, empty.read(name))
        with book.open(SHEET, "w") as sheet:
            sheet.write(head.replace(EXTENT % 1, EXTENT % (rows + 1)))
            numbers = count(2)
            for lines in batches:
                sheet.write("".join(_row(next(numbers), line, day) for line in lines).encode("utf-8", "replace"))
                file.flush()
            sheet.write(end + foot)
    file.flush()


class _OneWay:
    """What was written is sent already, so nobody may go back and change it: a zip into this is written from front to back."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush = file.write, file.flush


def _empty_book(rows: int) -> tuple[zipfile.ZipFile, int]:
    """The table with its headings only, and the style of its days."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"constant_memory": True})
    sheet = book.add_worksheet("Реестр")
    day, bold = book.add_format({"num_format": DAY}), book.add_format({"bold": True})
    for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width, day if column in DAYS else None)
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows, len(HEADINGS) - 1)
    book.close()
    return zipfile.ZipFile(made), day.xf_index


def _row(number: int, line: Line, day: int) -> str:
    cells = (_cell(f"{column}{number}", cell, day) for column, cell in zip(COLUMNS, line, strict=True) if cell)
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, cell: Cell, day: int) -> str:
    if isinstance(cell, date):
        return f'<c r="{place}" s="{day}"><v>{(cell - EXCELS_DAY_ZERO).days}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(NO_XML.sub("", cell), quote=False)}</t></is></c>'


if __name__ == "__main__":
    main()
