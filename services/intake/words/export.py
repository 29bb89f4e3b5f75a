"""The register's rows by its filters as a file to take away, XLSX or CSV (N-8.3): what the page shows, less the names of those who ask.

The download starts as soon as it is known which rows they are and grows while they are read and written, so the browser shows its own
progress; no job is kept, and nothing personal is left lying on our disks. What is slow runs in a thread, two thousand rows at a time,
beside the event loop, and no more rows than that are in memory. Of XLSX the library draws an empty table, and the rows are put into it:
cell by cell it takes five times as long.
"""

import asyncio
import io
import os
import re
import tempfile
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from html import escape
from itertools import count
from typing import IO, Any
from uuid import UUID

import xlsxwriter

from libs.chassis.access.roles import Staff
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries
from libs.web.tables import CSV, DAY, MARK, Cell, csv_lines, plain_text
from services.intake import tracking
from services.intake.domain.filters import After, Filters
from services.intake.overview import Overview

SQL = queries(__file__)
MOST_ROWS = 100_000
CHOSEN_AT_ONCE = 10_000  # as few round trips as the event loop can bear
TOLD_AT_ONCE = 2_000
SENT_AT_ONCE = 64 * 1024
AT_ONCE = 2  # files
LOOK_SECONDS = 0.05
WIDTHS = (16, 24, 24, 30, 12, 36, 36, 12, 12, 12)
COLUMNS = "ABCDEFGHIJ"
DAYS = (7, 8)
EXTENT = b'<dimension ref="A1:J%d"/>'
SHEET = "xl/worksheets/sheet1.xml"
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

OLDER = "из прежнего реестра"
OVER = object()
EXCELS_DAY_ZERO = date(1899, 12, 30)

Line = tuple[Cell, ...]
Batches = AsyncGenerator[Iterable[Line], None]
Steps = Generator[None, Iterable[Line] | None, None]
Write = Callable[[IO[bytes]], Steps]
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
    """Bytes to send as they are made, and how many rows they tell of."""

    chunks: AsyncIterator[bytes]
    rows: int


class Export:
    def __init__(self, *, pool: Pool, overview: Overview, zone: tzinfo) -> None:
        self._pool = pool
        self._overview = overview
        self._zone = zone
        self._free = asyncio.Semaphore(AT_ONCE)

    async def file(self, kind: str, by: Staff, filters: Filters, told: Told) -> File:
        """Raises `TooManyRows` before anything is sent."""
        chosen = await self._chosen(by, filters)
        write = as_csv if kind == CSV else partial(as_xlsx, rows=len(chosen))
        return File(chunks=sent(write, self._told(chosen, told), self._free), rows=len(chosen))

    async def _chosen(self, by: Staff, filters: Filters) -> list[UUID]:
        """All of one moment, in the order of the filters."""
        chosen: list[UUID] = []
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            after: After | None = None
            while found := await self._overview.places(db, by, filters, after, CHOSEN_AT_ONCE):
                if len(chosen) + len(found) > MOST_ROWS:
                    raise TooManyRows
                chosen += [place.request_id for place in found]
                after = found[-1]
        return chosen

    async def _told(self, chosen: Sequence[UUID], told: Told) -> Batches:
        """What stands in each row, all of one moment; lines are made where they are written."""
        line = partial(self._line, told=told, today=self._overview.today())
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            for start in range(0, len(chosen), TOLD_AT_ONCE):
                ids = chosen[start : start + TOLD_AT_ONCE]
                found = {row["request_id"]: row for row in await db.fetch(SQL["export_rows"], ids)}
                yield map(line, [found[request_id] for request_id in ids if request_id in found])

    def _line(self, row: Mapping[str, Any], *, told: Told, today: date) -> Line:
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


async def sent(write: Write, batches: Batches, free: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """What is written goes out at once, but nobody who receives slowly keeps the writing, and the database under it, waiting.

    A writing that fails breaks the answer off, which a browser tells from a whole file; when the receiver leaves, it ends early.
    """
    file, left = tempfile.TemporaryFile(), asyncio.Event()  # noqa: SIM115 - closed behind the writing, which may outlive the receiver
    writing = asyncio.create_task(_written(write(file), batches, free, left))
    writing.add_done_callback(lambda _: file.close() if left.is_set() else None)
    place, done = 0, set[Any]()
    try:
        while not done:
            done, _ = await asyncio.wait((writing,), timeout=LOOK_SECONDS)
            while chunk := await asyncio.to_thread(os.pread, file.fileno(), SENT_AT_ONCE, place):
                place += len(chunk)
                yield chunk
        await writing
    finally:
        left.set()
        if writing.done():
            file.close()


async def _written(steps: Steps, batches: Batches, free: asyncio.Semaphore, left: asyncio.Event) -> None:
    """Each step runs in a thread; the last one, with nothing to write, ends the file."""
    async with free, aclosing(batches):
        await asyncio.to_thread(next, steps)
        async for lines in batches:
            if left.is_set():
                break
            await asyncio.to_thread(steps.send, lines)
        await asyncio.to_thread(next, steps, OVER)


def as_csv(file: IO[bytes]) -> Steps:
    """UTF-8 with a mark at the beginning and semicolons, as Excel in Russian expects it."""
    file.write(MARK)
    lines: Iterable[Line] | None = [HEADINGS]
    while lines is not None:
        file.write(csv_lines([plain_text(cell) for cell in line] for line in lines))
        file.flush()
        lines = yield


def as_xlsx(file: IO[bytes], rows: int) -> Steps:
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
            while (lines := (yield)) is not None:
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
        sheet.write_string(0, column, str(heading), bold)
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
