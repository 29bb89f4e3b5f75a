"""The register's rows by its filters as a file to take away, XLSX or CSV (N-8.3): what the page shows, less the names of those who ask.

The download starts as soon as it is known which rows they are and grows while they are read and written, so the browser shows its own
progress; no job is kept, and nothing personal is left lying on our disks. Another process draws them (`sheet`), two thousand rows at a
time, and no more rows than that are in memory.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from datetime import tzinfo
from pathlib import Path
from typing import IO
from uuid import UUID

import orjson

from libs.chassis.access.roles import Staff
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries
from services.intake.domain.filters import After, Filters
from services.intake.overview import Overview
from services.intake.words import sheet
from services.intake.words.sheet import ROW, Head

SQL = queries(__file__)
MOST_ROWS = 100_000
CHOSEN_AT_ONCE = 10_000  # as few round trips as the event loop can bear
TOLD_AT_ONCE = 2_000
SENT_AT_ONCE = 64 * 1024
AT_ONCE = 2  # files
LOOK_SECONDS = 0.05
ROOT = Path(__file__).parents[3]

Titles = Mapping[str, Mapping[str, str]]
Batches = AsyncGenerator[bytes, None]


class TooManyRows(Refusal):
    """More rows than a file holds."""

    code = "too-many-rows"
    status = 409
    says = "По этому отбору больше 100 000 запросов, такую таблицу не открыть. Сузьте отбор и скачайте её частями."


class NotWritten(Exception):
    """The program that draws the file ended too early; it has told why."""


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

    async def file(self, kind: str, by: Staff, filters: Filters, titles: Titles) -> File:
        """`titles` by column and code. Raises `TooManyRows` before anything is sent."""
        chosen = await self._chosen(by, filters)
        head = Head(kind=kind, rows=len(chosen), today=self._overview.today().isoformat(), zone=str(self._zone), titles=titles)
        return File(chunks=sent(head, self._told(chosen), self._free), rows=len(chosen))

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

    async def _told(self, chosen: Sequence[UUID]) -> Batches:
        """What stands in each row, all of one moment."""
        async with self._pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            for start in range(0, len(chosen), TOLD_AT_ONCE):
                ids = chosen[start : start + TOLD_AT_ONCE]
                found = {row["request_id"]: row for row in await db.fetch(SQL["export_rows"], ids)}
                yield as_json([[row[column] for column in ROW] for request_id in ids if (row := found.get(request_id))])


def as_json(told: object) -> bytes:
    """A line of it; asyncpg's UUIDs are their own kind."""
    return orjson.dumps(told, default=str, option=orjson.OPT_APPEND_NEWLINE)


async def sent(head: Head, batches: Batches, free: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """What is written goes out at once, but nobody who receives slowly keeps the writing, and the database under it, waiting.

    A writing that fails breaks the answer off, which a browser tells from a whole file; when the receiver leaves, it is ended.
    """
    with tempfile.TemporaryFile() as file:
        writing = asyncio.create_task(_written(head, batches, file, free))
        place, done = 0, set[asyncio.Task[None]]()
        try:
            while not done:
                done, _ = await asyncio.wait((writing,), timeout=LOOK_SECONDS)
                while chunk := await asyncio.to_thread(os.pread, file.fileno(), SENT_AT_ONCE, place):
                    place += len(chunk)
                    yield chunk
            await writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def _written(head: Head, batches: Batches, file: IO[bytes], free: asyncio.Semaphore) -> None:
    """It gets nothing of our environment: no secret is its business. Raises `NotWritten`."""
    async with free, aclosing(batches):
        command = (sys.executable, "-m", sheet.__name__)
        drawing = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=file, cwd=ROOT, env={})
        try:
            await _fed(drawing.stdin, head, batches)
            if await drawing.wait():
                raise NotWritten(f"it ended with {drawing.returncode}")
        finally:
            if drawing.returncode is None:
                drawing.kill()
                await drawing.wait()


async def _fed(reader: asyncio.StreamWriter | None, head: Head, batches: Batches) -> None:
    if reader is None:
        raise NotWritten("it has no standard input")
    reader.write(as_json(asdict(head)))
    async for lines in batches:
        reader.write(lines)
        try:
            await reader.drain()
        except ConnectionError:
            break  # it has ended; its exit code tells more
    reader.close()
