"""Who is at risk of answering late, unit by unit, as it is at this moment (A-2.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries

SQL = queries(__file__)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Open requests of a unit; None has those that nobody was given yet. `oldest` is the last day of the one that is late longest."""

    unit: str | None
    open: int
    soon: int
    overdue: int
    oldest: date | None


class Board:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def units(self, known: Sequence[str], today: date, soon: date) -> Sequence[Work]:
        """Those that are late first, then those that may become so; of the `known` also who has nothing to do."""
        found = [Work(**row) for row in await self._pool.fetch(SQL["work_by_unit"], today, soon)]
        idle = set(known) - {work.unit for work in found}
        found += [Work(unit=unit, open=0, soon=0, overdue=0, oldest=None) for unit in idle]
        return sorted(found, key=lambda work: (-work.overdue, -work.soon, -work.open, work.unit or ""))
