"""The register's rows by its filters as a file to take away, XLSX or CSV (N-8.3): what the page shows, less the names of those who ask.

The file comes at once, no job is kept: fifty thousand rows take seconds, the browser shows its own progress, and nothing personal is left
lying on our disks. All rows are of one moment. What is slow runs in a thread, some hundred rows at a time, beside the event loop.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import chain, islice
from typing import IO, Any
from uuid import UUID

import xlsxwriter

from libs.chassis.access.roles import Staff
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.queries import queries
from services.intake import tracking
from services.intake.domain.filters import After, Filters
from services.intake.overview import Overview

SQL = queries(__file__)
MOST_ROWS = 100_000
READ_AT_ONCE = 2_000
WRITTEN_AT_ONCE = 500
SENT_AT_ONCE = 64 * 1024
AT_ONCE = 2  # files; each holds its rows in memory
WIDTHS = (16, 24, 24, 30, 12, 36, 36, 12, 12, 12)
DAY = "dd.mm.yyyy"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet takes for a formula (OWASP: CSV injection)
XLSX, CSV = "xlsx", "csv"
TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}

OLDER = "из прежнего реестра"
OVER = object()
EXCELS_DAY_ZERO = date(1899, 12, 30)

Cell = str | date
Line = tuple[Cell, ...]
Steps = Iterator[list[Line]]
HEADINGS: Line = ("Номер", "Статус", "Тип", "Тема", "Срочность", "Подразделение", "Исполнитель", "Поступил", "Ответить до", "Просрочен")


class TooManyRows(Refusal):
    """More rows than a file holds."""

    code = "too-many-rows"
    status = 409
    says = "По этому отбору больше 100 000 запросов, такую таблицу не открыть. Сузьте отбор и скачайте её частями."


@dataclass(frozen=True, kw_only=True)
class Told:
    """Titles by code: what the page says instead of codes, and names of accounts."""

    statuses: Mapping[str, str]
    types: Mapping[str, str]
    topics: Mapping[str, str]
    urgencies: Mapping[str, str]
    units: Mapping[str, str]
    accounts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class File:
    """Bytes to send, how many they are, and how many rows they tell of."""

    chunks: AsyncIterator[bytes]
    size: int
    rows: int


class Export:
    def __init__(self, *, pool: Pool, overview: Overview, zone: tzinfo) -> None:
        self._pool = pool
        self._overview = overview
        self._zone = zone
        self._free = asyncio.Semaphore(AT_ONCE)

    async def file(self, kind: str, by: Staff, filters: Filters, told: Told) -> File:
        """Made whole before the first byte goes out, so what is sent is never half a table; raises `TooManyRows`."""
        async with self._free:
            rows = await self._rows(by, filters)
            lines = self._lines(rows, told)
            made = await _made(_as_csv if kind == CSV else _as_xlsx, lines)
        return File(chunks=_sent(made), size=made.seek(0, io.SEEK_END), rows=len(rows))

    async def _rows(self, by: Staff, filters: Filters) -> list[Mapping[str, Any]]:
        """All rows as they are at one moment, in the order of the filters."""
        rows: list[Mapping[str, Any]] = []
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            after: After | None = None
            while found := await self._overview.places(db, by, filters, after, READ_AT_ONCE):
                if len(rows) + len(found) > MOST_ROWS:
                    raise TooManyRows
                rows += await _told_of(db, [place.request_id for place in found])
                after = found[-1]
        return rows

    def _lines(self, rows: Sequence[Mapping[str, Any]], told: Told) -> Iterator[Line]:
        today = self._overview.today()
        return (self._line(row, told, today) for row in rows)

    def _line(self, row: Mapping[str, Any], told: Told, today: date) -> Line:
        def said(titles: Mapping[str, str], column: str) -> str:
            return titles.get(row[column], row[column]) if row[column] else ""

        received: datetime | None = row["received_at"]
        return (
            row["reg_no"] or (OLDER if row["channel"] == "import" else tracking.reference(row["request_id"])),
            said(told.statuses, "status"),
            said(told.types, "type"),
            said(told.topics, "topic"),
            said(told.urgencies, "urgency"),
            said(told.units, "unit"),
            said(told.accounts, "executor"),
            received.astimezone(self._zone).date() if received else "",
            row["due_on"] or "",
            "да" if row["due_on"] and row["due_on"] < today and row["open"] else "",
        )


async def _told_of(db: Connection, request_ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    found = {row["request_id"]: row for row in await db.fetch(SQL["export_rows"], request_ids)}
    return [found[request_id] for request_id in request_ids]


def plain_text(cell: Cell) -> str:
    """A cell of CSV that no spreadsheet runs as a formula; a day as people write it."""
    text = cell if isinstance(cell, str) else cell.strftime("%d.%m.%Y")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


async def _made(write: Callable[[IO[bytes], Steps], Iterator[None]], lines: Iterator[Line]) -> IO[bytes]:
    """A file without a name, which is gone when it is closed; each step of the writing runs in a thread."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        steps = write(file, iter(lambda: list(islice(lines, WRITTEN_AT_ONCE)), []))
        while await asyncio.to_thread(next, steps, OVER) is not OVER:
            pass
    except BaseException:
        file.close()
        raise
    return file


def _as_csv(file: IO[bytes], steps: Steps) -> Iterator[None]:
    """UTF-8 with a mark at the beginning and semicolons, as Excel in Russian expects it."""
    file.write(b"\xef\xbb\xbf")
    for lines in chain([[HEADINGS]], steps):
        made = io.StringIO(newline="")
        csv.writer(made, delimiter=";", lineterminator="\r\n").writerows([plain_text(cell) for cell in line] for line in lines)
        file.write(made.getvalue().encode("utf-8", "replace"))
        yield


def _as_xlsx(file: IO[bytes], steps: Steps) -> Iterator[None]:
    """Text is written as text, whatever it begins with, and days as days."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet("Реестр")
    day, bold, at = book.add_format({"num_format": DAY}), book.add_format({"bold": True}), 1
    sheet.freeze_panes(1, 0)
    for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, str(heading), bold)
    for lines in steps:
        for row, line in enumerate(lines, at):
            _write(sheet, row, line, day)
        at += len(lines)
        yield
    sheet.autofilter(0, 0, at - 1, len(HEADINGS) - 1)
    book.close()


def _write(sheet: Any, row: int, line: Line, day: Any) -> None:
    for column, cell in enumerate(line):
        if isinstance(cell, date):
            sheet.write_number(row, column, (cell - EXCELS_DAY_ZERO).days, day)
        elif cell:
            sheet.write_string(row, column, cell)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, SENT_AT_ONCE):
            yield chunk
