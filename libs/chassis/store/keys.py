"""Keys per thread, wrapped by a master key that a setting names (R-17)."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, new_key, seal, unseal

SQL = queries(__file__)


class WrongMasterKey(OSError):
    """The settings name a master key that is not the one of the database: nothing is read or made with it until that is mended."""

    code = "wrong-master-key"


class Keyring:
    """Makes, wraps and reads the keys of one service's threads; raises `WrongMasterKey`."""

    def __init__(self, master: bytes, master_id: str, *, cached: int = 50_000) -> None:
        self._master = master
        self._master_id = master_id
        self._cache: OrderedDict[UUID, bytes] = OrderedDict()
        self._cached = cached
        self._proven = False

    async def of(self, db: Connection, threads: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys of these threads that exist and open: one that is damaged must not hold up the others."""
        wanted = set(threads)
        found = {thread: key for thread in wanted if (key := self._cache.get(thread)) is not None}
        for thread in found:
            self._cache.move_to_end(thread)
        missing = sorted(wanted - found.keys())
        return found | await self._read(db, missing) if missing else found

    async def made_for(self, db: Connection, threads: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys of these threads, made in the caller's transaction where there are none; raises `BrokenSeal` for a damaged one."""
        wanted = set(threads)
        keys = await self.of(db, wanted)
        missing = sorted(wanted - keys.keys())
        if not missing:
            return keys
        made = {thread: new_key() for thread in missing}
        wrapped = [seal(self._master, key, thread.bytes) for thread, key in made.items()]
        ours = {row["thread_id"] for row in await db.fetch(SQL["add_thread_keys"], missing, wrapped, self._master_id)}
        keys |= {thread: key for thread, key in made.items() if thread in ours}
        if others := sorted(wanted - keys.keys()):  # made by another transaction meanwhile, or damaged
            keys |= await self._read(db, others)
        if wanted - keys.keys():
            raise BrokenSeal("the key of a thread is damaged")
        return keys

    async def damaged(self, db: Connection, threads: Iterable[UUID]) -> set[UUID]:
        """Those of the threads whose key is there and does not open."""
        wanted = set(threads)
        there = {row["thread_id"] for row in await db.fetch(SQL["thread_keys"], sorted(wanted))}
        return there - (await self.of(db, there)).keys()

    async def for_dead_letters(self, db: Connection, day: date) -> bytes:
        """The key of one day's dead letters; it is destroyed thirty days later, whatever thread a record belonged to."""
        bound_to = day.isoformat().encode()
        await self.check(db)
        await db.execute(SQL["add_dead_letter_key"], day, seal(self._master, new_key(), bound_to), self._master_id)
        return unseal(self._master, await db.fetchval(SQL["dead_letter_key"], day), bound_to)

    async def _read(self, db: Connection, threads: Collection[UUID]) -> dict[UUID, bytes]:
        keys: dict[UUID, bytes] = {}
        await self.check(db)
        for row in await db.fetch(SQL["thread_keys"], threads):
            try:
                key = unseal(self._master, row["wrapped"], row["thread_id"].bytes)
            except BrokenSeal:
                continue
            keys[row["thread_id"]] = key
            if row["committed"]:  # a key of an open transaction may still vanish with it
                self._remember(row["thread_id"], key)
        return keys

    async def check(self, db: Connection) -> None:
        """Raises `WrongMasterKey` when the name of this master key belongs to another one."""
        row = None if self._proven else await db.fetchrow(SQL["master_key"], self._master_id)
        if row is None:
            return
        try:
            unseal(self._master, row["proof"], self._master_id.encode())
        except BrokenSeal:
            raise WrongMasterKey(f"OTKLIK_MASTER_KEY is not the key that this database knows as {self._master_id}") from None
        self._proven = True

    async def claim(self, db: Connection) -> None:
        """The name of this master key is its own from now on, once the caller's short transaction is committed."""
        await db.execute(SQL["add_master_key"], self._master_id, seal(self._master, b"", self._master_id.encode()))
        await self.check(db)

    def _remember(self, thread: UUID, key: bytes) -> None:
        self._cache[thread] = key
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)
