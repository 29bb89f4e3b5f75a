"""What a person does with dead letters: look at them, have them tried again, or decide that one is never handled (R-7)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.dead_letters import WAITS, Kept, kept
from libs.chassis.store.inbox import Inbox
from libs.chassis.store.queries import queries

SQL = queries(__file__)


@dataclass(frozen=True)
class Seen:
    """A dead letter and how many records of its key lie behind it; `outcome` once it is settled."""

    kept: Kept
    behind: int

    @property
    def outcome(self) -> str | None:
        outcome: str | None = self.kept.row["outcome"]
        return outcome

    @property
    def settled_at(self) -> datetime | None:
        at: datetime | None = self.kept.row["settled_at"]
        return at

    @property
    def dropped_because(self) -> str | None:
        because: str | None = self.kept.row["dropped_because"]
        return because


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a letter that was asked for. `first` is what stands in front of its lane now; `moves`: it is still being worked on."""

    id: int
    reason: str
    replayed: bool
    moves: bool
    first: tuple[int, str] | None


async def unsettled(db: Connection, reason: str | None, limit: int) -> list[Seen]:
    """What was set aside, oldest first; not what only waits."""
    return [_seen(row) for row in await db.fetch(SQL["list_dead_letters"], WAITS, reason, limit)]


async def one(db: Connection, letter_id: int) -> Seen | None:
    row = await db.fetchrow(SQL["one_dead_letter"], letter_id)
    return None if row is None else _seen(row)


async def topics(db: Connection) -> list[str]:
    """Those that records with a key came from."""
    return [row["topic"] for row in await db.fetch(SQL["dead_letter_topics"])]


async def ask_for(
    db: Connection, at: datetime, *, letter_id: int | None = None, reason: str | None = None, lanes: Collection[bytes] | None = None
) -> list[int]:
    """The running service tries these again; what was asked for before is asked for still."""
    wanted = None if lanes is None else list(lanes)
    return sorted(row["id"] for row in await db.fetch(SQL["ask_for_letters"], at, WAITS, None, letter_id, reason, wanted))


async def outcomes(db: Connection, ids: Sequence[int]) -> list[Outcome]:
    return [
        Outcome(
            id=row["id"],
            reason=row["reason"],
            replayed=row["outcome"] == "replayed",
            moves=row["moves"],
            first=None if row["first_id"] is None else (row["first_id"], row["first_reason"]),
        )
        for row in await db.fetch(SQL["dead_letter_outcomes"], ids, WAITS)
    ]


async def drop(db: Connection, letter: Kept, noted_as: UUID | None, because: str, at: datetime) -> bool:
    """It is never handled, not when Kafka brings it again either; its key goes on. False when it was settled meanwhile."""
    place = letter.letter
    async with db.transaction():
        if place.lane is not None:
            await db.fetch(SQL["waiting_lanes"], place.consumer, [place.lane])
        if await db.fetchrow(SQL["hold_letter"], letter.id) is None:
            return False
        if noted_as is not None:
            await Inbox(place.consumer).first_time(db, [noted_as])
        await db.execute(SQL["settle_letters"], [letter.id], at, "dropped", because)
    return True


def _seen(row: Mapping[str, Any]) -> Seen:
    return Seen(kept(row), row["behind"])
