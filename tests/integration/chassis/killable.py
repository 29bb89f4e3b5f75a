"""A process of its own that a test can kill: `python -m tests.integration.chassis.killable relay|consumer|timers …`.

It says what it does on its output, one word a line; `hang` names the moment at which it goes no further.
"""

import argparse
import asyncio
from collections.abc import Sequence

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import Poison, Received
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Connection, open_pool
from libs.chassis.store.timers import Timer, Timers
from libs.events.topics import Topic
from tests.integration.chassis.chassis import MOMENT, Chassis, running
from tests.integration.chassis.notes import Noted

IN_HAND, COMMITTED = "in-hand", "committed"


async def relay(chassis: Chassis, _: argparse.Namespace) -> None:
    async with chassis.relaying():
        say("started")
        await forever()


async def consumer(chassis: Chassis, wanted: argparse.Namespace) -> None:
    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        await chassis.count(db, batch)
        numbers = [item.event.number for item in batch if isinstance(item.event, Noted)]
        if wanted.bad in numbers:
            raise Poison("not-yet")
        if wanted.hang == IN_HAND and (wanted.bad is None or wanted.bad < min(numbers)):
            say(IN_HAND)
            await forever()

    effect = chassis.effect_once(handle)

    async def take(deliveries: Sequence[Delivery]) -> None:
        await effect.take(deliveries)
        say(COMMITTED)
        if wanted.hang == COMMITTED:
            await forever()

    topic = Topic(name=wanted.topic, contract="test", key="id", producers=(), consumers=("test",), partitions=wanted.partitions)
    subscription = chassis.subscription(topic, take=take, group=wanted.group, static_member=wanted.member)
    async with running(chassis.consumers(subscription)):
        say("started")
        await forever()


async def timers(chassis: Chassis, _: argparse.Namespace) -> None:
    async def effect(db: Connection, due: Timer) -> None:
        await db.execute("INSERT INTO effects (number) VALUES ($1)", int(due.payload["number"]))
        say(IN_HAND)
        await forever()

    made = Timers(chassis.pool, FixedClock(MOMENT), chassis.metrics)
    made.on("remind", effect)
    async with running(made):
        await forever()


async def replay(chassis: Chassis, wanted: argparse.Namespace) -> None:
    """Handles what lies in the lanes; it goes no further once `after` records are done."""
    done = 0

    async def handle(db: Connection, batch: Sequence[Received]) -> None:
        nonlocal done
        await chassis.count(db, batch)
        done += len(batch)
        if done > wanted.after:
            say(IN_HAND)
            await forever()

    await chassis.effect_once(handle).replay.run(Stopping())


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - its reader is a test


async def forever() -> None:
    await asyncio.Event().wait()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["relay", "consumer", "timers", "replay"])
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--topic")
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--group")
    parser.add_argument("--member")
    parser.add_argument("--hang", choices=[IN_HAND, COMMITTED])
    parser.add_argument("--bad", type=int)
    parser.add_argument("--after", type=int, default=0)
    wanted = parser.parse_args()
    pool = await open_pool(wanted.dsn)
    await {"relay": relay, "consumer": consumer, "timers": timers, "replay": replay}[wanted.what](
        Chassis(pool=pool, kafka=wanted.kafka), wanted
    )


if __name__ == "__main__":
    asyncio.run(main())
