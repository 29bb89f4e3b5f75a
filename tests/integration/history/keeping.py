"""History in a test: its log on a real database, batches by hand, its HTTP door, and a look behind it as superuser."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from cli.verify_log import verify
from cli.verify_report import Report
from libs.chassis.access.roles import Role, Staff
from libs.chassis.access.tokens import TokenIssuer, new_private_key, public_key_of
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.clock import SystemClock
from libs.chassis.process import Process
from services.history.handlers import Keeper
from services.history.main import build, keeper
from services.history.settings import HistorySettings
from services.history.store import Log
from tests.running import settings_of
from tests.stack import Database

PRIVATE_KEY = new_private_key()
DESK = "http://desk.example.org"
AUTHORITY = "demo"  # the code in local/authority.toml
TABLES = ("log", "log_ids", "log_heads", "thread_links", "request_numbers", "client_links")


def headers_of(private_key: bytes, account: str, *roles: Role) -> dict[str, str]:
    token = TokenIssuer(private_key, issuer=AUTHORITY, clock=SystemClock()).issue(Staff(id=account, roles=frozenset(roles)))
    return {"Authorization": f"Bearer {token}"}


def environment(database: Database, **more: object) -> dict[str, str]:
    public = base64.b64encode(public_key_of(PRIVATE_KEY)).decode()
    return database.environment("history", **{"staff_public_key": public, "desk_url": DESK, **more})


@dataclass
class Keeping:
    """What a test of history needs."""

    database: Database
    settings: HistorySettings
    process: Process
    keeper: Keeper
    app: FastAPI
    http: httpx.AsyncClient

    @property
    def log(self) -> Log:
        return Log(self.process.keyring)

    async def take(self, *deliveries: Delivery) -> None:
        await self.keeper.take(deliveries)

    async def rows(self, what: str = "SELECT * FROM history.log ORDER BY shard, position", *values: Any) -> list[dict[str, Any]]:
        async with self.database.superuser() as db:
            return [dict(row) for row in await db.fetch(what, *values)]

    async def count(self, table: str = "log") -> int:
        [row] = await self.rows(f"SELECT count(*) AS n FROM history.{table}")  # noqa: S608 - a name of ours
        return int(row["n"])

    async def positions(self) -> dict[int, list[int]]:
        """Positions by shard, in order."""
        found: dict[int, list[int]] = {}
        for row in await self.rows():
            found.setdefault(row["shard"], []).append(row["position"])
        return found

    async def tamper(self, *statements: str) -> None:
        """As a superuser who can do anything."""
        async with self.database.superuser() as db, db.transaction():
            await db.execute("SET LOCAL search_path = history")
            for statement in statements:
                await db.execute(statement)

    async def verified(self, *, with_keys: bool = True) -> Report:
        return await verify(self.database.admin_dsn, self.settings.master_key.get_secret_value() if with_keys else None)

    async def everything_stored(self) -> str:
        """All rows of all tables of the schema as text, bytes in hex."""
        async with self.database.superuser() as db:
            names = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'history'")
            parts = [await db.fetchval(_as_text(row["tablename"])) for row in names]
        return "\n".join(part or "" for part in parts)

    async def ask(self, headers: dict[str, str], **filters: object) -> httpx.Response:
        return await self.http.get("/v1/entries", params={name: str(value) for name, value in filters.items()}, headers=headers)

    async def entries(self, headers: dict[str, str], **filters: object) -> list[dict[str, Any]]:
        answer = await self.ask(headers, **filters)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["entries"])


def _as_text(table: str) -> str:
    return f"SELECT string_agg(r::text, E'\\n') FROM history.{table} r"  # noqa: S608 - a name of ours


@asynccontextmanager
async def keeping(database: Database, **told: object) -> AsyncIterator[Keeping]:
    settings = settings_of(HistorySettings, environment(database, **told))
    process = await Process.open("history", settings)
    app = await build(process, settings)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://history", timeout=30) as http:
            yield Keeping(database, settings, process, keeper(process), app, http)
    finally:
        await process.close()


def spread(deliveries: Sequence[Sequence[Delivery]]) -> list[Delivery]:
    """Batches as one."""
    return [delivery for batch in deliveries for delivery in batch]
