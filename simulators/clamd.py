"""A virus scanner that speaks clamd's protocol and knows one virus, the standard test file: `python -m simulators.clamd [--port 3310]`.

It answers PING, VERSION and INSTREAM, and can be told to be slow, to fail or to find too much, as the real one does.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

EICAR: Final = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"
NAME: Final = "Eicar-Test-Signature"
Mood = Literal["well", "silent", "hangs-up", "too-large", "doubtful"]


@dataclass
class Clamd:
    """`mood` may be changed at any time; `limit_bytes` is its StreamMaxLength. `seen` counts the bytes of each stream."""

    mood: Mood = "well"
    limit_bytes: int = 30 * 1024 * 1024
    seen: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Its address, as the setting of intake takes it."""
        server = await asyncio.start_server(self._serve, host, port)
        try:
            yield f"tcp://{host}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(reader)
            if answer is not None:
                writer.write(answer.encode() + b"\0")
                await writer.drain()
                await reader.read(-1)  # what was still on its way: a reset would swallow the answer
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> str | None:
        command = (await reader.readuntil(b"\0"))[1:-1]  # after the z that says how lines end
        if command == b"PING":
            return "PONG"
        if command == b"VERSION":
            return "ClamAV 1.4.0 (simulator)"
        if command != b"INSTREAM":
            return "UNKNOWN COMMAND"
        if self.mood == "hangs-up":
            return None
        if self.mood == "silent":
            await reader.read(-1)  # until the client gives up
            return None
        return await self._scanned(reader)

    async def _scanned(self, reader: asyncio.StreamReader) -> str:
        found, last, size = False, b"", 0
        while length := int.from_bytes(await reader.readexactly(4)):
            piece = await reader.readexactly(length)
            size += length
            if size > self.limit_bytes or self.mood == "too-large":
                return "INSTREAM size limit exceeded. ERROR"
            found = found or EICAR in last + piece
            last = piece[-len(EICAR) :]
        self.seen.append(size)
        if self.mood == "doubtful":
            return "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND"
        return f"stream: {NAME} FOUND" if found else "stream: OK"


async def main(host: str, port: int) -> None:
    async with Clamd().listening(host, port):
        await asyncio.Event().wait()


if __name__ == "__main__":
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--host", default="127.0.0.1")
    said.add_argument("--port", type=int, default=3310)
    told = said.parse_args()
    asyncio.run(main(told.host, told.port))
