"""Races for a stream: who loses one reads again and decides again (R-2)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from libs.chassis.store.events import LostRace

LOST_RACES = 10  # more in a row than any honest rival causes
RACE_PAUSE_SECONDS = 0.02  # times the attempt, jittered: rivals that start again together would lose together

T = TypeVar("T")


async def past_races(attempt: Callable[[], Awaitable[T]], *, times: int = LOST_RACES) -> T:
    """A race that is lost is run again; one that is lost for ever is a mistake."""
    for number in range(1, times):
        try:
            return await attempt()
        except LostRace:
            await asyncio.sleep(RACE_PAUSE_SECONDS * number * random.random())  # noqa: S311 - jitter, not a secret
    return await attempt()
