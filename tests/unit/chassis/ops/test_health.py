"""Health, readiness and figures on a process's own port (D-3)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from libs.chassis.ops import health, metrics
from libs.chassis.ops.clock import FixedClock
from libs.chassis.ops.health import Health, Readiness

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Parts:
    """What a test moves: a monotonic clock, a broker that is up or not."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.kafka_up = True
        self.clock = FixedClock(NOON)
        self.registry = CollectorRegistry()
        self.metrics = metrics.Metrics(self.registry, self.clock)
        doors = {"http": {"database": self.database}, "kafka": {"kafka": self.kafka}}
        self.health = Health(registry=self.registry, readiness=Readiness(doors=doors, limit_seconds=0.05))
        self.database_hangs = False

    async def database(self) -> None:
        if self.database_hangs:
            await asyncio.Event().wait()

    async def kafka(self) -> None:
        if not self.kafka_up:
            raise ConnectionRefusedError(111, "no broker")


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(health.routes(parts.health))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service") as made:
        yield made


@pytest.mark.requirement("D-3")
async def test_a_process_lives_while_its_loops_beat(parts: Parts, client: httpx.AsyncClient) -> None:
    relay = parts.health.loop("relay", limit_seconds=30, now=lambda: parts.seconds)
    parts.health.loop("consumer", limit_seconds=90, now=lambda: parts.seconds)
    parts.seconds = 30
    assert (await client.get("/health/live")).status_code == 200
    parts.seconds = 31
    answer = await client.get("/health/live")
    assert answer.status_code == 503
    assert answer.json() == {
        "alive": False,
        "loops": {"relay": {"alive": False, "silent_seconds": 31.0}, "consumer": {"alive": True, "silent_seconds": 31.0}},
    }
    relay.beat()
    assert (await client.get("/health/live")).status_code == 200


@pytest.mark.requirement("D-3")
async def test_the_http_door_is_ready_while_kafka_is_down(parts: Parts, client: httpx.AsyncClient) -> None:
    parts.kafka_up = False
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "doors": {
            "http": {"ready": True, "checks": {"database": "ok"}},
            "kafka": {"ready": False, "checks": {"kafka": "ConnectionRefusedError"}},
        },
    }
    assert (await client.get("/health/ready/http")).status_code == 200
    assert (await client.get("/health/ready/kafka")).status_code == 503
    parts.kafka_up = True
    assert (await client.get("/health/ready/kafka")).status_code == 200


async def test_a_check_that_hangs_is_not_ready_in_time(parts: Parts, client: httpx.AsyncClient) -> None:
    parts.database_hangs = True
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["doors"]["http"]["checks"] == {"database": "TimeoutError"}


async def test_an_unknown_door_is_never_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health/ready/window")).status_code == 503


@pytest.mark.requirement("D-9")
async def test_figures_of_consumers_outbox_and_dead_letters_are_there_for_prometheus(parts: Parts, client: httpx.AsyncClient) -> None:
    figures = parts.metrics
    figures.lag("history", "intake.requests.v1", 3, 250)
    figures.lag("history", "intake.requests.v1", 4, 1)
    figures.forget_lag("history", "intake.requests.v1", 4)
    figures.forget_lag("history", "intake.requests.v1", 5)
    figures.progress("history")
    figures.handled("history", "done", 500)
    figures.handled("history", "seen-before")
    figures.dead_letter("notifier", "wrong-schema")
    figures.parked_keys("outbox", 1)
    figures.outbox(pending=12, oldest=NOON - timedelta(seconds=5), shard=2)
    figures.outbox(pending=0, oldest=None, shard=0)
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    told = answer.text.splitlines()
    assert 'otklik_consumer_lag_records{consumer="history",partition="3",topic="intake.requests.v1"} 250.0' in told
    assert not [line for line in told if 'partition="4"' in line]
    assert 'otklik_consumer_last_progress_timestamp_seconds{consumer="history"} 1.7724528e+09' in told
    assert 'otklik_records_handled_total{consumer="history",outcome="done"} 500.0' in told
    assert 'otklik_dead_letters_total{consumer="notifier",reason="wrong-schema"} 1.0' in told
    assert 'otklik_parked_keys{where="outbox"} 1.0' in told
    assert 'otklik_outbox_pending_rows{shard="2"} 12.0' in told
    assert 'otklik_outbox_oldest_age_seconds{shard="2"} 5.0' in told
    assert 'otklik_outbox_oldest_age_seconds{shard="0"} 0.0' in told


async def test_the_age_of_the_outbox_grows_though_the_relay_says_no_more(parts: Parts) -> None:
    parts.metrics.outbox(pending=1, oldest=NOON)
    parts.clock.move(timedelta(minutes=10))
    assert b'otklik_outbox_oldest_age_seconds{shard="0"} 600.0' in metrics.render(parts.registry)
    parts.metrics.outbox(pending=0, oldest=None)
    assert b'otklik_outbox_oldest_age_seconds{shard="0"} 0.0' in metrics.render(parts.registry)


def test_a_registry_brings_the_figures_of_the_process() -> None:
    assert b"process_resident_memory_bytes" in metrics.render(metrics.registry())
