"""A bell between the loops of one process: rung after a commit, so that nobody has to wait for the next poll."""

import asyncio
from contextlib import suppress


class Bell:
    """Whoever waits goes on. Loops that share a bell listen with an `ear` each, else one would take the ring from the other."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._ears: list[Bell] = []

    def ear(self) -> "Bell":
        """A bell that rings with this one."""
        ear = Bell()
        self._ears.append(ear)
        return ear

    def ring(self) -> None:
        self._rung.set()
        for ear in self._ears:
            ear.ring()

    async def wait(self, seconds: float) -> None:
        """Until the next ring, or one since the last time; for `seconds` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()
