"""A lost key is lost history: what a restored store's keys must be (E-13)."""

from dataclasses import dataclass, field
from typing import Final

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring, WrongMasterKey
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, unseal

SQL = queries(__file__)
KEYS_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class MasterKey:
    key: bytes = field(repr=False)
    name: str


async def keys_there(db: Connection, service: str) -> list[str]:
    """Threads with something sealed in any table, without a key, and destroyed by nobody."""
    found = []
    for table in (row["name"] for row in await db.fetch(SQL["sealed_tables"], service)):
        lost = await db.fetchval(SQL["lost_keys"].replace(":table", table))
        if lost:
            found.append(f"{service}.{table}: {lost} threads have no key, though nobody destroyed it: what it sealed is lost")
    return found


async def keys_open(db: Connection, service: str, master: MasterKey) -> list[str]:
    """Every wrapped key is tried with the master key."""
    try:
        await Keyring(master.key, master.name).check(db)
    except WrongMasterKey:
        variable = f"OTKLIK_{service.upper()}_MASTER_KEY"
        return [f"{service}: the master key is not the one that the copy knows as {master.name}: check {variable} and {variable}_ID"]
    closed = 0
    async with db.transaction():
        async for row in db.cursor(SQL["wrapped_keys"], prefetch=KEYS_AT_ONCE):
            try:
                unseal(master.key, row["wrapped"], row["bound_to"])
            except BrokenSeal:
                closed += 1
    return [f"{service}: the master key does not open {closed} keys"] if closed else []
