"""The real Kafka and PostgreSQL that tests run on: one pair a test session, a fresh database and fresh offsets a test."""

import asyncio
import base64
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from cli.database import prepare_all
from cli.services import SCHEMAS
from libs.chassis.access.frontends import hash_of
from libs.chassis.access.passwords import LEAST_MEMORY_KIB
from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer, new_private_key, public_key_of
from libs.chassis.bus.topics import apply, partitions_on
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import load_authority
from libs.chassis.store.database import Pool, open_pool
from libs.events.topics import topic_of, wanted
from local.embedded import Parts

ROOT = Path(__file__).parent.parent
AUTHORITY_FILE = ROOT / "local" / "authority.toml"
SERVICES = ("intake", "history", "notifier")
FRONTENDS = ("site", "vk")
PASSWORD = "only-for-tests"
TEMPLATE = "otklik_template"
WAIT_SECONDS = 30.0
SHARED_STACK = "OTKLIK_TEST_STACK"  # names the file that tells where somebody else's stack is, prepared; nothing of it is stopped here


@dataclass
class Stack:
    """The parts and what was prepared on them once."""

    parts: Parts
    frontend_keys: dict[str, str] = field(default_factory=dict)
    keys_file: Path = Path()
    staff_key: bytes = field(default_factory=new_private_key)
    _count: int = 0
    _groups: int = 0

    async def prepare(self) -> None:
        """The template database with all migrations, the topics, the frontends' keys."""
        admin = await asyncpg.connect(self.parts.admin_dsn)
        await admin.execute(f"CREATE DATABASE {TEMPLATE}")
        await admin.close()
        await prepare_all(with_database(self.parts.admin_dsn, TEMPLATE), {schema.name: PASSWORD for schema in SCHEMAS})
        await apply(self.parts.kafka_bootstrap, wanted(FRONTENDS))
        self.frontend_keys = {name: secrets.token_urlsafe(32) for name in FRONTENDS}
        self.keys_file = self.parts.directory / "frontends.json"
        self.keys_file.write_text(json.dumps({name: [hash_of(key)] for name, key in self.frontend_keys.items()}), encoding="utf-8")

    def staff_token(self, *roles: Role, who: str = "staff-1", unit: str | None = None) -> str:
        """A token that every service of this stack accepts."""
        issuer = TokenIssuer(self.staff_key, issuer=load_authority(AUTHORITY_FILE).code, clock=SystemClock())
        return issuer.issue(Staff(id=who, roles=frozenset(roles), unit=unit))

    async def new_database(self) -> "Database":
        """A database of its own, copied from the template."""
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        admin = await asyncpg.connect(self.parts.admin_dsn)
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        await admin.close()
        return Database(self, name)

    async def drop_database(self, database: "Database") -> None:
        admin = await asyncpg.connect(self.parts.admin_dsn)
        await admin.execute(f"DROP DATABASE {database.name} WITH (FORCE)")
        await admin.close()

    @asynccontextmanager
    async def lent_database(self, *services: str) -> AsyncIterator["Database"]:
        """For tests that share one, with consumer groups of its own for these services."""
        await self.start_from_here(*services)
        made = await self.new_database()
        yield made
        await self.drop_database(made)

    def group(self, service: str) -> str:
        """A consumer group of this test's own: a static member of an earlier test still holds the old one."""
        return f"{service}-{self._groups}"

    async def start_from_here(self, *services: str) -> None:
        """New consumer groups of these services, by default of all; they begin behind what earlier tests left in the topics."""
        self._groups += 1
        existing = await partitions_on(self.parts.kafka_bootstrap)
        ours = {name: count for name, count in existing.items() if topic_of(name) or name.endswith(".dlq.v1")}
        partitions = [TopicPartition(name, number) for name, count in ours.items() for number in range(count)]
        for group in map(self.group, services or SERVICES):
            consumer = AIOKafkaConsumer(bootstrap_servers=self.parts.kafka_bootstrap, group_id=group, enable_auto_commit=False)
            await consumer.start()
            try:
                consumer.assign(partitions)
                await consumer.commit(await consumer.end_offsets(partitions))
            finally:
                await consumer.stop()


def describe(parts: Parts) -> str:
    """For sessions that share these parts."""
    told = {item.name: getattr(parts, item.name) for item in fields(parts) if item.name != "started"}
    return json.dumps(told, default=str)


def shared_stack() -> Stack | None:
    """The stack of `SHARED_STACK`, if there is one: it knows no frontends, and its parts can't be stopped."""
    if SHARED_STACK not in os.environ:
        return None
    told = json.loads(Path(os.environ[SHARED_STACK]).read_text(encoding="utf-8"))
    return Stack(Parts(**{**told, "directory": Path(told["directory"]), "started": {}}))


@dataclass
class Database:
    """One test's database."""

    stack: Stack
    name: str

    @property
    def admin_dsn(self) -> str:
        return with_database(self.stack.parts.admin_dsn, self.name)

    def dsn(self, service: str) -> str:
        """The DSN of a service's application role."""
        parts = urlsplit(self.admin_dsn)
        return urlunsplit(parts._replace(netloc=f"{service}:{PASSWORD}@{parts.hostname}:{parts.port}"))

    @asynccontextmanager
    async def pool(self, service: str) -> AsyncIterator[Pool]:
        pool = await open_pool(self.dsn(service))
        try:
            yield pool
        finally:
            await pool.close()

    @asynccontextmanager
    async def superuser(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        connection = await asyncpg.connect(self.admin_dsn)
        try:
            yield connection
        finally:
            await connection.close()

    def environment(self, service: str, **more: object) -> dict[str, str]:
        """The OTKLIK_* variables of a service on this database; `more` adds to them or changes them, None takes one away."""
        variables = {
            "AUTHORITY_FILE": AUTHORITY_FILE,
            "POSTGRES_DSN": self.dsn(service),
            "KAFKA_BOOTSTRAP": self.stack.parts.kafka_bootstrap,
            "MASTER_KEY": base64.b64encode(service.encode().ljust(32, b"-")).decode(),
            "STAFF_PUBLIC_KEY": base64.b64encode(public_key_of(self.stack.staff_key)).decode(),
            "STAFF_PRIVATE_KEY": base64.b64encode(self.stack.staff_key).decode(),
            "CONSUMER_GROUP": self.stack.group(service),
            "HTTP_PORT": 0,
            "FRONTEND_KEYS_FILE": self.stack.keys_file,
            "OBJECTS": self.stack.parts.directory / f"{self.name}-{'history-' if service == 'history' else ''}objects",
            "HAND_OVER": self.stack.parts.directory / f"{self.name}-hand-over",
            "PASSWORD_MEMORY_KIB": LEAST_MEMORY_KIB,
            "HEAD_SIGNING_KEY": base64.b64encode(b"head".ljust(32, b"-")).decode(),
            "HEADS_FILE": self.stack.parts.directory / f"{self.name}-heads.jsonl",
        }
        upper = {name.upper(): value for name, value in more.items()}
        return {f"OTKLIK_{name}": str(value) for name, value in (variables | upper).items() if value is not None}


def with_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def eventually(ask: Callable[[], Awaitable[Any]], *, seconds: float = WAIT_SECONDS, what: str = "") -> Any:
    """The first truthy answer of `ask`; asked again until then. No test sleeps for anything else."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or getattr(ask, '__name__', 'the condition')}; last answer {answer!r}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def producer(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer, for tests that play a frontend or a stranger."""
    made = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
