import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer

from libs.chassis.ops.clock import Clock
from libs.chassis.process import Process
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.envelope import Envelope, encode
from libs.events.topics import INBOUND, REQUESTS
from libs.events.vocabulary import Status, Target
from services.notifier.main import build
from services.notifier.settings import NotifierSettings
from services.notifier.store import Claimed, Notices
from tests.integration.notifier.sink import Sink, smtp_sink
from tests.running import Running, running, settings_of
from tests.stack import ROOT, Database, Stack, eventually, producer
from tests.unit.notifier.examples import change, envelope

QUICK = {
    "notice_poll_seconds": 0.1,
    "notice_first_pause_seconds": 0.2,
    "notice_unreachable_pause_seconds": 0.2,
    "smtp_timeout_seconds": 5,
    "breaker_longest_pause_seconds": 1,
}
LEASE_SECONDS = 300.0
MOVED_ELSEWHERE = """
UPDATE notifier.notices SET channel = 'elsewhere', due_at = now()
WHERE channel = 'email' AND state IN ('planned', 'sending', 'deferred', 'unknown')"""
MOVED_BACK = """
UPDATE notifier.notices SET channel = 'email', due_at = CASE state WHEN 'sending' THEN due_at ELSE now() + interval '1 hour' END
WHERE channel = 'elsewhere'"""


@dataclass
class Notifying:
    """What a test of the notifier needs: the database, a relay, a way to say that a request changed."""

    database: Database
    sink: Sink
    kafka: AIOKafkaProducer
    seqs: dict[str, int] = field(default_factory=dict)

    def environment(self, **told: object) -> dict[str, str]:
        relay = {"smtp_host": "127.0.0.1", "smtp_port": self.sink.port, "mail_from": "otklik@example.org"}
        return self.database.environment("notifier", **(relay | {"site_url": "https://otklik.example.org"} | QUICK | told))

    def running(self, *, clock: Clock | None = None, **told: object) -> AbstractAsyncContextManager[Running]:
        return running("notifier", settings_of(NotifierSettings, self.environment(**told)), build, clock=clock)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Notices]:
        """What a process that neither hears nor sends would have."""
        process = await Process.open("notifier", settings_of(NotifierSettings, self.environment()))
        try:
            yield Notices(process.pool, process.queue_pool, process.keyring, process.store)
        finally:
            await process.close()

    async def changed(self, request: str, to: Status, *targets: Target, **facts: Any) -> Envelope:
        """The next change of a request, as intake publishes it."""
        self.seqs[request] = self.seqs.get(request, 0) + 1
        event = change(to, *targets, **facts)
        made = envelope(event, request=request, seq=self.seqs[request], event_id=uuid.uuid4())
        await self.publish(made)
        return made

    async def publish(self, made: Envelope, *, traceparent: str | None = None) -> None:
        headers = [("traceparent", traceparent.encode())] if traceparent else []
        await self.kafka.send_and_wait(REQUESTS.name, encode(made), key=made.aggregate_id.encode(), headers=headers)

    async def report(self, frontend: str, notice_id: object, outcome: str = "delivered") -> None:
        event = DeliveryReported(notice_id=str(notice_id), outcome=outcome)
        made = envelope(event, request="dialogue", seq=None, event_id=uuid.uuid4(), producer=frontend)
        await self.kafka.send_and_wait(INBOUND.of(frontend), encode(made), key=b"dialogue")

    async def rows(self, request: str) -> list[dict[str, Any]]:
        async with self.database.superuser() as db:
            found = await db.fetch("SELECT * FROM notifier.notices WHERE request_id = $1 ORDER BY seq, role DESC", request)
        return [dict(row) for row in found]

    async def states(self, request: str) -> list[str]:
        return [row["state"] for row in await self.rows(request)]

    async def facts(self, notice_id: UUID) -> list[str]:
        async with self.database.superuser() as db:
            found = await db.fetch("SELECT type FROM notifier.events WHERE stream = $1 ORDER BY version", f"notice-{notice_id}")
        return [row["type"] for row in found]

    async def execute(self, statement: str) -> None:
        """As the database's administrator."""
        async with self.database.superuser() as db:
            await db.execute(statement)

    async def claimed_elsewhere(self, service: Running, limit: int, *, replicas: int = 1) -> list[list[Claimed]]:
        """As other replicas would, all at once, though nothing is due: the running one leaves the channel `elsewhere` alone."""
        await self.execute(MOVED_ELSEWHERE)
        store = store_of(service)
        claims = await asyncio.gather(*(store.claim("elsewhere", limit, LEASE_SECONDS) for _ in range(replicas)))
        await self.execute(MOVED_BACK)
        return [[replace(each, notice=replace(each.notice, channel="email")) for each in claimed] for claimed in claims]

    async def leases_run_out(self) -> None:
        """As if those who hold them had been gone for a while."""
        await self.execute("UPDATE notifier.notices SET due_at = now() - interval '1 second' WHERE state = 'sending'")

    async def become(self, request: str, *states: str, seconds: float = 30.0) -> list[dict[str, Any]]:
        """Waits until the notices of a request have these states."""

        async def there() -> bool:
            return await self.states(request) == list(states)

        await eventually(there, seconds=seconds, what=f"{request} becomes {states}")
        return await self.rows(request)


@asynccontextmanager
async def as_process(notifying: Notifying, log: Path = Path(os.devnull), **told: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """The notifier as operators start it; all that it says goes to `log`."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.notifier.main"),
            cwd=ROOT,
            env={**os.environ, **notifying.environment(**told)},
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with smtp_sink() as made:
        yield made


@pytest.fixture
async def fresh_kafka(stack: Stack) -> str:
    """Here only the notifier hears: the groups of the others would cost each test a while."""
    await stack.start_from_here("notifier")
    return stack.parts.kafka_bootstrap


@pytest.fixture
async def notifying(database: Database, fresh_kafka: str, sink: Sink) -> AsyncIterator[Notifying]:
    async with producer(fresh_kafka) as kafka:
        yield Notifying(database, sink, kafka)


def store_of(service: Running) -> Notices:
    return Notices(service.process.pool, service.process.queue_pool, service.process.keyring, service.process.store)


def figure(service: Running, name: str, **labels: str) -> float:
    """The value of one of the process's own figures."""
    return service.process.health.registry.get_sample_value(name, labels) or 0.0
