"""Links that are cut, frozen and slow between the services and what they stand on."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from bench.smtp_sink import SmtpSink
from bench.stage import Stage
from tests.faults.links import Links, linked
from tests.faults.town import SERVICES, Told, asked_for, broken, town, under_load

CUT_SECONDS = 60
SLOW_SECONDS = 0.2  # for each piece, in each direction
RATE = 3.0
GOES_ON_SECONDS = 90.0  # a breaker looks again after 10 s at the latest, a consumer after 22 s, a command of SMTP ends after 30 s


@pytest.mark.requirement("R-4", "D-14", "D-29")
@pytest.mark.parametrize("name", ["postgres", "kafka", "smtp"])
async def test_a_link_that_is_cut_then_frozen_then_slow_delays_and_loses_nothing(name: str) -> None:
    made: list[Links] = []

    async def prepare(stage: Stage, sink: SmtpSink, stack: AsyncExitStack) -> Mapping[str, Told]:
        links, told = await linked(stage, sink, stack)
        made.append(links)
        return told

    async with town(f"links-{name}", prepare) as linked_town:
        link, seconds = made[0].named(name), asked_for("SECONDS", CUT_SECONDS)
        async with under_load(linked_town, RATE):
            for what, broken_by in (("cut", link.cut), ("frozen", link.freeze)):
                linked_town.journal.say(f"the link to {name} is {what} for {seconds} s")
                linked_town.cuts_off_letters(name)
                broken_by()
                await asyncio.sleep(seconds)
                link.heal()
                await linked_town.goes_on(f"{name} {what}", within=GOES_ON_SECONDS)
            linked_town.journal.say(f"the link to {name} is slow: {SLOW_SECONDS} s")
            linked_town.cuts_off_letters(name)
            link.slow(SLOW_SECONDS)
            await linked_town.goes_on(f"{name} slow", within=GOES_ON_SECONDS)
            link.heal()
        assert all(linked_town.part(service).process for service in SERVICES)
        assert not broken(await linked_town.finish(), linked_town.journal.directory)
