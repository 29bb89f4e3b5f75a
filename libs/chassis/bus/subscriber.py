"""Batch subscribers that one bad record can't rob of their batch (R-5)."""

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError, NoOffsetForPartitionError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.message import KafkaAckableMessage

from libs.chassis.bus.deliveries import Delivery, delivery_of
from libs.chassis.bus.entry import security
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.events.topics import Topic

BATCH_TIMEOUT_MS = 50
METADATA_AGE_MS = 10_000  # how soon a new frontend's topics are heard
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 6.0  # with its jitter: who waits for a database goes on within 15 s of its return
GRACE_SECONDS = 10.0  # for the batch in hand when the process stops

Take = Callable[[Sequence[Delivery]], Awaitable[None]]
log = structlog.stdlib.get_logger("bus")


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What one consumer hears. `static_member` is for services of one replica: it restarts without waiting for the session's end.

    Kafka answers when it has `fetch_min_bytes` for it, or `fetch_max_wait_ms` after the question: who need not be quick is spared batches
    of one record.
    """

    group: str
    topics: tuple[Topic, ...]
    take: Take
    static_member: str | None = None
    session_timeout_ms: int = 45_000
    max_records: int = 1_000
    fetch_min_bytes: int = 1
    fetch_max_wait_ms: int = 500

    @property
    def pattern(self) -> str:
        return "|".join(topic.pattern for topic in self.topics)


class Careful:
    """A consumer's `getmany` that begins at the beginning where the group has no offset yet, and never steps over what is gone.

    That raises `OffsetOutOfRangeError`. Told to reset to the earliest offset, aiokafka would do both without a word (R-12).
    `gave_up` is called when the consumer has lost its group by an error of its own, which it would raise for ever.
    """

    def __init__(self, consumer: AIOKafkaConsumer, gave_up: Callable[[], None]) -> None:
        self._consumer = consumer
        self._gave_up = gave_up
        self._getmany = consumer.getmany

    async def getmany(self, *partitions: Any, **limits: Any) -> Any:
        try:
            return await self._getmany(*partitions, **limits)
        except NoOffsetForPartitionError:
            await self._begin()
            return {}
        except KafkaError as error:
            if type(error) is KafkaError:  # what Kafka answers has a class of its own
                self._gave_up()
            raise

    async def _begin(self) -> None:
        assigned = sorted(self._consumer.assignment())
        offsets = await asyncio.gather(*(self._consumer.committed(partition) for partition in assigned))
        new = [partition for partition, offset in zip(assigned, offsets, strict=True) if offset is None]
        if new:
            await self._consumer.seek_to_beginning(*new)


class Broker(KafkaBroker):
    """FastStream's, with careful consumers; when one of them `gave_up`, all go on after another start alone."""

    gave_up = False

    async def _connect(self) -> Callable[..., AIOKafkaConsumer]:
        make = await super()._connect()

        def careful(**options: Any) -> AIOKafkaConsumer:
            consumer = make(**options)
            consumer.getmany = Careful(consumer, self._note).getmany
            return consumer

        self.config.broker_config.builder = careful
        self.gave_up = False
        return careful

    def _note(self) -> None:
        self.gave_up = True


def new_broker(bootstrap: str, *, client_id: str, metadata_age_ms: int = METADATA_AGE_MS) -> Broker:
    """A broker of FastStream for subscribers; it publishes nothing, the relay has a producer of its own (R-3)."""
    return Broker(
        bootstrap,
        client_id=client_id,
        security=security(bootstrap),
        consumer_only=True,
        allow_auto_create_topics=False,
        metadata_max_age_ms=metadata_age_ms,
        graceful_timeout=GRACE_SECONDS,
        logger=_logger(),
        log_level=logging.DEBUG,
        apply_types=True,
    )


def _logger() -> logging.Logger:
    """FastStream's own would print past our formatter, exceptions with the values in their messages too."""
    logger = logging.getLogger("bus.faststream")
    logger.addFilter(_worth_telling)
    return logger


def _worth_telling(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("Auto create topics is disabled")


class Pause:
    """A growing, jittered pause between attempts; far below Kafka's max.poll.interval of five minutes. Who stops does not wait for it."""

    def __init__(self, *, jitter: Callable[[], float] = random.random) -> None:
        self._seconds = FIRST_PAUSE_SECONDS
        self._jitter = jitter
        self._over = asyncio.Event()

    def reset(self) -> None:
        self._seconds = FIRST_PAUSE_SECONDS
        self._over.clear()

    def end(self) -> None:
        """This one and all that follow, until the next reset."""
        self._over.set()

    async def after_failure(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds * (0.5 + self._jitter())):
                await self._over.wait()
        self._seconds = min(self._seconds * 2, LONGEST_PAUSE_SECONDS)


class Hand:
    """The batch that a consumer has in hand, and the pause before it is tried again. While it is full, no lag is no sign of life."""

    def __init__(self, *, beat: Callable[[], None], finished: Callable[[], None], pause: Pause | None = None) -> None:
        self.full = False
        self.pause = pause or Pause()
        self._beat = beat
        self._finished = finished

    def take(self) -> None:
        self._beat()
        self.full = True

    async def put_back(self) -> None:
        """The batch comes again: who waits for a database is alive."""
        self._beat()
        self.full = False
        gc.collect()  # an exception and the batch it was raised in hold each other, and the collector comes seldom
        await self.pause.after_failure()

    def finish(self) -> None:
        self.full = False
        self.pause.reset()
        self._finished()


def declare(broker: KafkaBroker, subscription: Subscription, hand: Hand) -> Any:
    """Declare the subscription; returns FastStream's subscriber, whose `consumer` is there once it runs.

    Only infrastructure errors leave the handler; then nothing is committed, and the batch comes again after a growing, jittered pause.
    Whatever else leaves it is a mistake of ours: it waits the same way, else the next attempt would follow at once, for ever.
    """

    async def parse(records: "tuple[ConsumerRecord[bytes, bytes], ...]") -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=[record.value or b"" for record in records],
            headers={},
            batch_headers=[{} for _ in records],
            reply_to="",
            content_type=None,
            message_id="batch",
            correlation_id=None,
            raw_message=records,
            path={},
            consumer=subscriber.consumer,
        )

    async def decode(_: KafkaAckableMessage) -> list[bytes]:
        return []

    subscriber = broker.subscriber(
        pattern=subscription.pattern,
        group_id=subscription.group,
        group_instance_id=subscription.static_member,
        session_timeout_ms=subscription.session_timeout_ms,
        heartbeat_interval_ms=min(3_000, subscription.session_timeout_ms // 3),
        auto_offset_reset="none",
        batch=True,
        max_records=subscription.max_records,
        fetch_min_bytes=subscription.fetch_min_bytes,
        fetch_max_wait_ms=subscription.fetch_max_wait_ms,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        no_reply=True,
        parser=parse,
        decoder=decode,
    )

    @subscriber
    async def take(message: KafkaMessage) -> None:
        hand.take()
        try:
            await subscription.take([delivery_of(record) for record in message.raw_message])
        except INFRASTRUCTURE_ERRORS as error:
            log.warning("a batch waits for its infrastructure", consumer=subscription.group, error=error)
            await hand.put_back()
            raise
        except Exception as error:
            log.critical("a batch can't be taken and comes again", consumer=subscription.group, error=error)
            await hand.put_back()
            raise
        hand.finish()

    return subscriber
