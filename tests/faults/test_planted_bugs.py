"""The checker sees what it is for: services with a planted bug are caught, and named."""

import asyncio

import pytest

from bench.checker import Check
from tests.faults.town import SERVICES, Town, town

FORMS = 30
GOES_ON_SECONDS = 60.0
DRAIN_SECONDS = 20.0
PREPARED = {each: {"faults_service": each} for each in SERVICES}
ROWS = "SELECT count(*) AS rows FROM intake.outbox"
PLANNED = "SELECT count(*) AS rows FROM notifier.notices WHERE finished_at IS NOT NULL"


def of(checks: list[Check], what: str) -> Check:
    return next(each for each in checks if each.what.startswith(what))


async def until(asked: Town, query: str, rows: int) -> None:
    async with asyncio.timeout(GOES_ON_SECONDS):
        while (found := await asked.ask(query)) is None or found["rows"] != rows:
            await asyncio.sleep(0.1)


@pytest.mark.requirement("D-14", "R-3")
async def test_an_outbox_row_that_leaves_before_the_broker_has_it_is_found_as_a_loss() -> None:
    told = {**PREPARED, "intake": {"faults_service": "intake", "faults_planted": "hasty-outbox"}}
    async with town("planted-loss", told=told, module="tests.faults.launch") as hasty:
        await hasty.goes_on("the start", within=GOES_ON_SECONDS)
        hasty.part("kafka").freeze()
        for _ in range(FORMS):
            hasty.offering.begin_form()
        await hasty.offering.answered()
        await until(hasty, ROWS, 0)
        await hasty.kill("intake")
        hasty.part("kafka").thaw()
        hasty.tell("intake", faults_planted="")
        await hasty.start("intake")
        await hasty.goes_on("the loss", within=GOES_ON_SECONDS)
        hasty.drain_seconds = DRAIN_SECONDS
        found = of(await hasty.finish(), "every published event in history once")
        assert not found.held
        assert any(each.startswith("lost: Request") for each in found.ids)  # whichever history did not ask for by its number


async def replayed(campaign: str, planted: str) -> list[Check]:
    """A notifier with that bug hears everything twice."""
    told = {**PREPARED, "notifier": {"faults_service": "notifier", "faults_planted": planted}}
    async with town(campaign, told=told, module="tests.faults.launch") as forgetful:
        before = await forgetful.stage.fill([])
        for _ in range(FORMS):
            forgetful.offering.begin_message()
        await forgetful.offering.answered()
        await until(forgetful, PLANNED, 2 * FORMS)
        await forgetful.stop("notifier")
        await forgetful.stage.begin(["notifier"], before)
        await forgetful.start("notifier")
        await forgetful.goes_on("everything comes again", within=GOES_ON_SECONDS)
        forgetful.drain_seconds = DRAIN_SECONDS
        return await forgetful.finish()


@pytest.mark.requirement("D-14", "R-6")
async def test_a_consumer_that_does_not_know_events_again_is_found_as_a_double() -> None:
    checks = await replayed("planted-double", "confused-inbox")
    assert any(each.startswith("double") for each in of(checks, "every status told in both channels once").ids)


@pytest.mark.requirement("D-14", "R-6")
async def test_a_forgotten_inbox_alone_doubles_no_notice_because_their_ids_come_from_their_events() -> None:
    assert [each.says for each in await replayed("planted-forgotten", "forgetful-inbox") if not each.held] == []
