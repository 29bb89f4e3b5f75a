"""Records go to Kafka in batches of our own making: one for each partition at a time, and the next only when all of them are settled.

So nothing overtakes: behind a batch that the broker refused, aiokafka would send the next one of the same keys.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidMessageError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.partitioner import murmur2

from libs.chassis.bus.entry import reach
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.store.outbox import Waiting
from libs.events.topics import topic_of

REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError)
BATCH_BYTES = 128 * 1024  # an event of 256 KiB goes alone; topics take 1 MiB
STOP_SECONDS = 2.0


class Fate(Enum):
    ACKNOWLEDGED = auto()
    REFUSED = auto()
    UNKNOWN = auto()
    """Perhaps the broker has it: it is sent again and recognised by whoever hears it."""


@dataclass(kw_only=True)
class Batch:
    """Rows for one partition, in their order."""

    topic: str
    partition: int
    builder: Any
    rows: list[Waiting] = field(default_factory=list)
    fate: Fate = Fate.UNKNOWN
    error: BaseException | None = None


class Sending:
    """An idempotent producer, made when it is needed and thrown away when it may be poisoned."""

    def __init__(self, *, bootstrap: str, client_id: str, seconds: float, telemetry: Telemetry) -> None:
        self._make: Callable[[], AIOKafkaProducer] = lambda: AIOKafkaProducer(
            **reach(bootstrap), client_id=client_id, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
        )
        self._seconds = seconds
        self._telemetry = telemetry
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, list[int]] = {}

    async def known(self, topics: Collection[str]) -> set[str]:
        """Those of the topics that the broker has; one question for all, because aiokafka waits long for each that is missing."""
        if not self._partitions.keys() >= set(topics):
            async with asyncio.timeout(self._seconds):
                cluster = await (await self.ready()).client.fetch_all_metadata()
            self._partitions = {topic: sorted(cluster.partitions_for_topic(topic) or ()) for topic in cluster.topics()}
        return {topic for topic in topics if self._partitions.get(topic)}

    def forget_topics(self) -> None:
        self._partitions = {}

    async def batches(self, rows: Sequence[Waiting]) -> tuple[list[Batch], list[Waiting]]:
        """One batch for each partition of known topics, and the rows that must wait for the next time."""
        producer = await self.ready()
        made: dict[tuple[str, int], Batch] = {}
        left: list[Waiting] = []
        for row in rows:
            topic, partition = row.record.topic, self._place(row)
            batch = made.get((topic, partition))
            if batch is None:
                batch = made[topic, partition] = Batch(topic=topic, partition=partition, builder=producer.create_batch())
            if batch.builder.append(timestamp=None, **self._message(row)) is None:  # full, and from now on closed
                left.append(row)
            else:
                batch.rows.append(row)
        return list(made.values()), left

    async def send(self, batches: Sequence[Batch]) -> None:
        """Each batch knows its fate afterwards; a frozen broker costs no more than the time limit."""
        producer = await self.ready()
        futures: list[tuple[asyncio.Future[Any], Batch]] = []
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(self._seconds):
                for batch in batches:
                    batch.builder.close()  # a closed batch does not linger
                    futures.append((await producer.send_batch(batch.builder, batch.topic, partition=batch.partition), batch))
                await asyncio.wait([future for future, _ in futures])
        for future, batch in futures:
            batch.fate, batch.error = _fate(future)

    async def drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)

    def _place(self, row: Waiting) -> int:
        """Among as many partitions as the topic table says: with those added on the broker, keys would move and overtake themselves."""
        topic = topic_of(row.record.topic)
        partitions = self._partitions[row.record.topic][: topic.partitions if topic else None]
        return partitions[_hash(row.record.key) % len(partitions)]

    def _message(self, row: Waiting) -> dict[str, Any]:
        record = row.record
        headers = dict(record.headers)
        if parent := headers.get("traceparent"):
            with self._telemetry.span(f"{record.topic} send", parent, Kind.PRODUCER, {"messaging.destination.name": record.topic}):
                headers["traceparent"] = self._telemetry.current_traceparent() or parent
        return {
            "key": record.key.encode(),
            "value": record.value,
            "headers": [(name, value.encode()) for name, value in headers.items()],
        }

    async def ready(self) -> AIOKafkaProducer:
        """The producer, started."""
        if self._producer is None:
            producer = self._make()
            try:
                async with asyncio.timeout(self._seconds):
                    await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer


@lru_cache(maxsize=10_000)  # the events of a request bear one key, and the hash is written in Python
def _hash(key: str) -> int:
    """As every client of Kafka's makes it, so that a key has one place whoever writes."""
    return int(murmur2(key.encode())) & 0x7FFFFFFF


def _fate(future: asyncio.Future[Any]) -> tuple[Fate, BaseException | None]:
    if not future.done():
        future.add_done_callback(_looked_at)
        return Fate.UNKNOWN, TimeoutError()
    error = future.exception()
    if error is None:
        return Fate.ACKNOWLEDGED, None
    return (Fate.REFUSED if isinstance(error, REFUSED) else Fate.UNKNOWN), error


def _looked_at(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


async def _stop(producer: AIOKafkaProducer) -> None:
    """`stop()` hangs for ever when brokers are down (aiokafka#1101), and what it leaves behind would go on sending beside its successor."""
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError):
        if (sender := producer._sender) is not None and (task := sender.sender_task) is not None:
            task.remove_done_callback(sender._fail_all)  # which trips over a producer without transactions
            task.add_done_callback(_looked_at)
            task.cancel()
        with suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(STOP_SECONDS):
                await producer.client.close()
