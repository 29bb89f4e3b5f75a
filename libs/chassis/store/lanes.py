"""Lanes of dead letters: records of one key, the first of which could not be handled. They leave in the order in which they came (R-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from libs.chassis.store.database import Connection
from libs.chassis.store.dead_letters import LIFETIME, WAITS, Kept, kept
from libs.chassis.store.queries import queries

SQL = queries(__file__)
AT_ONCE = 100  # lanes, or records without one, that are looked at in one round

log = structlog.stdlib.get_logger("store")


@dataclass(frozen=True)
class State:
    """`oldest` is the time of the oldest record that is not settled, with or without a lane: its days are numbered."""

    lanes: int
    unsettled: int
    oldest: datetime | None


class Lanes:
    """One consumer's lanes. Whoever takes from a lane holds it until its transaction ends: nobody adds to it meanwhile."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer

    async def ready(self, db: Connection) -> list[bytes]:
        """Those that may go on, and those that are empty."""
        return [row["lane"] for row in await db.fetch(SQL["next_lanes"], self._consumer, WAITS, AT_ONCE)]

    async def lone(self, db: Connection) -> list[int]:
        """Records without a lane that somebody asked for."""
        return [row["id"] for row in await db.fetch(SQL["next_lone_letters"], self._consumer, AT_ONCE)]

    async def hold(self, db: Connection, lane: bytes) -> bool:
        """False when another replica is at it, or it is closed."""
        return bool(await db.fetchval(SQL["hold_lane"], self._consumer, lane))

    async def first(self, db: Connection, lane: bytes, limit: int) -> list[Kept]:
        return [kept(row) for row in await db.fetch(SQL["lane_letters"], self._consumer, lane, limit)]

    async def close(self, db: Connection, lane: bytes) -> None:
        await db.execute(SQL["close_lane"], self._consumer, lane)

    async def ask_for(self, db: Connection, reason: str, at: datetime) -> int:
        """All that were set aside for this reason are to be tried again."""
        return len(await db.fetch(SQL["ask_for_letters"], at, WAITS, self._consumer, None, reason, None))


async def hold_letter(db: Connection, letter_id: int) -> Kept | None:
    """One record that is not settled; the caller holds it."""
    row = await db.fetchrow(SQL["hold_letter"], letter_id)
    return None if row is None else kept(row)


async def replayed(db: Connection, letters: Sequence[Kept], at: datetime) -> None:
    await db.execute(SQL["settle_letters"], [letter.id for letter in letters], at, "replayed", None)


async def failed_again(db: Connection, letter: Kept, reason: str) -> bool:
    """Whether it only waited until now; what is settled meanwhile did not."""
    before: str | None = await db.fetchval(SQL["letter_failed"], letter.id, reason)
    return before == WAITS


async def state(db: Connection) -> State:
    """Of all consumers of the service."""
    [row] = await db.fetch(SQL["dead_letters_state"])
    return State(row["lanes"], row["unsettled"], row["oldest"])


async def forget_dead_letters(db: Connection, now: datetime) -> None:
    """Housekeeping: thirty days, then record and key are gone. What was not settled by then is told."""
    before = (now - LIFETIME).date()
    for row in await db.fetch(SQL["forget_dead_letters"], before):
        if row["settled_at"] is None:
            place = {"topic": row["topic"], "partition": row["kafka_partition"], "offset": row["kafka_offset"]}
            log.critical("a dead letter that nobody settled is destroyed", consumer=row["consumer"], reason=row["reason"], **place)
    await db.execute(SQL["forget_dead_letter_keys"], before)
