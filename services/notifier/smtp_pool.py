"""Kept connections to one SMTP relay: so many side by side, made anew after so many letters or seconds (aiosmtplib has no pool)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from aiosmtplib import SMTP, SMTPException

IDLE_SECONDS = 20.0  # after that a connection is asked whether it is still there
BYE_SECONDS = 2.0
GONE = (SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, kw_only=True)
class Relay:
    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    user: str | None = None
    password: str | None = None
    connections: int = 8
    timeout_seconds: float = 30.0
    letters_per_connection: int = 500
    connection_seconds: float = 300.0


@dataclass
class Line:
    """One open connection; `reused`: it may have been closed by the other side without our noticing."""

    client: SMTP
    opened_at: float
    used_at: float
    letters: int = 0
    reused: bool = False


class SmtpPool:
    def __init__(self, relay: Relay, now: Callable[[], float]) -> None:
        self._relay = relay
        self._now = now
        self._slots = asyncio.Semaphore(relay.connections)
        self._idle: list[Line] = []

    @asynccontextmanager
    async def line(self, *, fresh: bool = False) -> AsyncIterator[Line]:
        """A connection for one letter; raises what connecting raises. It is kept when it is still open afterwards."""
        async with self._slots:
            line = (None if fresh else await self._kept()) or await self._opened()
            try:
                yield line
            except BaseException:
                line.client.close()
                raise
            line.letters, line.used_at, line.reused = line.letters + 1, self._now(), True
            if line.client.is_connected:
                self._idle.append(line)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._bye(line) for line in idle))

    async def _kept(self) -> Line | None:
        while self._idle:
            line = self._idle.pop()
            if self._still_good(line) and await self._answers(line):
                return line
            await self._bye(line)
        return None

    def _still_good(self, line: Line) -> bool:
        young = self._now() - line.opened_at < self._relay.connection_seconds
        return line.client.is_connected and young and line.letters < self._relay.letters_per_connection

    async def _answers(self, line: Line) -> bool:
        if self._now() - line.used_at < IDLE_SECONDS:
            return True
        try:
            await line.client.noop()
        except GONE:
            return False
        return True

    async def _opened(self) -> Line:
        relay = self._relay
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user,
            password=relay.password,
            timeout=relay.timeout_seconds,
            use_tls=relay.security == "tls",
            start_tls=relay.security == "starttls",
        )
        try:
            await client.connect()
            await client.ehlo()
        except BaseException:
            client.close()
            raise
        return Line(client, self._now(), self._now())

    async def _bye(self, line: Line) -> None:
        with suppress(*GONE):
            async with asyncio.timeout(BYE_SECONDS):
                await line.client.quit()
        line.client.close()
