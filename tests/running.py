"""A service as `main` builds it, run inside a test: its loops in the background, its doors by HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.settings import FrozenSettings, ServiceSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process

Settings = TypeVar("Settings", bound=ServiceSettings)
Told = TypeVar("Told", bound=FrozenSettings)
STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Running:
    """A running service and a client of its doors."""

    process: Process
    app: FastAPI
    http: httpx.AsyncClient


def settings_of(kind: type[Told], environment: Mapping[str, str]) -> Told:
    """Settings from OTKLIK_* variables without touching this process's environment."""
    values: dict[str, Any] = {name.removeprefix("OTKLIK_").lower(): value for name, value in environment.items()}
    return kind(**{name: value for name, value in values.items() if name in kind.model_fields})


@asynccontextmanager
async def running(
    name: str,
    settings: Settings,
    build: Callable[[Process, Settings], Awaitable[FastAPI]],
    *,
    clock: Clock | None = None,
) -> AsyncIterator[Running]:
    process = await Process.open(name, settings, clock=clock)
    app = await build(process, settings)
    stopping = Stopping()
    loops = asyncio.create_task(process.background.run(stopping, stop_seconds=STOP_SECONDS))
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service", timeout=30) as http:
            yield Running(process, app, http)
    finally:
        stopping.request()
        await loops
        await process.close()
