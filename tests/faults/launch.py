"""A service whose clock is wrong or one of whose parts is broken: `python -m tests.faults.launch`, for campaigns only.

It is built by the service's own `build`; what is wrong comes in where `run_service` hands parts in.
OTKLIK_FAULTS_SERVICE names the service, OTKLIK_FAULTS_CLOCK_SECONDS how far its clock is ahead, OTKLIK_FAULTS_PLANTED
what is broken.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

from libs.chassis.bus.effect_once import EffectOnce, Handler, Received
from libs.chassis.bus.relay import Relay
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.garbage import collect_seldom
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.ops.stop import run, serve
from libs.chassis.process import RELAY_SILENT_SECONDS, Process
from libs.chassis.store.database import Connection
from libs.chassis.store.outbox import OutboxShard, Waiting
from libs.events.fact import Event
from services.history.settings import HistorySettings
from services.intake.settings import IntakeSettings
from services.notifier.settings import NotifierSettings

SETTINGS: dict[str, type[ServiceSettings]] = {"intake": IntakeSettings, "history": HistorySettings, "notifier": NotifierSettings}


class ShiftedClock(SystemClock):
    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


class HastyShard(OutboxShard):
    """A row leaves the outbox before the broker has it."""

    async def pending(self, after: int, limit: int, stuck_topics: Sequence[str]) -> list[Waiting]:
        rows = await super().pending(after, limit, stuck_topics)
        await self.sent(rows)
        return rows


class HastyProcess(Process):
    """Its relays work on hasty shards."""

    def connect(self, subscriptions: Sequence[Subscription]) -> None:
        shards, self.outbox.shards = self.outbox.shards, 0
        super().connect(subscriptions)
        self.outbox.shards = shards
        for number in range(shards):
            progress = self.health.loop(f"hasty relay {number}", limit_seconds=RELAY_SILENT_SECONDS, now=time.monotonic)
            relay = Relay(
                shard=HastyShard(self.pool, self.keyring, number, str(self.ids.new())),
                bootstrap=self.settings.kafka_bootstrap,
                client_id=f"otklik-{self.name}-relay-{number}",
                bell=self.bell,
                clock=self.clock,
                metrics=self.metrics,
                telemetry=self.telemetry,
                beat=progress.beat,
            )
            self.background.add(f"relay-{number}", relay.run)


class ForgetfulProcess(Process):
    """Its consumers forget at once what they have seen."""

    def effect_once(self, consumer: str, hears: Sequence[type[Event]], handler: Handler, *rest: Any, **more: Any) -> EffectOnce:
        async def forgetful(db: Connection, batch: Sequence[Received]) -> None:
            await db.execute("DELETE FROM inbox WHERE consumer = $1", consumer)
            await handler(db, [self.seen(item) for item in batch])

        return super().effect_once(consumer, hears, forgetful, *rest, **more)

    def seen(self, item: Received) -> Received:
        return item


class ConfusedProcess(ForgetfulProcess):
    """It forgets, and does not know an event again by its id either."""

    def seen(self, item: Received) -> Received:
        return replace(item, envelope=item.envelope.model_copy(update={"event_id": uuid4()}))


PLANTED: dict[str, type[Process]] = {
    "": Process,
    "hasty-outbox": HastyProcess,
    "forgetful-inbox": ForgetfulProcess,
    "confused-inbox": ConfusedProcess,
}


async def main() -> None:
    name = os.environ["OTKLIK_FAULTS_SERVICE"]
    build: Callable[..., Any] = import_module(f"services.{name}.main").build
    settings = SETTINGS[name].read()
    clock = ShiftedClock(timedelta(seconds=float(os.environ.get("OTKLIK_FAULTS_CLOCK_SECONDS") or 0)))
    process = await PLANTED[os.environ.get("OTKLIK_FAULTS_PLANTED") or ""].open(name, settings, clock=clock)
    try:
        app = await build(process, settings)
        collect_seldom()
        await serve(app, settings, process.background)
    finally:
        await process.close()


if __name__ == "__main__":
    run(main)
