"""A link between two programs that can be cut, frozen and slowed: every connection to its port goes on to another port of this machine."""

import asyncio
from types import TracebackType
from typing import Self

PIECE = 64 * 1024


class Link:
    """Open while its block runs. Who connects while it is cut is turned away; while it is frozen nobody hears anything."""

    def __init__(self, target: int, port: int = 0) -> None:
        self.port = port
        self._target = target
        self._delay_seconds = 0.0
        self._cut = False
        self._passable = asyncio.Event()
        self._passable.set()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        while self._writers:
            await asyncio.sleep(0)

    def cut(self) -> None:
        """Every connection is reset."""
        self._cut = True
        self._passable.set()
        for writer in self._writers:
            writer.transport.abort()

    def freeze(self) -> None:
        """As with a pulled cable: connections stay and carry nothing."""
        self._passable.clear()

    def slow(self, seconds: float) -> None:
        """Each piece of either direction comes so much later."""
        self._delay_seconds = seconds

    def heal(self) -> None:
        self._cut, self._delay_seconds = False, 0.0
        self._passable.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._passable.wait()
            if not self._cut:
                await self._carry(reader, writer)
        except OSError:
            pass  # either end went away: the other is told by the end of its own connection
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.add(here)
        pumps = [asyncio.create_task(self._pump(reader, here)), asyncio.create_task(self._pump(there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers.discard(here)
            here.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            await self._passable.wait()
            if self._delay_seconds:
                await asyncio.sleep(self._delay_seconds)
            writer.write(piece)
            await writer.drain()
