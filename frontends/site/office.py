"""Whether the authority is open now, as intake says it; asked seldom, and never in the way of a page."""

import time
from collections.abc import Callable

from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.intake_words import Office

FRESH_SECONDS = 30.0


class OfficeSign:
    """What hangs at the door. While intake is away nothing hangs there: the hours in words stand on the page anyway."""

    def __init__(self, door: IntakeDoor, now: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._now = now
        self._asked_at: float | None = None
        self._office: Office | None = None

    async def look(self) -> Office | None:
        """None when nobody knows."""
        now = self._now()
        if self._asked_at is None or now - self._asked_at >= FRESH_SECONDS:
            self._asked_at = now  # before the answer: of many visitors one asks
            try:
                self._office = await self._door.office()
            except IntakeUnavailableError:
                self._office = None
        return self._office
