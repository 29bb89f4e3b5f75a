"""The floor of intake: a FastAPI app that inserts one row for each request and does nothing else, served in the same way."""

import os
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Request

TABLE = "CREATE TABLE IF NOT EXISTS bare_messages (external_id text PRIMARY KEY, received_at timestamptz NOT NULL, body text NOT NULL)"
INSERT = "INSERT INTO bare_messages (external_id, received_at, body) VALUES ($1, $2, $3)"
POOL = 10  # as many connections as the service has


def app_on(dsn: str) -> FastAPI:
    pool: asyncpg.Pool[Any] | None = None
    app = FastAPI(docs_url=None, redoc_url=None)

    async def opened() -> "asyncpg.Pool[Any]":
        nonlocal pool
        if pool is None:
            pool = await asyncpg.create_pool(dsn, min_size=POOL, max_size=POOL)
            await pool.execute(TABLE)
        return pool

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        await (await opened()).fetchval("SELECT 1")
        return {"status": "ready"}

    @app.post("/v1/messages", status_code=201)
    async def messages(request: Request) -> dict[str, Any]:
        raw = await request.body()
        external_id = orjson.loads(raw)["external_id"]
        await (await opened()).execute(INSERT, external_id, datetime.now(UTC), raw.decode())
        return {"external_id": external_id}

    return app


def main() -> None:
    app, port = app_on(os.environ["OTKLIK_POSTGRES_DSN"]), int(os.environ["OTKLIK_HTTP_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
