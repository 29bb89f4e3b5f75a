"""What figures are measured on: a Kafka and a PostgreSQL of their own with fsync on, a database for each round, the real processes."""

import asyncio
import base64
import json
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from cli.database import prepare_all
from cli.services import SCHEMAS
from libs.chassis.access.frontends import hash_of
from libs.chassis.access.tokens import new_private_key, public_key_of
from libs.chassis.bus.topics import apply, partitions_on
from libs.events.topics import wanted
from local.embedded import Part, Parts, free_ports
from local.processes import AUTHORITY, healthy
from local.program import Program

FRONTENDS = ("site", "vk")
TEMPLATE = "bench_template"
MAIL_FROM = "otklik@example.org"
SITE_URL = "http://127.0.0.1:8080"

Offsets = dict[TopicPartition, int]


@dataclass(frozen=True)
class Service:
    """A running process and its port."""

    part: Part
    port: int

    @property
    def pid(self) -> int:
        return self.part.process.pid if self.part.process else 0


@dataclass
class Stage:
    """The parts and what was prepared on them once. With `profiles`, services leave their profiles there."""

    parts: Parts
    profiles: Path | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    keys: dict[str, str] = field(default_factory=lambda: {name: secrets.token_urlsafe(32) for name in FRONTENDS})
    _databases: int = 0

    async def prepare(self) -> None:
        """A database to copy, the topics, the frontends' keys."""
        await self._administrate(f"CREATE DATABASE {TEMPLATE}")
        await prepare_all(_named(self.parts.admin_dsn, TEMPLATE), {schema.name: self.password for schema in SCHEMAS})
        await apply(self.parts.kafka_bootstrap, wanted(FRONTENDS))
        hashes = {name: [hash_of(key)] for name, key in self.keys.items()}
        await asyncio.to_thread(self._keys_file.write_text, json.dumps(hashes), "utf-8")

    async def new_database(self) -> str:
        """The administrator's DSN of an empty database with every service's schema."""
        self._databases += 1
        name = f"bench_{self._databases}"
        await self._administrate(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return _named(self.parts.admin_dsn, name)

    def dsn(self, database: str, role: str) -> str:
        parts = urlsplit(database)
        return urlunsplit(parts._replace(netloc=f"{role}:{self.password}@{parts.hostname}:{parts.port}"))

    def environment(self, service: str, database: str, group: str, **more: object) -> dict[str, str]:
        """What a service is told; `more` adds to it."""
        staff_key = new_private_key()
        variables = {
            "AUTHORITY_FILE": AUTHORITY,
            "POSTGRES_DSN": self.dsn(database, service),
            "KAFKA_BOOTSTRAP": self.parts.kafka_bootstrap,
            "MASTER_KEY": base64.b64encode(service.encode().ljust(32, b"-")).decode(),
            "STAFF_PRIVATE_KEY": base64.b64encode(staff_key).decode(),
            "STAFF_PUBLIC_KEY": base64.b64encode(public_key_of(staff_key)).decode(),
            "CONSUMER_GROUP": group,
            "FRONTEND_KEYS_FILE": self._keys_file,
            "OBJECTS": self.parts.directory / f"{service}-objects",
            "HAND_OVER": self.parts.directory / "hand-over",
            "MAIL_FROM": MAIL_FROM,
            "SITE_URL": SITE_URL,
            "HEAD_SIGNING_KEY": base64.b64encode(b"head".ljust(32, b"-")).decode(),
            "HEADS_FILE": self.parts.directory / f"{urlsplit(database).path.strip('/')}-heads.jsonl",
            "SMTP_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
        }
        upper = {name.upper(): value for name, value in more.items()}
        return {f"OTKLIK_{name}": str(value) for name, value in (variables | upper).items()}

    @asynccontextmanager
    async def running(self, service: str, database: str, group: str, *, name: str | None = None, **more: object) -> AsyncIterator[Service]:
        """A service of the tree as a process, from ready to cleanly stopped; `name` where it is one of several."""
        environment = self.environment(service, database, group, **more)
        async with self.process(name or service, f"services.{service}.main", environment, profiled=True) as made:
            yield made

    @asynccontextmanager
    async def process(self, name: str, module: str, environment: Mapping[str, str], *, profiled: bool = False) -> AsyncIterator[Service]:
        [port] = free_ports(1)
        launcher = ("-m", "bench.profiled", str(self.profiles / f"{name}.prof")) if profiled and self.profiles else ("-m",)
        program = Program(
            name=name,
            argv=(sys.executable, *launcher, module),
            answers=partial(healthy, f"http://127.0.0.1:{port}/health/ready"),
            env={**environment, "OTKLIK_HTTP_PORT": str(port)},
        )
        part = Part(program, self.parts.directory / f"{name}.log", self.parts.kafka.held)
        await asyncio.to_thread(part.start)
        try:
            yield Service(part, port)
        finally:
            await asyncio.to_thread(part.stop)

    def pids(self, **services: Service) -> dict[str, int]:
        """The services and what stands behind them, for their processor time."""
        parts = {name: part.process.pid for name, part in self.parts.started.items() if part.process}
        return {name: service.pid for name, service in services.items()} | parts

    async def fill(self, records: Iterable[tuple[str, str, bytes]]) -> Offsets:
        """Send records (topic, key, value); answers where each partition stood before."""
        before = await self._ends()
        producer = AIOKafkaProducer(bootstrap_servers=self.parts.kafka_bootstrap, acks="all", linger_ms=20, max_batch_size=256 * 1024)
        await producer.start()
        try:
            for topic, key, value in records:
                await producer.send(topic, value, key=key.encode())
            await producer.flush()
        finally:
            await producer.stop()
        return before

    async def begin(self, groups: Sequence[str], at: Offsets | None = None) -> None:
        """New consumer groups that begin behind what the topics hold, or at these offsets."""
        offsets = await self._ends() if at is None else at
        for group in groups:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.parts.kafka_bootstrap, group_id=group, enable_auto_commit=False)
            await consumer.start()
            try:
                consumer.assign(list(offsets))
                await consumer.commit(offsets)
            finally:
                await consumer.stop()

    async def _ends(self) -> Offsets:
        existing = await partitions_on(self.parts.kafka_bootstrap)
        partitions = [TopicPartition(name, number) for name, count in existing.items() if name.endswith(".v1") for number in range(count)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.parts.kafka_bootstrap)
        await consumer.start()
        try:
            ends: Offsets = await consumer.end_offsets(partitions)
        finally:
            await consumer.stop()
        return ends

    @property
    def _keys_file(self) -> Path:
        return self.parts.directory / "frontends.json"

    async def _administrate(self, statement: str) -> None:
        db = await asyncpg.connect(self.parts.admin_dsn)
        try:
            await db.execute(statement)
        finally:
            await db.close()


def _named(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
