"""The search for gaps in PostgreSQL: where it stands in the log, what it heard of each aggregate, what is missing (D-18)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from services.history.domain.gaps import Aggregate, Gap, Heard, is_numbered

SQL = queries(__file__)


@dataclass(frozen=True)
class Stretch:
    """The rows of a shard between two positions, the first not included; `more` rows follow."""

    shard: int
    after: int
    upto: int
    more: int


@dataclass(frozen=True)
class State:
    """Ranges that were asked for and have not come, all ranges that are missing, rows of the log that the search has not seen."""

    told: int
    open: int
    unread: int


class GapStore:
    """Each method works in the caller's transaction."""

    async def unread(self, db: Connection, most: int) -> list[Stretch]:
        """What is to be searched next, at most so many rows a shard; the places stay locked until the transaction ends."""
        rows = await db.fetch(SQL["gap_places"])
        stretches = [(row["shard"], row["position"], min(row["position"] + most, row["head"]), row["head"]) for row in rows]
        return [Stretch(shard, after, upto, head - upto) for shard, after, upto, head in stretches if upto > after]

    async def numbers(self, db: Connection, stretches: Iterable[Stretch]) -> dict[Aggregate, list[int]]:
        """The numbers of the events there, by aggregate."""
        found: dict[Aggregate, list[int]] = {}
        for stretch in stretches:
            for row in await db.fetch(SQL["gap_numbers"], stretch.shard, stretch.after, stretch.upto - stretch.after):
                if is_numbered(row["producer"], row["topic"]):
                    found.setdefault(_aggregate(row), []).extend(row["seqs"])
        return found

    async def heard(self, db: Connection, aggregates: Collection[Aggregate]) -> dict[Aggregate, Heard]:
        """What was heard of those that are known."""
        gaps: dict[Aggregate, list[Gap]] = {}
        for row in await db.fetch(SQL["gaps_of"], *_columns(aggregates)):
            gaps.setdefault(_aggregate(row), []).append(_gap(row))
        heads = ((_aggregate(row), row["highest"]) for row in await db.fetch(SQL["gap_heads"], *_columns(aggregates)))
        return {aggregate: Heard(highest, tuple(gaps.get(aggregate, ()))) for aggregate, highest in heads}

    async def move(self, db: Connection, stretches: Sequence[Stretch], highest: Mapping[Aggregate, int]) -> None:
        """These rows were searched."""
        await db.execute(SQL["move_gap_places"], [stretch.shard for stretch in stretches], [stretch.upto for stretch in stretches])
        if highest:
            await db.execute(SQL["move_gap_heads"], *_columns(highest), list(highest.values()))

    async def gaps_of(self, db: Connection, aggregate: Aggregate) -> list[Gap]:
        return [_gap(row) for row in await db.fetch(SQL["gaps_of"], *_columns([aggregate]))]

    async def remove(self, db: Connection, gaps: Sequence[tuple[Aggregate, Gap]]) -> None:
        if gaps:
            await db.execute(SQL["remove_gaps"], *map(list, zip(*((*aggregate, gap.first) for aggregate, gap in gaps), strict=True)))

    async def keep(self, db: Connection, gaps: Sequence[tuple[Aggregate, Gap]]) -> None:
        if gaps:
            rows = ((*aggregate, gap.first, gap.last, gap.noticed_at, gap.ask_at, gap.asked) for aggregate, gap in gaps)
            await db.execute(SQL["keep_gaps"], *map(list, zip(*rows, strict=True)))

    async def open(self, db: Connection, most: int) -> list[tuple[Aggregate, Gap]]:
        """The oldest first."""
        return [(_aggregate(row), _gap(row)) for row in await db.fetch(SQL["open_gaps"], most)]

    async def state(self, db: Connection) -> State:
        [row] = await db.fetch(SQL["gaps_state"])
        return State(row["told"], row["open"], row["unread"])


def _columns(aggregates: Iterable[Aggregate]) -> list[list[str]]:
    return [list(column) for column in zip(*aggregates, strict=True)] or [[], [], []]


def _aggregate(row: Mapping[str, Any]) -> Aggregate:
    return Aggregate(row["producer"], row["topic"], row["aggregate_id"])


def _gap(row: Mapping[str, Any]) -> Gap:
    return Gap(first=row["from_seq"], last=row["to_seq"], noticed_at=row["noticed_at"], ask_at=row["ask_at"], asked=row["asked"])
