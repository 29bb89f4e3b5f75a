"""A service's clock jumps ahead and back again."""

import asyncio

import pytest

from tests.faults.town import SERVICES, broken, town, under_load

AHEAD_SECONDS = 3600
RATE = 3.0
GOES_ON_SECONDS = 15.0


@pytest.mark.requirement("D-14", "D-15")
@pytest.mark.parametrize("name", SERVICES)
async def test_a_clock_that_jumps_an_hour_ahead_and_back_loses_and_delays_nothing(name: str) -> None:
    prepared = {each: {"faults_service": each} for each in SERVICES}
    async with town(f"clock-{name}", told=prepared, module="tests.faults.launch") as jumping:
        async with under_load(jumping, RATE):
            for seconds, what in ((AHEAD_SECONDS, "an hour ahead"), (0, "right again")):
                await asyncio.sleep(2)
                await jumping.stop(name)
                jumping.tell(name, faults_clock_seconds=seconds)
                await jumping.start(name)
                jumping.journal.say(f"the clock of {name} is {what}")
                await jumping.goes_on(f"the clock of {name} is {what}", within=GOES_ON_SECONDS)
        assert not broken(await jumping.finish(), jumping.journal.directory)
