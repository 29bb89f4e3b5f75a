"""A table that is taken away goes out while it is written, whole or not at all, and waits for nobody."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncGenerator, Iterable
from datetime import date
from functools import partial
from threading import Event
from typing import IO

import pytest

from services.intake.words import export
from services.intake.words.export import Line, Steps

pytestmark = pytest.mark.requirement("N-8.3")

LINE: Line = ("ЗИ-1/2026", "передан исполнителю", "", "", "", "", "А & <Б>\x01 ", date(2026, 11, 16), "", "да")
BATCHES = (3, 3, 1)


class Writer:
    """Writes a byte for each line, and waits behind each batch until it may go on."""

    def __init__(self) -> None:
        self.may_go_on, self.steps, self.file = Event(), 0, io.BytesIO()

    def __call__(self, file: IO[bytes]) -> Steps:
        self.file = file  # type: ignore[assignment]
        while (lines := (yield)) is not None:
            file.write(b"." * len(list(lines)))
            file.flush()
            self.steps += 1
            assert self.may_go_on.wait(10)


async def batches() -> AsyncGenerator[Iterable[Line], None]:
    for size in BATCHES:
        yield [LINE] * size


async def test_what_is_written_goes_out_before_the_rest_is_written() -> None:
    writer = Writer()
    chunks = export.sent(writer, batches(), asyncio.Semaphore(1))
    assert (await anext(chunks), writer.steps) == (b"...", 1)
    writer.may_go_on.set()
    assert b"".join([chunk async for chunk in chunks]) == b"." * (sum(BATCHES) - 3)
    assert writer.file.closed


async def test_when_the_receiver_leaves_the_writing_ends_early_and_leaves_no_file_open() -> None:
    writer, free = Writer(), asyncio.Semaphore(1)
    chunks = export.sent(writer, batches(), free)
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]
    writer.may_go_on.set()
    async with free:  # the writing holds it until its end
        await asyncio.sleep(0)
    assert (writer.steps, writer.file.closed) == (1, True)


async def test_a_writing_that_fails_breaks_the_answer_off() -> None:
    def fails(file: IO[bytes]) -> Steps:
        yield
        file.write(b".")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        [chunk async for chunk in export.sent(fails, batches(), asyncio.Semaphore(1))]


async def test_the_rows_of_a_table_follow_each_other_without_a_gap_and_hold_nothing_that_xml_forbids() -> None:
    lines = sum(BATCHES)
    made = b"".join([chunk async for chunk in export.sent(partial(export.as_xlsx, rows=lines), batches(), asyncio.Semaphore(1))])
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        assert book.testzip() is None
        sheet = book.read(export.SHEET).decode()
    assert re.findall(r'<row r="(\d+)"', sheet) == [str(number) for number in range(1, lines + 2)]
    assert f'<dimension ref="A1:J{lines + 1}"/>' in sheet
    assert f'<autoFilter ref="A1:J{lines + 1}"/>' in sheet
    assert sheet.count('<t xml:space="preserve">А &amp; &lt;Б&gt; </t>') == lines
