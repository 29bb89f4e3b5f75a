"""With the database's disk full history keeps nothing back and nothing aside: the batch waits; no look goes out unwritten."""

import asyncio

import asyncpg
import pytest

from libs.chassis.access.roles import Role
from services.history.api import MOST_LOOKS
from tests.full_disk import full_disk
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping
from tests.unit.history.told import IDS, request_of


@pytest.mark.requirement("D-14", "R-7", "D-25")
async def test_with_the_disk_full_a_batch_waits_and_a_look_is_answered_503(history: Keeping, signed_in: SignedIn) -> None:
    batch = request_of(IDS.new())
    async with full_disk(history.database, "history"):
        with pytest.raises(asyncpg.DiskFullError):  # an infrastructure error: the batch comes again
            await history.take(*batch)
        answer = await history.ask(signed_in(Role.OPERATOR), channel="site")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    await history.take(*batch)
    assert await history.count() == len(batch)
    assert (await history.ask(signed_in(Role.OPERATOR), channel="site")).status_code == 200


@pytest.mark.requirement("E-16", "R-21")
async def test_a_crowd_at_the_door_is_answered_or_told_to_come_again_and_the_door_stays_open(history: Keeping, signed_in: SignedIn) -> None:
    await history.take(*request_of(IDS.new()))
    operator = signed_in(Role.OPERATOR)
    answers = await asyncio.gather(*(history.ask(operator, channel="site") for _ in range(4 * MOST_LOOKS)))
    told = {answer.status_code: answer for answer in answers}
    assert told.keys() == {200, 503}
    assert told[503].json()["code"] == "too-many-at-once"
    assert sum(answer.status_code == 200 for answer in answers) >= MOST_LOOKS
    assert (await history.ask(operator, channel="site")).status_code == 200
