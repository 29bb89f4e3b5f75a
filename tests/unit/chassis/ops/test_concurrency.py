"""A door works on so many requests at once; whoever comes beside them is told when to come again."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from libs.chassis.ops import problems
from libs.chassis.ops.concurrency import ConcurrencyLimit

LIMIT = 3


class Slow:
    """A route that answers when it is told to."""

    def __init__(self) -> None:
        self.inside = 0
        self.may_go = asyncio.Event()
        self.app = FastAPI()
        problems.install(self.app, body_limit_bytes=1_000)
        router = APIRouter(dependencies=[Depends(ConcurrencyLimit(LIMIT))])

        @router.get("/slow")
        async def slow() -> None:
            self.inside += 1
            await self.may_go.wait()
            self.inside -= 1

        @router.get("/broken")
        async def broken() -> None:
            raise RuntimeError

        self.app.include_router(router)


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def http(slow: Slow) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(slow.app), base_url="http://door") as client:
        yield client


@pytest.mark.requirement("E-16", "R-21")
async def test_one_too_many_is_answered_at_once_and_the_door_opens_again_after(slow: Slow, http: httpx.AsyncClient) -> None:
    waiting = [asyncio.create_task(http.get("/slow")) for _ in range(LIMIT)]
    while slow.inside < LIMIT:
        await asyncio.sleep(0)
    refused = await http.get("/slow")
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-at-once")
    assert int(refused.headers["retry-after"]) > 0
    slow.may_go.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert (await http.get("/slow")).status_code == 200


@pytest.mark.requirement("E-16")
async def test_who_breaks_inside_leaves_the_place_to_others(http: httpx.AsyncClient) -> None:
    for _ in range(2 * LIMIT):
        assert (await http.get("/broken")).status_code == 500
