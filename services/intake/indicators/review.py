"""The indicators of a period, as they stood on a day: whoever asks later, after whatever happened since, gets the same (N-1.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries
from services.intake.authority.book import Book
from services.intake.indicators.figures import NOTHING, Count, Figures, figures
from services.intake.indicators.period import Period

SQL = queries(__file__)
UNITS, TYPES, POINTS, MONTHS = 0b0111, 0b1011, 0b1101, 0b1110  # which of the four is not passed over, as PostgreSQL says it
COLUMNS = {UNITS: "unit", TYPES: "type", POINTS: "point", MONTHS: "month"}

Parts = Sequence[tuple[Any, Figures]]


@dataclass(frozen=True, kw_only=True)
class Review:
    """Of the whole, of the period before, and of the parts; `units` and the others by code, None where nobody has said it yet."""

    period: Period
    whole: Figures
    before: Figures
    units: Parts
    points: Parts
    types: Parts
    months: Parts


class Indicators:
    def __init__(self, *, pool: Pool, book: Book, clock: Clock) -> None:
        self._pool = pool
        self._book = book
        self._clock = clock

    def today(self) -> date:
        """Where the authority is."""
        return self._book.rules.day_of(self._clock.now())

    async def review(self, period: Period) -> Review:
        found, before = await self._counted(period), await self._counted(period.before())
        months = {month: figures(counts) for month, counts in found[MONTHS].items() if month is not None}
        return Review(
            period=period,
            whole=_whole(found[UNITS]),
            before=_whole(before[UNITS]),
            units=_parts(found[UNITS]),
            points=_parts(found[POINTS]),
            types=_parts(found[TYPES]),
            months=[(month, months.get(month, NOTHING)) for month in period.months()],
        )

    async def _counted(self, period: Period) -> Mapping[int, Mapping[Any, list[Count]]]:
        zone = self._book.rules.time_zone

        def begins(day: date) -> datetime:
            return datetime.combine(day, time.min, tzinfo=zone)

        known_until, over = begins(period.as_of + timedelta(days=1)), begins(period.last + timedelta(days=1))
        asked = [known_until, str(zone), period.first, period.last, period.as_of, begins(period.first), over]
        found: dict[int, dict[Any, list[Count]]] = {which: {} for which in COLUMNS}
        for row in await self._pool.fetch(SQL["measured"], *asked):
            count = Count(row["what"], row["days"], row["late"], row["number"])
            found[row["which"]].setdefault(row[COLUMNS[row["which"]]], []).append(count)
        return found


def _whole(parts: Mapping[Any, Iterable[Count]]) -> Figures:
    return figures(count for counts in parts.values() for count in counts)


def _parts(counts: Mapping[Any, Iterable[Count]]) -> Parts:
    """The busiest first, what nobody has said yet at the end."""
    found = [(code, figures(of_it)) for code, of_it in counts.items()]
    return sorted(found, key=lambda part: (part[0] is None, -part[1].answers - part[1].missed, -part[1].received, part[0] or ""))
