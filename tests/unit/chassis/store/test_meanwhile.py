"""While PostgreSQL writes, what is written next is made ready; an error on either side leaves nothing at work behind it."""

import asyncio

import pytest

from libs.chassis.store.database import meanwhile


@pytest.mark.requirement("R-2")
async def test_the_work_begins_before_the_block_and_ends_with_it() -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        steps.append("ended")

    async with meanwhile(work()):
        steps.append("block")
    assert steps == ["begun", "block", "ended"]


@pytest.mark.requirement("R-2")
async def test_an_error_of_the_work_is_told_behind_the_block() -> None:
    steps: list[str] = []

    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        async with meanwhile(work()):
            steps.append("block")
    assert steps == ["block"]


@pytest.mark.requirement("R-2")
async def test_an_error_in_the_block_ends_the_work_first() -> None:
    """The connection is free again when the error arrives where the transaction is rolled back."""
    ended = False

    async def work() -> None:
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    with pytest.raises(LookupError):
        async with meanwhile(work()):
            raise LookupError
    assert ended
