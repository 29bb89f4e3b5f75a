"""Whose site this is: as intake's door tells it, and until it answers, as this installation's own file says (N-0.1)."""

from collections.abc import Sequence
from typing import Final

import structlog

from frontends.site.intake_door import IntakeDoor, IntakeUnavailableError
from frontends.site.intake_words import PointOfContact, Terms, TheAuthority
from libs.chassis.ops.settings import Authority, Point
from libs.chassis.ops.stop import Stopping
from libs.web.masthead import Masthead

LOOK_SECONDS = 5.0
INTERNAL: Final = "internal"


class Whose:
    """The authority as it was told last; what is known stays while intake is away."""

    def __init__(self, file: Authority, door: IntakeDoor) -> None:
        self.masthead = Masthead.of(file)
        self.zone = file.time_zone
        self.points = for_people(file.points)
        self.terms: Terms | None = None
        self._door = door
        self._tag: str | None = None
        self._is_away = False

    async def look(self) -> None:
        """Raises `IntakeUnavailableError`."""
        told = await self._door.authority(self._tag)
        if told is not None:
            self._take(*told)

    async def keep(self, stopping: Stopping) -> None:
        while not stopping.requested:
            try:
                await self.look()
                self._is_away = False
            except IntakeUnavailableError as error:
                if not self._is_away:
                    structlog.stdlib.get_logger("whose").info("the authority can't be asked about, it stays as it was", error=error)
                self._is_away = True
            await stopping.sleep(LOOK_SECONDS)

    def _take(self, told: TheAuthority, tag: str | None) -> None:
        self.masthead, self.zone, self._tag = Masthead.of(told), told.time_zone, tag
        self.points, self.terms = for_people(told.points), told.terms


def for_people(points: Sequence[Point | PointOfContact]) -> tuple[PointOfContact, ...]:
    """Those that are not for the authority's own staff alone; this site is none of the other ways."""
    told = (PointOfContact(code=one.code, title=one.title, kind=one.kind, where=one.where) for one in points)
    return tuple(one for one in told if one.kind != INTERNAL)
