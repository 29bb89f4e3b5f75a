"""What `otklik topics resume` does: a consumer that stopped because records are gone begins anew with what Kafka still has (R-12)."""

import asyncio
import time
from collections.abc import Sequence

import typer
from aiokafka.errors import KafkaError

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.losses import Losses
from libs.chassis.bus.standing import Loss
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.process import brokers_of
from libs.chassis.store.database import open_pool
from libs.chassis.store.places import Partition, Places
from libs.events.topics import TOPICS
from services.history.consumers import heard
from services.history.settings import HistorySettings
from services.intake.settings import IntakeSettings
from services.notifier.settings import NotifierSettings

SETTINGS: dict[str, type[ServiceSettings]] = {"intake": IntakeSettings, "history": HistorySettings, "notifier": NotifierSettings}
PATIENCE_SECONDS = 90.0  # a static member that stopped is missed after 45 s
PAUSE_SECONDS = 2.0


async def resume(service: str) -> dict[Partition, Loss]:
    """What was gone; the running service goes on by itself within seconds. Raises a `KafkaError` while its group does not end."""
    settings = SETTINGS[service].read()
    pool = await open_pool(settings.postgres_dsn.get_secret_value(), size=1)
    try:
        losses = Losses(service=service, bootstrap=brokers_of(settings), places=Places(pool), clock=SystemClock())
        topics = heard() if service == "history" else tuple(topic for topic in TOPICS if service in topic.consumers)
        return await _patiently(losses, Subscription(group=settings.consumer_group or service, topics=topics, take=_nobody))
    finally:
        await pool.close()


async def _patiently(losses: Losses, subscription: Subscription) -> dict[Partition, Loss]:
    deadline, told = time.monotonic() + PATIENCE_SECONDS, False
    while True:
        try:
            return await losses.resume(subscription)
        except KafkaError:
            if time.monotonic() > deadline:
                raise
        if not told:
            typer.echo(f"waiting for Kafka, and for the end of the last session of {subscription.group}: less than a minute")
            told = True
        await asyncio.sleep(PAUSE_SECONDS)


async def _nobody(_: Sequence[Delivery]) -> None:
    """No record is taken here."""
