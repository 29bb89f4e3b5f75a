"""A table that is taken away goes out while it is written, whole or not at all, and waits for nobody."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncGenerator
from uuid import UUID

import psutil
import pytest

from libs.web.tables import CSV, XLSX
from services.intake.words import export, sheet
from services.intake.words.export import NotWritten, as_json
from services.intake.words.sheet import ROW, Head

pytestmark = pytest.mark.requirement("N-8.3")

REQUEST = {
    **dict.fromkeys(ROW),
    "request_id": UUID(int=1),
    "reg_no": "ЗИ-1/2026",
    "channel": "site",
    "status": "assigned",
    "executor": "А & <Б>\x01 ",
    "received_at": "2026-11-15T22:00:00+00:00",
    "due_on": "2026-11-16",
    "open": True,
}
BATCHES = (3, 3, 1)
TITLES = {column: {"assigned": "передан исполнителю"} for column in ("status", "type", "topic", "urgency", "unit", "executor")}
CSV_LINE = 'ЗИ-1/2026;передан исполнителю;;;;;"А & <Б>\x01 ";16.11.2026;16.11.2026;да'


def head(kind: str) -> Head:
    return Head(kind=kind, rows=sum(BATCHES), today="2026-11-17", zone="Asia/Novosibirsk", titles=TITLES)


def drawing() -> list[psutil.Process]:
    """The processes that draw tables for this one."""
    return [child for child in psutil.Process().children() if sheet.__name__ in child.cmdline()]


class Batches:
    """Rows that wait behind the first batch until they may go on."""

    def __init__(self) -> None:
        self.may_go_on, self.ended = asyncio.Event(), False

    async def rows(self) -> AsyncGenerator[bytes, None]:
        try:
            for size in BATCHES:
                yield as_json([list(REQUEST.values())] * size)
                await self.may_go_on.wait()
        finally:
            self.ended = True


async def test_what_is_written_goes_out_before_the_rest_is_written() -> None:
    batches = Batches()
    chunks = export.sent(head(CSV), batches.rows(), asyncio.Semaphore(1))
    begun = b""
    while begun.count(b"\r\n") < 1 + BATCHES[0]:
        begun += await anext(chunks)
    batches.may_go_on.set()
    whole = (begun + b"".join([chunk async for chunk in chunks])).decode("utf-8-sig")
    assert whole.split("\r\n") == [";".join(sheet.HEADINGS), *[CSV_LINE.replace('"', "")] * sum(BATCHES), ""]


async def test_when_the_receiver_leaves_the_writing_ends_with_its_process() -> None:
    batches, free = Batches(), asyncio.Semaphore(1)
    chunks = export.sent(head(CSV), batches.rows(), free)
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]
    assert (batches.ended, free.locked()) == (True, False)
    assert not drawing()


async def test_a_writing_that_fails_breaks_the_answer_off() -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield as_json([["too", "few"]])

    with pytest.raises(NotWritten):
        [chunk async for chunk in export.sent(head(CSV), broken(), asyncio.Semaphore(1))]


async def test_a_database_that_goes_away_in_the_middle_breaks_the_answer_off_and_leaves_no_process() -> None:
    async def lost() -> AsyncGenerator[bytes, None]:
        yield as_json([list(REQUEST.values())])
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(10):
            [chunk async for chunk in export.sent(head(CSV), lost(), asyncio.Semaphore(1))]
    assert not drawing()


async def test_the_rows_of_a_table_follow_each_other_without_a_gap_and_hold_nothing_that_xml_forbids() -> None:
    batches = Batches()
    batches.may_go_on.set()
    made = b"".join([chunk async for chunk in export.sent(head(XLSX), batches.rows(), asyncio.Semaphore(1))])
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        assert book.testzip() is None
        drawn = book.read(sheet.SHEET).decode()
    lines = sum(BATCHES)
    assert re.findall(r'<row r="(\d+)"', drawn) == [str(number) for number in range(1, lines + 2)]
    assert f'<dimension ref="A1:J{lines + 1}"/>' in drawn
    assert f'<autoFilter ref="A1:J{lines + 1}"/>' in drawn
    assert drawn.count('<t xml:space="preserve">А &amp; &lt;Б&gt; </t>') == lines
