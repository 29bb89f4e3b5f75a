"""The link that campaigns break: whole, cut, frozen, slow and healed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from tests.faults.proxy import Link

PATIENCE = 5.0


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """To a server that says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Link(server.sockets[0].getsockname()[1]) as made:
        yield made
    server.close()


@dataclass(frozen=True)
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hears(self, word: bytes, *, seconds: float = PATIENCE) -> bytes:
        """The answer to it; empty when the link is gone."""
        self.writer.write(word)
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read(100)
            except ConnectionError:
                return b""


@asynccontextmanager
async def client_of(link: Link) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    yield Client(reader, writer)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_whole_link_carries_both_ways(link: Link) -> None:
    async with client_of(link) as client:
        assert await client.hears(b"good morning") == b"good morning"


async def test_a_cut_link_ends_what_is_open_and_lets_nobody_in_until_it_is_healed(link: Link) -> None:
    async with client_of(link) as client:
        assert await client.hears(b"one") == b"one"
        link.cut()
        assert await client.hears(b"two") == b""
    async with client_of(link) as client:
        assert await client.hears(b"three") == b""
    link.heal()
    async with client_of(link) as client:
        assert await client.hears(b"four") == b"four"


async def test_a_frozen_link_keeps_its_connections_silent_and_delivers_once_it_thaws(link: Link) -> None:
    async with client_of(link) as client:
        assert await client.hears(b"one") == b"one"
        link.freeze()
        with pytest.raises(TimeoutError):
            await client.hears(b"two", seconds=0.2)
        link.heal()
        async with asyncio.timeout(PATIENCE):
            assert await client.reader.read(100) == b"two"


async def test_a_slow_link_delays_each_way(link: Link) -> None:
    async with client_of(link) as client:
        link.slow(0.1)
        began = time.monotonic()
        assert await client.hears(b"one") == b"one"
        assert time.monotonic() - began >= 0.2
