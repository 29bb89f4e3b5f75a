"""How a process runs and stops: an HTTP server and background loops that are never silently lost, and an end that drains them (D-28)."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from libs.chassis.ops.settings import ProcessSettings

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a loop that lasted this long starts again with the first delay
KEEP_ALIVE_SECONDS = 75  # longer than clients keep an idle connection: who closes first can't cut off the other's next request
CANCEL_SECONDS = 5.0  # what a cancelled task may still take


class Stopping:
    """The word that the process stops. A loop asks it between two pieces of work and sleeps by it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def request(self) -> None:
        self._event.set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Until so many seconds passed, or the process stops."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()


Loop = Callable[[Stopping], Awaitable[None]]
"""Works until `stopping.requested`, then finishes what it has in hand and returns."""


class Halted(Exception):
    """Raised by a loop that must not go on until somebody has looked; `code` is stable and told by readiness."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Background:
    """The loops of a process. One that fails or ends early is logged and started again after a jittered, growing delay."""

    def __init__(
        self,
        *,
        pause: Callable[[Stopping, float], Awaitable[None]] = Stopping.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loops: dict[str, tuple[Loop, bool]] = {}
        self._pause = pause
        self._jitter = jitter
        self._now = now
        self.halted: dict[str, str] = {}

    def add(self, name: str, loop: Loop, *, once: bool = False) -> None:
        """`once`: the work is done when it returns."""
        if name in self._loops:
            raise ValueError(f"two background loops are called {name}")
        self._loops[name] = (loop, once)

    async def check(self) -> None:
        """For readiness: raises when a loop has halted."""
        if self.halted:
            raise Halted(next(iter(self.halted.values())))

    async def run(self, stopping: Stopping, *, stop_seconds: float) -> None:
        """Until the stop was asked for and every loop has returned or, after `stop_seconds`, was cancelled."""
        tasks = {asyncio.create_task(self._keep(name, loop, once, stopping), name=name) for name, (loop, once) in self._loops.items()}
        try:
            await stopping.wait()
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=stop_seconds)
                for task in late:
                    _log().warning("a loop did not stop in time and is cancelled", task=task.get_name())
        finally:
            await _cancelled(tasks)

    async def _keep(self, name: str, loop: Loop, once: bool, stopping: Stopping) -> None:
        delay = FIRST_DELAY_SECONDS
        while not stopping.requested:
            started = self._now()
            if await self._finished(name, loop, once, stopping):
                return
            delay = FIRST_DELAY_SECONDS if self._now() - started >= STEADY_SECONDS else delay
            seconds = delay * (0.5 + self._jitter())
            _log().info("a loop starts again", task=name, retry_in_seconds=round(seconds, 2))
            await self._pause(stopping, seconds)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)

    async def _finished(self, name: str, loop: Loop, once: bool, stopping: Stopping) -> bool:
        """Runs the loop in a task of its own, so that a cancellation inside it is not taken for ours."""
        task = asyncio.ensure_future(_awaited(loop, stopping))
        try:
            await asyncio.wait({task})
        finally:
            await _cancelled({task})
        if task.cancelled():
            _log().error("a loop was cancelled from inside", task=name)
            return False
        error = task.exception()
        if isinstance(error, Halted):
            self.halted[name] = error.code
            _log().critical("a loop has halted until somebody looks", task=name, code=error.code)
            return True
        if error is not None:
            _log().error("a loop failed", task=name, error=error)
            return False
        if not once and not stopping.requested:
            _log().error("a loop ended before the process stops", task=name)
        return once or stopping.requested


async def _awaited(loop: Loop, stopping: Stopping) -> None:
    await loop(stopping)


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        _, stuck = await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
        for task in stuck:
            _log().error("a loop ignores its cancellation and is left behind", task=task.get_name())


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process by the signal instead of with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: FastAPI, settings: ProcessSettings, background: Background | None = None) -> None:
    """Serves the app and runs the loops until SIGTERM or SIGINT; returns when both are drained. A second signal does not wait."""
    stopping = Stopping()
    server = _Server(_config(app, settings))
    with _on_signals(server, stopping):
        loops = asyncio.create_task((background or Background()).run(stopping, stop_seconds=settings.stop_seconds))
        try:
            await server.serve()
        finally:
            stopping.request()
            await loops
    _log().info("the process has stopped")


def _config(app: FastAPI, settings: ProcessSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,  # its lines hold addresses of people and of what they ask for
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(settings.stop_seconds)),
    )


@contextlib.contextmanager
def _on_signals(server: uvicorn.Server, stopping: Stopping) -> Iterator[None]:
    running = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop(number: signal.Signals) -> None:
        _log().info("stop asked for", signal=number.name)
        server.force_exit = stopping.requested
        server.should_exit = True
        stopping.request()

    for number in signals:
        running.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in signals:
            running.remove_signal_handler(number)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a process's `main` on uvloop; the exit code is 0 when it returns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def _log() -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger("process")
