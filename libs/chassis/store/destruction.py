"""A thread is destroyed by deleting its key; the note of it outlives every copy (decision 0018)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries

SQL = queries(__file__)


@dataclass(frozen=True, order=True)
class Destruction:
    """By the database's clock, like the time at which a key was made: the two are compared."""

    at: datetime
    thread_id: UUID


async def destroy(db: Connection, threads: Collection[UUID]) -> list[Destruction]:
    """Delete the keys of these threads in the caller's transaction; needs the owner's rights. Answers which were there."""
    rows = await db.fetch(SQL["destroy_threads"], sorted(threads))
    return sorted(Destruction(row["destroyed_at"], row["thread_id"]) for row in rows)


async def destroy_again(db: Connection, done: Sequence[Destruction]) -> int:
    """What was destroyed after a copy was made is destroyed in it, too; answers how many keys went."""
    return int(await db.fetchval(SQL["repeat_destructions"], [one.thread_id for one in done], [one.at for one in done]))


async def destroyed(db: Connection, threads: Collection[UUID]) -> set[UUID]:
    """Those of the threads of which nothing can be opened any more."""
    return {row["thread_id"] for row in await db.fetch(SQL["destroyed_of"], list(threads))} if threads else set()


async def destructions(db: Connection) -> list[Destruction]:
    return [Destruction(row["destroyed_at"], row["thread_id"]) for row in await db.fetch(SQL["destructions"])]
