"""A burst as a portal lives through when it is named on television: all of it is registered, told and kept."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from bench import messages
from bench.evidence import Offered
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.events.envelope import encode
from libs.events.topics import INBOUND
from local.processes import AUTHORITY
from tests.faults.offering import MESSENGER
from tests.faults.town import Town, asked_for, broken, town

COUNT = 45_000
REGISTERED_SECONDS, DONE_SECONDS = 60.0, 180.0  # design.md 10, for COUNT
LONGEST_SECONDS = 1_800.0
LOOK_SECONDS = 0.5


@pytest.mark.requirement("D-14", "D-15", "R-4")
async def test_a_burst_is_registered_within_a_minute_and_in_history_and_with_the_relay_within_three() -> None:
    async with town("burst") as burst:
        count = asked_for("COUNT", COUNT)
        began = time.monotonic()
        await send(burst, count)
        burst.journal.say(f"{count} messages of {messages.CONTACTS} contacts are with the broker")
        await worked_off(burst, count, began)
        wrong = broken(await burst.finish(), burst.journal.directory)
        assert not wrong
        figures = burst.journal.figures
        assert figures["registered after s"] <= REGISTERED_SECONDS
        assert max(figures["in history after s"], figures["handed over after s"]) <= DONE_SECONDS


async def send(burst: Town, count: int) -> None:
    """All at once through the Kafka door; each names an e-mail address beside the channel that it came by."""
    authority, ids, now = load_authority(AUTHORITY).code, TimeOrderedIds(), datetime.now(UTC)
    records = [messages.inbound(MESSENGER, "burst", number, now, authority, ids) for number in range(count)]
    await burst.stage.fill((INBOUND.of(MESSENGER), record.aggregate_id, encode(record)) for record in records)
    burst.offering.offered += [
        Offered(MESSENGER, f"burst-{n}", f"burst-{n}", messages.email("burst", n), acknowledged=True) for n in range(count)
    ]


async def worked_off(burst: Town, count: int, began: float) -> None:
    """Notes when each part had the last of them; the time counts from the first message's sending."""
    names = {"registered": "registered after s", "in_history": "in history after s", "handed_over": "handed over after s"}
    async with asyncio.timeout(LONGEST_SECONDS):
        while not set(names.values()) <= burst.journal.figures.keys():
            found = await burst.reached()
            for column, figure in names.items():
                if found.get(column) == count and figure not in burst.journal.figures:
                    burst.journal.figures[figure] = round(time.monotonic() - began, 1)
                    burst.journal.say(f"{figure.removesuffix(' after s')}: all of them")
            await asyncio.sleep(LOOK_SECONDS)
