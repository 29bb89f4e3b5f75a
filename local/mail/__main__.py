"""Both doors in one process: `python -m local.mail`."""

from __future__ import annotations

import asyncio
import warnings

import uvicorn

from local.mail.door import Failing, Handler, listen
from local.mail.letters import Letters
from local.mail.pages import build
from local.mail.settings import Settings


async def serve(settings: Settings) -> None:
    letters, failing = Letters(), Failing()
    door = await listen(Handler(letters, failing), settings.http_host, settings.smtp_port)
    app = build(letters, failing)
    config = uvicorn.Config(app, settings.http_host, settings.http_port, log_level="warning", timeout_graceful_shutdown=2)
    async with door:
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="aiosmtpd")
    asyncio.run(serve(Settings()))
