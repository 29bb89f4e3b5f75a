"""Killed in mid-batch and started again: each effect once (D-14). Real processes, ended by SIGKILL."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from libs.events.topics import CLIENTS, REQUESTS
from local.embedded import free_ports
from services.intake.store import SQL
from tests.integration.intake.town import Frontend, body_of, listening, number_of, said
from tests.stack import ROOT, Database, eventually, producer

MESSAGES = 200
ENOUGH_SECONDS = 60.0


@dataclass
class Killable:
    """`python -m services.intake.main` on a test's database."""

    process: asyncio.subprocess.Process
    url: str

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def started(database: Database, log: Path) -> AsyncIterator[Killable]:
    [port] = free_ports(1)
    environment = database.environment("intake", http_port=port)
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.intake.main", cwd=ROOT, env=environment, stdout=written, stderr=written
        )
    made = Killable(process, f"http://127.0.0.1:{port}")

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"{made.url}/health/ready/kafka")).status_code == 200
        except httpx.TransportError:
            return False

    try:
        await eventually(ready, seconds=ENOUGH_SECONDS, what=f"intake answers; its log: {log}")
        yield made
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def waits_for_the_lock(rival: "asyncpg.Connection[Any]", transactions: int) -> bool:
    found = await rival.fetchval(
        "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_database d ON d.oid = database"
        " WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    return bool(found >= transactions)


@pytest.mark.requirement("D-14", "R-6", "N-8.2", "D-24")
async def test_killed_in_mid_batch_and_started_again_each_message_has_its_effect_once(
    database: Database, fresh_kafka: str, tmp_path: Path
) -> None:
    names = [f"m-{n}" for n in range(MESSAGES)]
    by_http = said(f"form-{uuid4()}")
    key = database.stack.frontend_keys["vk"]
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        producer(fresh_kafka) as kafka,
        listening(fresh_kafka) as listener,
        httpx.AsyncClient(timeout=30) as http,
        database.superuser() as rival,
    ):
        vk = Frontend("vk", kafka, listener, http, key)
        await rival.execute("SET search_path = intake")

        async with started(database, tmp_path / "first.log") as intake:
            async with rival.transaction():
                await rival.execute(SQL["lock_register"])
                await vk.send_all([said(name, dialogue=name) for name in names])
                post = asyncio.create_task(http.post(f"{intake.url}/v1/messages", json=body_of(by_http), headers=headers))
                await eventually(lambda: waits_for_the_lock(rival, 2), what="both doors are in the middle of a batch")
                await intake.kill()
            with pytest.raises(httpx.TransportError):
                await post
        assert await rival.fetchval("SELECT count(*) FROM inbox") == 0
        assert await rival.fetchval("SELECT count(*) FROM requests") == 0

        async with started(database, tmp_path / "second.log") as intake:

            async def some_are_registered() -> bool:
                return bool(await rival.fetchval("SELECT count(*) > 0 FROM requests"))

            await eventually(some_are_registered)
            await intake.kill()

        async with started(database, tmp_path / "third.log") as intake:
            answer = await http.post(f"{intake.url}/v1/messages", json=body_of(by_http), headers=headers)
            await listener.until(lambda: all(vk.receipts(name) for name in names), "a receipt for each", seconds=ENOUGH_SECONDS)

            async def outbox_is_empty() -> bool:
                return bool(await rival.fetchval("SELECT count(*) = 0 FROM outbox"))

            await eventually(outbox_is_empty)
        assert answer.status_code == 201
        await listener.until(lambda: len({heard.envelope.event_id for heard in listener.on(REQUESTS.name)}) == 3 * (MESSAGES + 1), "events")

        assert await rival.fetchval("SELECT count(*) FROM requests") == MESSAGES + 1
        assert await rival.fetchval("SELECT count(*) FROM clients") == MESSAGES + 1
        assert await rival.fetchval("SELECT count(*) FROM dead_letters") == 0
        told = {name: {one.model_dump_json(): one for one in vk.receipts(name)} for name in names}
        assert all(len(receipts) == 1 for receipts in told.values())
        numbers = [number_of(one.payload()["reg_no"]) for receipts in told.values() for one in receipts.values()]
        assert sorted([*numbers, number_of(answer.json()["register_number"])]) == list(range(1, MESSAGES + 2))
        assert len({heard.envelope.aggregate_id for heard in listener.on(CLIENTS.name)}) == MESSAGES + 1
