"""Keys per thread, wrapped by a master key that a setting names (R-17)."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import new_key, seal, unseal

SQL = queries(__file__)


class Keyring:
    """Makes, wraps and reads the keys of one service's threads."""

    def __init__(self, master: bytes, master_id: str, *, cached: int = 50_000) -> None:
        self._master = master
        self._master_id = master_id
        self._cache: OrderedDict[UUID, bytes] = OrderedDict()
        self._cached = cached

    async def of(self, db: Connection, threads: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys of these threads that exist."""
        wanted = set(threads)
        found = {thread: key for thread in wanted if (key := self._cache.get(thread)) is not None}
        for thread in found:
            self._cache.move_to_end(thread)
        missing = sorted(wanted - found.keys())
        return found | await self._read(db, missing) if missing else found

    async def made_for(self, db: Connection, threads: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys of these threads; those that do not exist are made in the caller's transaction."""
        wanted = set(threads)
        keys = await self.of(db, wanted)
        missing = sorted(wanted - keys.keys())
        if not missing:
            return keys
        wrapped = [seal(self._master, new_key(), thread.bytes) for thread in missing]
        await db.execute(SQL["add_thread_keys"], missing, wrapped, self._master_id)
        return keys | await self._read(db, missing)

    async def for_dead_letters(self, db: Connection, day: date) -> bytes:
        """The key of one day's dead letters; it is destroyed thirty days later, whatever thread a record belonged to."""
        bound_to = day.isoformat().encode()
        await db.execute(SQL["add_dead_letter_key"], day, seal(self._master, new_key(), bound_to), self._master_id)
        return unseal(self._master, await db.fetchval(SQL["dead_letter_key"], day), bound_to)

    async def _read(self, db: Connection, threads: Collection[UUID]) -> dict[UUID, bytes]:
        keys: dict[UUID, bytes] = {}
        for row in await db.fetch(SQL["thread_keys"], threads):
            keys[row["thread_id"]] = key = unseal(self._master, row["wrapped"], row["thread_id"].bytes)
            if row["committed"]:  # a key of an open transaction may still vanish with it
                self._remember(row["thread_id"], key)
        return keys

    def _remember(self, thread: UUID, key: bytes) -> None:
        self._cache[thread] = key
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)
