"""kill -9 of every part at random moments under load; whoever runs the town starts it again."""

import asyncio

import pytest

from tests.faults.town import SERVICES, STORES, asked_for, broken, town, under_load

KILLS = 100
RATE = 5.0
GOES_ON_SECONDS = 15.0


@pytest.mark.requirement("D-14", "D-15")
async def test_whatever_is_killed_at_whatever_moment_nothing_is_lost_and_nothing_happens_twice() -> None:
    async with town("kills") as kills:
        victims = [*SERVICES, *STORES]
        async with under_load(kills, RATE):
            for number in range(1, asked_for("N", KILLS) + 1):
                await asyncio.sleep(kills.random.uniform(0.5, 3))
                victim = kills.random.choice(victims)
                await kills.kill(victim)
                await asyncio.sleep(kills.random.uniform(0, 2))
                await kills.start(victim)
                await kills.goes_on(f"kill {number} ({victim})", within=GOES_ON_SECONDS)
        assert not broken(await kills.finish(), kills.journal.directory)
