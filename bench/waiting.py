"""Waiting for something that others do, with an end to it."""

import asyncio
from collections.abc import Awaitable, Callable

from bench.plan import WrongRun

LOOK_SECONDS = 0.05


async def until(there: Callable[[], Awaitable[bool]], seconds: float, otherwise: str, *, every: float = LOOK_SECONDS) -> None:
    """Returns as soon as it is there; raises `WrongRun` with what did not come."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                if await there():
                    return
                await asyncio.sleep(every)
    except TimeoutError:
        raise WrongRun(f"{otherwise} within {seconds:g} s") from None
