"""The virus scanner: ClamAV's clamd by its INSTREAM command, over TCP or a Unix socket (clamd(8)).

What it calls clean is clean; what it can't or won't judge stays in doubt. clamd answers OK for what is over its own limits unless it is
told otherwise: its settings must say `AlertExceedsMax yes` and a `StreamMaxLength` not below our limit (docs/operations).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from libs.events.vocabulary import FileState

COMMAND: Final = b"zINSTREAM\0"
END: Final = b"\0"
FOUND: Final = " FOUND"
CLEAN: Final = "stream: OK"
LONGEST_ANSWER: Final = 1024
# Findings that say what clamd could not look into, and not that something evil is there.
DOUBTS: Final = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")


@dataclass(frozen=True)
class Verdict:
    """`found` is what the scanner calls it."""

    state: FileState
    found: str | None = None


class ScannerAway(Exception):
    """Nobody answered in time; the file is to be shown again later."""


class Scanner(Protocol):
    async def scan(self, plain: AsyncIterator[bytes]) -> Verdict:
        """Raises `ScannerAway`, and whatever `plain` raises."""
        ...


class Clamd:
    """`address` is tcp://host:port or unix:///path."""

    def __init__(self, address: str, seconds: float) -> None:
        self._address = address
        self._seconds = seconds

    async def scan(self, plain: AsyncIterator[bytes]) -> Verdict:
        try:
            async with asyncio.timeout(self._seconds):
                reader, writer = await self._connect()
                try:
                    return verdict(await _asked(reader, writer, plain))
                finally:
                    writer.close()
        except TimeoutError as error:
            raise ScannerAway from error

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        parts = urlsplit(self._address)
        try:
            if parts.scheme == "unix":
                return await asyncio.open_unix_connection(parts.path)
            return await asyncio.open_connection(parts.hostname, parts.port)
        except OSError as error:
            raise ScannerAway from error


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, plain: AsyncIterator[bytes]) -> str:
    """clamd may answer and hang up before it has everything, when it is over its limit: so it is listened to from the beginning."""
    answer = asyncio.create_task(reader.readuntil(END))
    try:
        writer.write(COMMAND)
        async for piece in plain:
            if answer.done():
                break
            if piece:
                await _taken(writer, len(piece).to_bytes(4) + piece)
        await _taken(writer, (0).to_bytes(4))
        return await _heard(answer)
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)


async def _heard(answer: "asyncio.Task[bytes]") -> str:
    try:
        return (await answer)[:LONGEST_ANSWER].rstrip(END).decode("utf-8", "replace").strip()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
        raise ScannerAway from error


async def _taken(writer: asyncio.StreamWriter, raw: bytes) -> None:
    """Whoever hung up may have answered before."""
    with suppress(ConnectionError):
        writer.write(raw)
        await writer.drain()


def verdict(answer: str) -> Verdict:
    """«stream: OK», «stream: Eicar-Test-Signature FOUND», «INSTREAM size limit exceeded. ERROR»."""
    if answer == CLEAN:
        return Verdict(FileState.CLEAN)
    if not answer.endswith(FOUND):
        return Verdict(FileState.UNSURE, answer or None)
    found = answer.removesuffix(FOUND).removeprefix("stream: ")
    return Verdict(FileState.UNSURE if found.startswith(DOUBTS) else FileState.INFECTED, found)
