"""The Kafka side of a service: connects in the background, watches its lag, stops after the work in hand (design.md 4.4)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from libs.chassis.bus.subscriber import Subscription, declare
from libs.chassis.bus.topics import MissingTopics, WrongPartitions, compare, partitions_on
from libs.chassis.ops.health import Health
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Halted, Stopping

CONNECT_PAUSE_SECONDS = 2.0
WATCH_SECONDS = 5.0
SILENT_SECONDS = 120.0  # a consumer that has records to read and finishes no batch for so long is dead
ASK_SECONDS = 10.0
STOP_SECONDS = 20.0

log = structlog.stdlib.get_logger("bus")


class Consumers:
    """All subscriptions of a process on one broker."""

    def __init__(
        self, *, broker: KafkaBroker, bootstrap: str, subscriptions: Sequence[Subscription], health: Health, metrics: Metrics, now: Any
    ) -> None:
        self._broker = broker
        self._bootstrap = bootstrap
        self._subscriptions = subscriptions
        self._metrics = metrics
        self._connected = False
        self._progress = {
            subscription.group: health.loop(f"consumer {subscription.group}", limit_seconds=SILENT_SECONDS, now=now)
            for subscription in subscriptions
        }
        self._subscribers = {
            subscription.group: declare(broker, subscription, partial(self._advanced, subscription.group)) for subscription in subscriptions
        }

    async def ready(self) -> None:
        """For readiness of the Kafka door."""
        if not self._connected:
            raise Halted("kafka-not-connected")

    async def run(self, stopping: Stopping) -> None:
        """Connect, however long Kafka takes to come; then watch until the process stops."""
        try:
            while not stopping.requested and not self._connected:
                await self._connect(stopping)
            while not stopping.requested:
                await self._watch()
                await stopping.sleep(WATCH_SECONDS)
        finally:
            with suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._broker.stop()
            self._connected = False

    async def _connect(self, stopping: Stopping) -> None:
        for progress in self._progress.values():
            progress.beat()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                existing = await partitions_on(self._bootstrap)
            compare(existing, {topic for subscription in self._subscriptions for topic in subscription.topics})
            await self._broker.start()
            self._connected = True
        except WrongPartitions as error:
            log.critical("a topic differs from the topic table; nothing is consumed", reason=str(error))
            raise Halted("partition-count-differs") from error
        except (KafkaError, MissingTopics, OSError, TimeoutError) as error:
            log.warning("Kafka is not there yet", error=error)
            await self._broker.stop()
            await stopping.sleep(CONNECT_PAUSE_SECONDS)

    def _advanced(self, group: str) -> None:
        self._progress[group].beat()
        self._metrics.progress(group)

    async def _watch(self) -> None:
        for group, subscriber in self._subscribers.items():
            with suppress(KafkaError, TimeoutError, OSError):  # asked again in five seconds; progress tells if it lasts
                async with asyncio.timeout(ASK_SECONDS):
                    if await self._lag(group, subscriber.consumer) == 0:
                        self._progress[group].beat()

    async def _lag(self, group: str, consumer: Any) -> int:
        assignment = consumer.assignment() if consumer is not None else set()
        if not assignment:
            return 0
        ends = await consumer.end_offsets(assignment)
        total = 0
        for partition, end in ends.items():
            lag = max(0, end - await consumer.position(partition))
            total += lag
            self._metrics.lag(group, partition.topic, partition.partition, lag)
        return total
