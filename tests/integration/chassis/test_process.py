"""A process as `main` composes it: it starts without anything, says what is ready, and ends in time (R-4)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.subscriber import Subscription
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.process import Process
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.inbox import LIFETIME
from libs.events.topics import Topic
from tests.integration.chassis.chassis import SERVICE, Chassis
from tests.running import running, settings_of
from tests.stack import Database, eventually


async def build(process: Process, _settings: ServiceSettings) -> FastAPI:
    """A service that does nothing but break."""
    app = process.app("Test")

    @app.get("/broken/{kind}")
    async def broken(kind: str) -> None:
        raise {error.__name__: error for error in INFRASTRUCTURE_ERRORS}[kind]("Иванова")

    return app


def settings(database: Database, **changes: object) -> ServiceSettings:
    return settings_of(ServiceSettings, database.environment(SERVICE, **changes))


@pytest.mark.requirement("D-3", "R-4")
async def test_a_process_opens_without_database_and_kafka_and_says_what_is_missing(chassis_database: Database) -> None:
    nowhere = settings(chassis_database, postgres_dsn="postgresql://x:y@127.0.0.1:1/z", kafka_bootstrap="127.0.0.1:1")
    started = monotonic()
    async with running(SERVICE, nowhere, listening(Topic(name="t.v1", contract="t", key="", producers=(), consumers=()))) as service:
        assert monotonic() - started < 5
        answer = await service.http.get("/health/ready")
        assert answer.status_code == 503
        doors = answer.json()["doors"]
        assert doors["http"]["checks"] == {"database": "ConnectionRefusedError"}
        assert doors["kafka"]["checks"] == {"kafka": "kafka-not-connected"}
        assert doors["background"]["ready"]
        assert (await service.http.get("/health/live")).status_code == 200


@pytest.mark.requirement("D-3", "R-14")
async def test_a_loop_that_halted_is_told_by_readiness_with_its_code(chassis: Chassis, chassis_database: Database) -> None:
    made = await chassis.topic(partitions=2)
    table = Topic(name=made.name, contract="test", key="id", producers=(), consumers=("test",), partitions=12)
    async with running(SERVICE, settings(chassis_database), listening(table)) as service:
        answer = await eventually(lambda: not_ready(service.http, "background"))
        assert answer == {"ready": False, "checks": {"loops": "partition-count-differs"}}
        assert (await service.http.get("/health/ready")).status_code == 200, "people can still be served"
        assert (await service.http.get("/health/live")).status_code == 200


@pytest.mark.requirement("D-6", "R-25")
async def test_what_the_outside_does_to_a_request_is_answered_with_503_and_logged(
    chassis_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {error.__name__ for error in INFRASTRUCTURE_ERRORS}
    async with running(SERVICE, settings(chassis_database), build) as service:
        answers = {kind: await service.http.get(f"/broken/{kind}") for kind in kinds}
    assert {(answer.status_code, answer.json()["code"]) for answer in answers.values()} == {(503, "unavailable")}
    assert all(answer.headers["retry-after"] for answer in answers.values())
    logged = capsys.readouterr().out
    assert logged.count("a request is answered with 503") == len(kinds)
    assert "\\u0418" not in logged, "no line of the log holds a message of an exception"


@pytest.mark.requirement("R-6")
async def test_a_process_forgets_the_ids_of_events_that_can_not_come_again(
    chassis: Chassis, chassis_database: Database, superuser: "asyncpg.Connection[Any]"
) -> None:
    seen = {uuid4(): SystemClock().now() - LIFETIME + timedelta(hours=hours) for hours in (-1, 1)}
    for event_id, at in seen.items():
        await superuser.execute("INSERT INTO inbox (consumer, event_id, seen_at) VALUES ('test', $1, $2)", event_id, at)
    _, recent = seen

    async def connected(process: Process, wanted: ServiceSettings) -> FastAPI:
        process.connect([])
        return await build(process, wanted)

    async def forgotten() -> bool:
        return [row["event_id"] for row in await superuser.fetch("SELECT event_id FROM inbox")] == [recent]

    async with running(SERVICE, settings(chassis_database), connected):
        await eventually(forgotten, what="the older id is gone, the other stays")


@pytest.mark.requirement("D-28")
async def test_a_process_closes_in_time_though_somebody_still_holds_a_connection(chassis_database: Database) -> None:
    process = await Process.open(SERVICE, settings(chassis_database))
    held = await process.pool.acquire()
    started = monotonic()
    await process.close()
    assert monotonic() - started < 6
    with pytest.raises(asyncpg.InterfaceError):
        await held.fetchval("SELECT 1")


def listening(topic: Topic) -> Any:
    async def take(_batch: Sequence[Delivery]) -> None:
        pass

    async def connected(process: Process, wanted: ServiceSettings) -> FastAPI:
        process.connect([Subscription(group=process.group, topics=(topic,), take=take)])
        return await build(process, wanted)

    return connected


async def not_ready(http: httpx.AsyncClient, door: str) -> Any:
    await asyncio.sleep(0)
    answer = await http.get(f"/health/ready/{door}")
    return answer.json() if answer.status_code == 503 else None
