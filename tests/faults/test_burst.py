"""A burst as a portal lives through when it is named on television: all of it is registered, told and kept."""

import time
from collections.abc import Sequence

import pytest

from bench import burst as bench_burst
from bench import messages, records
from bench.checker import Check
from bench.evidence import Offered
from tests.faults.offering import MESSENGER
from tests.faults.town import Town, asked_for, broken, town

COUNT = 45_000
LIMITS = {"registered": 60.0, "in_history": 180.0, "handed_over": 180.0}  # seconds for COUNT (design.md 10)


@pytest.mark.requirement("D-14", "D-15", "R-4")
async def test_a_burst_is_registered_within_a_minute_and_in_history_and_with_the_relay_within_three() -> None:
    async with town("burst") as burst:
        count = asked_for("COUNT", COUNT)
        sent = list(records.inbound(MESSENGER, "burst", count))
        began = time.monotonic()
        await send(burst, sent)
        burst.journal.say(f"{count} messages of {messages.CONTACTS} contacts are with the broker")
        await worked_off(burst, count, began)
        wrong = broken(await burst.finish(in_time(burst)), burst.journal.directory)
        assert not wrong


async def send(burst: Town, sent: Sequence[records.Record]) -> None:
    """All at once through the Kafka door; each names an e-mail address beside the channel that it came by."""
    await burst.stage.fill(sent)
    burst.offering.offered += [
        Offered(MESSENGER, f"burst-{n}", f"burst-{n}", messages.email("burst", n), acknowledged=True) for n in range(len(sent))
    ]


async def worked_off(burst: Town, count: int, began: float) -> None:
    """Notes when each part had the last of them; the time counts from the first message's sending."""

    def note(part: str) -> None:
        burst.journal.figures[figure_of(part)] = round(time.monotonic() - began, 1)
        burst.journal.say(f"{part.replace('_', ' ')}: all of them")

    await bench_burst.worked_off(lambda parts: burst.reached(count, parts), count, note)


def in_time(burst: Town) -> list[Check]:
    """A smaller burst has the same time."""
    seconds = {part: burst.journal.figures[figure_of(part)] for part in LIMITS}
    return [Check(f"{figure_of(part)} ≤ {limit:g}", seconds[part] <= limit, f"{seconds[part]} s") for part, limit in LIMITS.items()]


def figure_of(part: str) -> str:
    return f"{part.replace('_', ' ')} after s"
