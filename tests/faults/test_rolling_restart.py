"""A new release under load: every process is stopped and started again, one after the other."""

import asyncio

import pytest

from tests.faults.town import SERVICES, asked_for, broken, town, under_load

ROUNDS = 5
RATE = 10.0
GOES_ON_SECONDS = 15.0


@pytest.mark.requirement("D-28", "D-14")
async def test_a_rolling_restart_under_load_loses_nothing_doubles_nothing_and_sends_no_letter_again() -> None:
    async with town("rolling-restart") as rolling:
        async with under_load(rolling, RATE):
            for number in range(1, asked_for("N", ROUNDS) + 1):
                for name in SERVICES:
                    await asyncio.sleep(rolling.random.uniform(0.2, 2))
                    await rolling.stop(name)
                    await rolling.start(name)
                    await rolling.goes_on(f"restart {number} ({name})", within=GOES_ON_SECONDS)
        assert rolling.again == 0
        assert not broken(await rolling.finish(), rolling.journal.directory)
