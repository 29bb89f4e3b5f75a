"""What the tests of intake play with: a frontend at both doors, a listener on topics, and a look into intake's own store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from libs.chassis.bus.topics import partitions_on
from libs.events.contracts import REGISTRY
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_receipts import MessageAccepted, MessageRefused
from libs.events.envelope import Envelope, Unreadable, decode, encode
from libs.events.fact import Event
from libs.events.registry import NewerVersion, UnknownType
from libs.events.topics import AUDIT, CLIENTS, INBOUND, RECEIPTS, REQUESTS, STAFF, dead_letter_topic, wanted
from services.intake.main import build
from services.intake.settings import IntakeSettings
from services.intake.store import CLIENT, REQUEST
from tests.examples import Somebody, anna, message
from tests.running import Running, running, settings_of
from tests.stack import FRONTENDS, Database, eventually, producer

NOWHERE = "127.0.0.1:9"  # the port of discard, which nobody has
QUIET = "this town has no Kafka"
Receipt = MessageAccepted | MessageRefused


def said(external_id: str = "m-1", who: Somebody = anna, **changed: Any) -> MessageReceived:
    """A complete message of this moment."""
    return message(external_id, who, **({"received_at": datetime.now(UTC)} | changed))


def body_of(fact: MessageReceived, point: str | None = "site") -> dict[str, Any]:
    """The same message as the HTTP door takes it."""
    return fact.payload() | {"point": point}


def number_of(reg_no: str | None) -> int:
    """15 of «ЗИ-15/2026»."""
    assert reg_no is not None
    return int(reg_no.split("-")[1].split("/")[0])


class Heard(NamedTuple):
    """One record of a topic, read."""

    record: "ConsumerRecord[bytes, bytes]"
    envelope: Envelope
    fact: Any


@dataclass
class Listener:
    """Everything that came to some topics since it was opened."""

    consumer: AIOKafkaConsumer
    heard: dict[str, list[Heard]] = field(default_factory=dict)

    async def read(self) -> None:
        for partition, records in (await self.consumer.getmany(timeout_ms=50)).items():
            for record in records:
                try:
                    envelope = decode(record.value)
                    heard = Heard(record, envelope, REGISTRY.read(envelope))
                except (Unreadable, UnknownType, NewerVersion):
                    continue  # what the test itself sent, so that intake should choke on it
                self.heard.setdefault(partition.topic, []).append(heard)

    async def until(self, ready: Callable[[], Any], what: str = "", seconds: float = 30.0) -> Any:
        """Reads until there is what is waited for."""

        async def looked() -> Any:
            await self.read()
            return ready()

        return await eventually(looked, seconds=seconds, what=what)

    def on(self, topic: str) -> list[Heard]:
        return self.heard.get(topic, [])

    def facts(self, topic: str, kind: type[Event] = Event) -> list[Any]:
        return [heard.fact for heard in self.on(topic) if isinstance(heard.fact, kind)]


@asynccontextmanager
async def listening(bootstrap: str, *topics: str) -> AsyncIterator[Listener]:
    """By default to all that intake and its frontends write."""
    names = topics or tuple(
        [topic.of(frontend) for topic in (INBOUND, RECEIPTS) for frontend in FRONTENDS]
        + [dead_letter_topic(INBOUND.of(frontend)) for frontend in FRONTENDS]
        + [REQUESTS.name, CLIENTS.name, STAFF.name, AUDIT.name]
    )
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        counts = await partitions_on(bootstrap) if topics else {topic.name: topic.partitions for topic in wanted(FRONTENDS)}
        partitions = [TopicPartition(name, n) for name in names for n in range(counts[name])]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        yield Listener(consumer)
    finally:
        await consumer.stop()


@dataclass
class Frontend:
    """A program that brings messages: by its topic, or by HTTP with its key."""

    name: str
    kafka: AIOKafkaProducer | None
    listener: Listener | None
    http: httpx.AsyncClient
    key: str

    async def send(
        self, fact: Event, *, key: bytes | None = None, event_id: UUID | None = None, timestamp_ms: int | None = None, **around: Any
    ) -> UUID:
        """As a record; returns the event's id."""
        dialogue = getattr(fact, "dialogue", "nobody's")
        own_key = hashlib.sha256(dialogue.encode()).hexdigest()
        facts: dict[str, Any] = {
            "event_id": event_id or uuid4(),
            "type": fact.type_name(),
            "version": fact.version,
            "authority": "demo",
            "aggregate_id": own_key,
            "thread_id": UUID(own_key[:32]),
            "occurred_at": datetime.now(UTC),
            "recorded_at": datetime.now(UTC),
            "producer": self.name,
            "point": self.name,
            "payload": fact.payload(),
        }
        made = Envelope.model_validate(facts | around)
        await self.send_raw(encode(made), key=own_key.encode() if key is None else key, timestamp_ms=timestamp_ms)
        return made.event_id

    async def send_all(self, facts: Sequence[MessageReceived]) -> None:
        await asyncio.gather(*(self.send(fact) for fact in facts))

    async def send_raw(
        self, value: bytes | None, *, key: bytes | None = None, headers: Sequence[tuple[str, bytes]] = (), timestamp_ms: int | None = None
    ) -> None:
        topic = INBOUND.of(self.name)
        assert self.kafka is not None, QUIET
        await self.kafka.send_and_wait(topic, value, key=key, headers=list(headers), timestamp_ms=timestamp_ms)

    async def post(self, fact: MessageReceived, point: str | None = None) -> httpx.Response:
        return await self.ask("messages", body_of(fact, point or self.name))

    async def ask(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(f"/v1/{path}", json=body, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def receipts(self, external_id: str) -> list[Receipt]:
        """What came so far."""
        assert self.listener is not None, QUIET
        every = self.listener.facts(RECEIPTS.of(self.name))
        return [receipt for receipt in every if receipt.external_id == external_id]

    async def receipt(self, external_id: str, count: int = 1) -> Any:
        """The last of so many receipts for a message."""
        assert self.listener is not None, QUIET
        await self.listener.until(lambda: len(self.receipts(external_id)) >= count, f"receipt {count} for {external_id}")
        return self.receipts(external_id)[-1]

    async def receipts_of(self, external_ids: Sequence[str]) -> dict[str, Receipt]:
        """A receipt for each of these messages."""
        listener = self.listener
        assert listener is not None, QUIET

        def told() -> dict[str, Receipt]:
            return {receipt.external_id: receipt for receipt in listener.facts(RECEIPTS.of(self.name))}

        await listener.until(lambda: set(external_ids) <= told().keys(), f"receipts for {len(external_ids)} messages")
        return told()


@dataclass
class Town:
    """Intake on one test's database, with two frontends at its doors."""

    service: Running
    database: Database
    heard: Listener | None
    site: Frontend
    vk: Frontend

    @property
    def listener(self) -> Listener:
        assert self.heard is not None, QUIET
        return self.heard

    async def facts(self, frontend: str, external_id: str) -> list[Event]:
        """The request that a message belongs to."""
        async with self.service.process.pool.acquire() as db:
            found = await db.fetchval("SELECT request_id FROM messages WHERE frontend = $1 AND external_id = $2", frontend, external_id)
            recorded = await self.service.process.store.read(db, REQUEST, [found])
        return [row.fact for rows in recorded.values() for row in rows]

    async def types(self, frontend: str, external_id: str) -> list[str]:
        return [fact.type_name() for fact in await self.facts(frontend, external_id)]

    async def client_facts(self, frontend: str, external_id: str) -> list[Event]:
        """The client of the request that a message belongs to."""
        async with self.service.process.pool.acquire() as db:
            recorded = await self.service.process.store.read(db, CLIENT, [await self.client_of(frontend, external_id)])
        return [row.fact for rows in recorded.values() for row in rows]

    async def client_of(self, frontend: str, external_id: str) -> UUID:
        return UUID(str((await self.request(frontend, external_id))["client_id"]))

    async def request(self, frontend: str, external_id: str) -> dict[str, Any]:
        """Its row in the read model."""
        [row] = await self.rows(
            "SELECT r.* FROM requests r JOIN messages m USING (request_id) WHERE m.frontend = $1 AND m.external_id = $2",
            frontend,
            external_id,
        )
        return row

    async def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.service.process.pool.fetch(sql, *arguments)]

    async def value(self, sql: str, *arguments: object) -> Any:
        return await self.service.process.pool.fetchval(sql, *arguments)

    async def drained(self) -> None:
        """Everything that intake had to say is said."""

        async def is_empty() -> bool:
            return bool(await self.value("SELECT count(*) = 0 FROM outbox"))

        await eventually(is_empty, what="the outbox is empty")


def serving(database: Database, **told: Any) -> AbstractAsyncContextManager[Running]:
    """Intake as `main` builds it."""
    clock = told.pop("clock", None)
    return running("intake", settings_of(IntakeSettings, database.environment("intake", **told)), build, clock=clock)


@asynccontextmanager
async def founded_quietly(database: Database, **told: Any) -> AsyncIterator[Town]:
    """With Kafka away: it works all the same (R-4), and a test that asks its pages alone is spared the meeting with all topics."""
    keys = database.stack.frontend_keys
    async with serving(database, kafka_bootstrap=NOWHERE, **told) as service:
        site, vk = (Frontend(name, None, None, service.http, keys[name]) for name in ("site", "vk"))
        yield Town(service, database, None, site, vk)


@asynccontextmanager
async def founded(database: Database, **told: Any) -> AsyncIterator[Town]:
    bootstrap = database.stack.parts.kafka_bootstrap
    keys = database.stack.frontend_keys
    async with serving(database, **told) as service, producer(bootstrap) as kafka, listening(bootstrap) as listener:
        site, vk = (Frontend(name, kafka, listener, service.http, keys[name]) for name in ("site", "vk"))
        yield Town(service, database, listener, site, vk)
