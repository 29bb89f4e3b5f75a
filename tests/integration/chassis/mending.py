"""A handler that fails on some notes until it is mended, and what is asked of the dead letters that it leaves."""

from collections.abc import Sequence
from dataclasses import replace

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Poison, Received
from libs.chassis.store import lanes
from libs.chassis.store.database import Connection
from libs.chassis.store.dead_letters import WAITS
from libs.chassis.store.queries import queries
from tests.integration.chassis.chassis import Chassis, delivery, envelope
from tests.integration.chassis.notes import Noted

SQL = queries(lanes.__file__)


class Mendable:
    """Counts notes, but for the bad ones; `bad` is changed by whoever mends it."""

    def __init__(self, chassis: Chassis, *bad: int) -> None:
        self.bad = set(bad)
        self._chassis = chassis

    async def __call__(self, db: Connection, batch: Sequence[Received]) -> None:
        await self._chassis.count(db, batch)
        if self.bad & {item.event.number for item in batch if isinstance(item.event, Noted)}:
            raise Poison("not-yet")


def of_key(key: str | None, *numbers: int, topic: str = "test.v1") -> list[Delivery]:
    """Notes under one key, or without any, as they come from a topic."""
    return [replace(delivery(envelope(Noted(number=number)), topic=topic), key=key.encode() if key else None) for number in numbers]


async def ask(chassis: Chassis, *, reason: str | None = None) -> int:
    """As `otklik dlq replay` does it."""
    return len(await chassis.pool.fetch(SQL["ask_for_letters"], chassis.clock.now(), WAITS, None, None, reason, None))


async def in_order(chassis: Chassis) -> list[int]:
    """The numbers of the notes in the order in which they had their effect."""
    return [row["number"] for row in await chassis.pool.fetch("SELECT number FROM effects ORDER BY n")]


async def unsettled(chassis: Chassis) -> list[str]:
    """The reasons of what lies there, in order."""
    return [row["reason"] for row in await chassis.pool.fetch("SELECT reason FROM dead_letters WHERE settled_at IS NULL ORDER BY id")]


async def open_lanes(chassis: Chassis) -> int:
    return int(await chassis.pool.fetchval("SELECT count(*) FROM dead_letter_lanes"))
