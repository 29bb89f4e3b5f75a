"""The chassis on one test's database and on the session's broker, put together as `Process` does it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from libs.chassis.bus.consumers import Consumers
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.effect_once import EffectOnce, Handler, OnSetAside, Received
from libs.chassis.bus.losses import Losses
from libs.chassis.bus.relay import Bell, Pace, Relay
from libs.chassis.bus.subscriber import Subscription, Take, new_broker
from libs.chassis.bus.topics import partitions_on
from libs.chassis.ops.clock import Clock, SystemClock
from libs.chassis.ops.health import Health, Readiness
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.dead_letters import DeadLetters, lane_key
from libs.chassis.store.events import Append, Category, Context, EventStore, Recorded
from libs.chassis.store.keys import Keyring
from libs.chassis.store.outbox import Outbox, OutboxShard
from libs.chassis.store.places import Places
from libs.events.envelope import Envelope, encode
from libs.events.fact import Event
from libs.events.registry import Registry
from libs.events.topics import Topic, dead_letter_topic
from tests.integration.chassis.notes import NOTES, PRIVATE, Noted
from tests.stack import Database, eventually

SERVICE = "intake"  # any service's schema has the chassis's tables
MASTER_KEY = SERVICE.encode().ljust(32, b"-")
EMPTY = (
    "TRUNCATE events, thread_keys, master_keys, outbox, outbox_leases, outbox_parked, inbox, "
    "dead_letters, dead_letter_keys, dead_letter_lanes, consumer_places, answered_gaps, effects"
)
BRISK = Pace(lease=2.0, renew=0.4, send=8.0, poll=0.05, from_zero=0.2, again=0.1)
MOMENT = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)


def keyring() -> Keyring:
    return Keyring(MASTER_KEY, "1")


@dataclass(kw_only=True)
class Chassis:
    """One service's parts; `again()` makes another process of the same service."""

    pool: Pool
    kafka: str
    clock: Clock = field(default_factory=SystemClock)
    telemetry: Telemetry = field(default_factory=Telemetry)
    keyring: Keyring = field(default_factory=keyring)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    bell: Bell = field(default_factory=Bell)
    halted: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.registry, self.clock)
        self.health = Health(registry=self.registry, readiness=Readiness(doors={}))
        self.outbox = Outbox(self.keyring, shards=2)
        self.store = EventStore(
            producer=SERVICE, authority="test", keyring=self.keyring, outbox=self.outbox, clock=self.clock, ids=TimeOrderedIds()
        )

    def again(self) -> "Chassis":
        return Chassis(pool=self.pool, kafka=self.kafka, clock=self.clock, telemetry=self.telemetry)

    def figure(self, name: str, **labels: str) -> float:
        """What Prometheus would read."""
        return self.registry.get_sample_value(name, labels) or 0.0

    async def append(self, *appends: Append) -> list[Recorded]:
        """In a transaction of its own."""
        async with self.pool.acquire() as db, db.transaction():
            return await self.store.append(db, appends)

    async def read(self, aggregate_id: str, category: Category = PRIVATE) -> list[Recorded]:
        async with self.pool.acquire() as db:
            return (await self.store.read(db, category, [aggregate_id])).get(aggregate_id, [])

    async def topic(self, *, partitions: int = 1, name: str = "", dead_letters: bool = False, **configs: str) -> Topic:
        """A topic that nobody used before; its dead-letter topic too, when asked for."""
        topic = Topic(
            name=name or f"test-{uuid4().hex}.v1", contract="test", key="id", producers=(), consumers=("test",), partitions=partitions
        )
        await self.make(topic.name, partitions, **configs)
        if dead_letters:
            await self.make(dead_letter_topic(topic.name), 1)
        return topic

    async def make(self, name: str, partitions: int, **configs: str) -> None:
        """A topic, and it is there when this returns."""
        settings = {key.replace("_", "."): value for key, value in configs.items()}
        async with self.admin() as admin:
            await eventually(lambda: self._knows_its_controller(admin))
            await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=settings)])
            await eventually(lambda: self._is_there(admin, name, partitions))

    @staticmethod
    async def _knows_its_controller(admin: AIOKafkaAdminClient) -> bool:
        """A busy broker may have answered that there is none at all."""
        client = admin._client
        return client.cluster.controller is not None or (await client.force_metadata_update() and client.cluster.controller is not None)

    @staticmethod
    async def _is_there(admin: AIOKafkaAdminClient, name: str, partitions: int) -> bool:
        described = await admin.describe_topics()
        return any(topic["topic"] == name and len(topic["partitions"]) == partitions for topic in described)

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    @asynccontextmanager
    async def tap(self, topic: Topic | str) -> AsyncIterator["Tap"]:
        """Reads a topic from its beginning, beside all groups."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        try:
            yield await Tap(consumer, topic if isinstance(topic, str) else topic.name).begin()
        finally:
            await consumer.stop()

    def relay(
        self, shard: int = 0, *, pace: Pace = BRISK, bootstrap: str = "", beat: Callable[[], None] = lambda: None, owner: str = ""
    ) -> Relay:
        return Relay(
            shard=OutboxShard(self.pool, self.keyring, shard, owner or str(uuid4())),
            bootstrap=bootstrap or self.kafka,
            client_id=f"test-relay-{shard}",
            bell=self.bell,
            clock=self.clock,
            metrics=self.metrics,
            telemetry=self.telemetry,
            beat=beat,
            pace=pace,
        )

    @asynccontextmanager
    async def relaying(self, *, pace: Pace = BRISK) -> AsyncIterator[None]:
        """A relay for each shard runs meanwhile."""
        async with running(*(self.relay(shard, pace=pace) for shard in range(self.outbox.shards)), wake=self.bell.ring):
            yield

    async def pending(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox"))

    def effect_once(
        self,
        handler: Handler,
        *,
        hears: Sequence[type[Event]] = (Noted,),
        registry: Registry = NOTES,
        on_set_aside: OnSetAside | None = None,
        consumer: str = "test",
    ) -> EffectOnce:
        return EffectOnce(
            consumer=consumer,
            authority="test",
            pool=self.pool,
            registry=registry,
            hears=hears,
            handler=handler,
            dead_letters=DeadLetters(self.keyring, lane_key(MASTER_KEY)),
            outbox=self.outbox,
            clock=self.clock,
            ids=TimeOrderedIds(),
            metrics=self.metrics,
            telemetry=self.telemetry,
            on_set_aside=on_set_aside,
        )

    async def count(self, db: Connection, batch: Sequence[Received]) -> None:
        """A handler whose effects can be counted."""
        rows = [(item.event.number, item.envelope.event_id) for item in batch if isinstance(item.event, Noted)]
        await db.executemany("INSERT INTO effects (number, event_id) VALUES ($1, $2)", rows)

    async def effects(self) -> list[int]:
        """The numbers of the notes that had their effect, doubles included."""
        return [row["number"] for row in await self.pool.fetch("SELECT number FROM effects ORDER BY number")]

    def subscription(self, *topics: Topic, take: Take, group: str = "", **more: Any) -> Subscription:
        return Subscription(group=group or f"test-{uuid4().hex}", topics=topics, take=take, **more)

    def consumers(self, *subscriptions: Subscription, now: Callable[[], float] = monotonic, watch_seconds: float = 0.2) -> Consumers:
        return Consumers(
            broker=new_broker(self.kafka, client_id="test", metadata_age_ms=500),
            bootstrap=self.kafka,
            subscriptions=subscriptions,
            health=self.health,
            metrics=self.metrics,
            losses=Losses(service=SERVICE, bootstrap=self.kafka, places=Places(self.pool), clock=self.clock),
            halted=self.halted,
            now=now,
            watch_seconds=watch_seconds,
        )

    async def reasons(self) -> list[str]:
        """Why records were set aside, in the order in which they were."""
        return [row["reason"] for row in await self.pool.fetch("SELECT reason FROM dead_letters ORDER BY id")]


@asynccontextmanager
async def emptied(database: Database) -> AsyncIterator[Chassis]:
    """The chassis on this database, which is empty now."""
    async with database.superuser() as db:
        await db.execute(f"SET search_path = {SERVICE}")
        await db.execute(EMPTY)
    async with database.pool(SERVICE) as pool:
        yield Chassis(pool=pool, kafka=database.stack.parts.kafka_bootstrap)


class MovedClock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@asynccontextmanager
async def kafka_stopped(database: Database) -> AsyncIterator[None]:
    """The broker is down meanwhile."""
    kafka = database.stack.parts.kafka
    await asyncio.to_thread(kafka.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(kafka.start)


@asynccontextmanager
async def kafka_frozen(database: Database) -> AsyncIterator[None]:
    """The broker keeps its connections and says nothing meanwhile."""
    database.stack.parts.kafka.freeze()
    try:
        yield
    finally:
        database.stack.parts.kafka.thaw()
        await eventually(lambda: _answers(database.stack.parts.kafka_bootstrap), what="the broker is back in its cluster")


async def _answers(bootstrap: str) -> bool:
    """Thawed late, a broker knows of no broker for a moment, not even of itself."""
    try:
        return bool(await partitions_on(bootstrap))
    except (KafkaError, OSError):
        return False


class Tap:
    """What came out of a topic so far."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self.records: list[ConsumerRecord[bytes, bytes]] = []

    async def begin(self) -> "Tap":
        known = await self._consumer._client.fetch_all_metadata()
        self._consumer.assign([TopicPartition(self._topic, number) for number in known.partitions_for_topic(self._topic) or ()])
        await self._consumer.seek_to_beginning()
        return self

    async def until(self, count: int, *, seconds: float = 30.0) -> list["ConsumerRecord[bytes, bytes]"]:
        """Wait for so many records."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.records) < count:
                    await self._more()
        except TimeoutError:
            raise AssertionError(f"{len(self.records)} records instead of {count} within {seconds} s") from None
        return self.records

    async def to_the_end(self) -> list["ConsumerRecord[bytes, bytes]"]:
        """Everything that is there now."""
        for partition, end in (await self._consumer.end_offsets(self._consumer.assignment())).items():
            while await self._consumer.position(partition) < end:
                await self._more()
        return self.records

    async def _more(self) -> None:
        for records in (await self._consumer.getmany(timeout_ms=100)).values():
            self.records.extend(records)

    def numbers(self) -> list[int]:
        """The numbers of the notes, in the order in which they came."""
        return [number_in(record.value) for record in self.records]

    def numbers_once(self) -> list[int]:
        """The same, but each where it came first: who hears a record again recognises it."""
        return list(dict.fromkeys(self.numbers()))


def number_in(value: bytes | None) -> int:
    return int(orjson.loads(value or b"{}")["payload"]["number"])


@asynccontextmanager
async def running(*loops: Any, wake: Callable[[], None] = lambda: None) -> AsyncIterator[Stopping]:
    """These loops run meanwhile, and are asked to stop afterwards; what one of them raises is raised here."""
    stopping = Stopping()
    tasks = [asyncio.create_task(loop.run(stopping)) for loop in loops]
    try:
        yield stopping
    finally:
        stopping.request()
        wake()
        await asyncio.gather(*tasks)


def about(thread_id: UUID | None = None, **more: Any) -> Context:
    """What surrounds a note."""
    return Context(thread_id=thread_id or uuid4(), occurred_at=MOMENT, **more)


def note(
    aggregate_id: str, *facts: Event, after: int = 0, category: Category = PRIVATE, context: Context | None = None, key: str | None = None
) -> Append:
    """Facts for one stream."""
    return Append(category=category, aggregate_id=aggregate_id, expected_version=after, facts=facts, context=context or about(), key=key)


def envelope(event: Event, **changes: Any) -> Envelope:
    """An event as another process would send it."""
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "type": event.type_name(),
        "version": event.version,
        "authority": "test",
        "aggregate_id": "1",
        "thread_id": uuid4(),
        "occurred_at": MOMENT,
        "recorded_at": MOMENT,
        "producer": "test",
        "payload": event.payload(),
    }
    return Envelope.model_validate(values | changes)


_offsets = iter(range(1_000_000))


def delivery(
    value: bytes | Envelope | None, *, topic: str = "test.v1", traceparent: str | None = None, key: bytes | None = None
) -> Delivery:
    """A record as it comes from a topic, with a key of its own where none is given: records of one key may wait for each other."""
    offset = next(_offsets)
    return Delivery(
        topic=topic,
        partition=0,
        offset=offset,
        timestamp_ms=1_700_000_000_000,
        key=str(offset).encode() if key is None else key,
        value=encode(value) if isinstance(value, Envelope) else value,
        traceparent=traceparent,
    )
