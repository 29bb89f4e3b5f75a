"""The Kafka side of a service: connects in the background, watches its lag, stops after the work in hand (R-4)."""

import asyncio
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from libs.chassis.bus.losses import Losses, OffsetGone
from libs.chassis.bus.subscriber import Broker, Hand, Subscription, declare
from libs.chassis.bus.topics import MissingTopics, WrongPartitions, added_partitions, compare, partitions_on
from libs.chassis.ops.health import Health
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Halted, Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS

CONNECT_PAUSE_SECONDS = 2.0
COORDINATOR_PAUSE_SECONDS = 0.5
WATCH_SECONDS = 5.0
SILENT_SECONDS = 120.0  # a consumer that has records to read and finishes no batch for so long is dead
ASK_SECONDS = 10.0
START_SECONDS = 60.0
STOP_SECONDS = 15.0  # a little more than the batch in hand may take
LOOP = "consumers"  # under which the loop of `Consumers.run` is known

log = structlog.stdlib.get_logger("bus")


class KafkaAway(Exception):
    """Kafka does not answer; what it sent before is still worked on."""

    code = "kafka-not-connected"


class Consumers:
    """All subscriptions of a process on one broker. When records that were not read are gone, all stop until somebody has looked."""

    def __init__(
        self,
        *,
        broker: Broker,
        bootstrap: str,
        subscriptions: Sequence[Subscription],
        health: Health,
        metrics: Metrics,
        losses: Losses,
        halted: MutableMapping[str, str],
        now: Callable[[], float],
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._broker = broker
        self._bootstrap = bootstrap
        self._subscriptions = subscriptions
        self._topics = {topic for subscription in subscriptions for topic in subscription.topics}
        self._health = health
        self._metrics = metrics
        self._losses = losses
        self._halted = halted
        self._watch_seconds = watch_seconds
        self._connected = False
        self._answers = False
        self._progress = {
            subscription.group: health.loop(f"consumer {subscription.group}", limit_seconds=SILENT_SECONDS, now=now)
            for subscription in subscriptions
        }
        self._hands = {
            group: Hand(beat=progress.beat, finished=partial(self._advanced, group)) for group, progress in self._progress.items()
        }
        self._subscribers = {
            subscription.group: declare(broker, subscription, self._hands[subscription.group]) for subscription in subscriptions
        }
        for subscription in subscriptions:
            metrics.begins(subscription.group)
        self._watched: dict[str, set[TopicPartition]] = {}
        self._gone: OffsetGone | None = None
        self._added: dict[str, int] = {}

    async def ready(self) -> None:
        """For readiness of the Kafka door."""
        if self._gone is not None:
            raise self._gone
        if not self._connected or not self._answers:
            raise KafkaAway

    async def run(self, stopping: Stopping) -> None:
        """Connect, however long Kafka takes to come; then watch until the process stops."""
        try:
            while not stopping.requested:
                if not self._connected:
                    await self._connect(stopping)
                elif self._broker.gave_up:
                    log.error("a consumer has lost its group and is started anew")
                    await self._stop()
                else:
                    await self._watch()
                    await stopping.sleep(self._watch_seconds)
        except WrongPartitions as error:
            log.critical("a topic has fewer partitions than the topic table says; nothing is consumed", reason=str(error))
            for progress in self._progress.values():
                self._health.loops.remove(progress)  # another start would not help, and the other doors stay open
            raise Halted("partition-count-differs") from error
        finally:
            await self._stop()

    async def _connect(self, stopping: Stopping) -> None:
        self._all_alive()
        try:
            async with asyncio.timeout(ASK_SECONDS):
                self._same_as_table(await partitions_on(self._bootstrap))
            await self._nothing_gone()
            for hand in self._hands.values():
                hand.pause.reset()
            async with asyncio.timeout(START_SECONDS):
                await self._broker.start()
            self._connected = self._answers = True
        except MissingTopics as error:
            log.error("topics are missing: run `otklik topics apply`", reason=str(error))
            await stopping.sleep(CONNECT_PAUSE_SECONDS)
        except OffsetGone as gone:
            await self._halt(gone)
            await stopping.sleep(min(CONNECT_PAUSE_SECONDS, self._watch_seconds))
        except GroupCoordinatorNotAvailableError:
            log.info("Kafka makes room for the places of consumers")  # at the first start of a new cluster
            await stopping.sleep(COORDINATOR_PAUSE_SECONDS)
        except (KafkaError, *INFRASTRUCTURE_ERRORS) as error:
            log.warning("Kafka or the database is not there yet", error=error)
            await self._stop()
            await stopping.sleep(CONNECT_PAUSE_SECONDS)

    async def _nothing_gone(self) -> None:
        """Raises `OffsetGone`; when somebody has looked and said so (`otklik topics resume`), consumers go on by themselves."""
        for subscription in self._subscriptions:
            async with asyncio.timeout(ASK_SECONDS):
                await self._losses.look(subscription)
        if self._gone is not None:
            log.info("the consumers go on", consumers=len(self._subscriptions))
        self._gone = None
        self._halted.pop(LOOP, None)

    async def _halt(self, gone: OffsetGone) -> None:
        if str(gone) != str(self._gone):
            log.critical("records that were not read are gone; nothing is consumed until somebody has looked", **gone.told())
        self._gone = gone
        self._halted[LOOP] = gone.code
        if self._connected:
            await self._stop()

    async def _stop(self) -> None:
        self._connected = False
        for hand in self._hands.values():
            hand.pause.end()
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._broker.stop()

    def _advanced(self, group: str) -> None:
        self._progress[group].beat()
        self._metrics.progress(group)

    def _all_alive(self) -> None:
        for progress in self._progress.values():
            progress.beat()

    async def _watch(self) -> None:
        """Who is silent is dead only while Kafka answers somebody else: a new process would not bring it back."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                existing = await partitions_on(self._bootstrap)
        except (KafkaError, OSError, TimeoutError) as error:
            if self._answers:
                log.warning("Kafka does not answer", error=error)
            self._answers = False
            self._all_alive()
            return
        self._answers = True
        try:
            self._same_as_table(existing)
        except MissingTopics as error:
            log.error("topics are gone: run `otklik topics apply`", reason=str(error))
        for subscription in self._subscriptions:
            with suppress(KafkaError, OSError, TimeoutError):  # asked again in five seconds; progress tells if it lasts
                async with asyncio.timeout(ASK_SECONDS):
                    await self._look_at(subscription, existing)
        try:
            await self._nothing_gone()
        except OffsetGone as gone:
            await self._halt(gone)
        except (KafkaError, *INFRASTRUCTURE_ERRORS) as error:
            log.warning("what Kafka still has could not be compared", error=error)

    def _same_as_table(self, existing: Mapping[str, int]) -> None:
        compare(existing, self._topics)
        added = added_partitions(existing, self._topics)
        for name in sorted(added.keys() - self._added.keys()):
            log.error("a topic has more partitions than the topic table says: all are read, ours go on in the first ones", topic=name)
        self._added = added

    async def _look_at(self, subscription: Subscription, existing: Mapping[str, int]) -> None:
        group = subscription.group
        consumer = self._subscribers[group].consumer
        assignment = consumer.assignment() if consumer is not None else set()
        for gone in self._watched.get(group, set()) - assignment:
            self._metrics.forget_lag(group, gone.topic, gone.partition)
        if assignment != self._watched.get(group):
            log.info("partitions are assigned", consumer=group, count=len(assignment))
        self._watched[group] = assignment
        lag = await self._lag(group, consumer, assignment)
        lost = not assignment and subscription.static_member and any(re.fullmatch(subscription.pattern, name) for name in existing)
        if not lag and not lost and not self._hands[group].full:
            self._progress[group].beat()

    async def _lag(self, group: str, consumer: Any, assignment: set[TopicPartition]) -> int:
        total = 0
        for partition, end in (await consumer.end_offsets(assignment) if assignment else {}).items():
            lag = max(0, end - await consumer.position(partition))
            total += lag
            self._metrics.lag(group, partition.topic, partition.partition, lag)
        return total
