"""The load generator reads answers as they come in pieces, and sends again on a connection that the server had closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bench.http_client import answer_in, connect, request
from bench.load import Load, Order, Report

CREATED = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}"


def test_an_answer_is_there_when_all_of_it_is() -> None:
    assert [answer_in(CREATED[:length]) for length in (0, 20, len(CREATED) - 1)] == [None, None, None]
    assert answer_in(CREATED) == 201


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(ConnectionError, match="Content-Length"):
        answer_in(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_request_tells_its_length_in_bytes() -> None:
    raw = request("host", "/path", "key", "ё".encode())
    assert raw.startswith(b"POST /path HTTP/1.1\r\nHost: host\r\nAuthorization: Bearer key\r\n")
    assert raw.endswith("Content-Length: 2\r\n\r\nё".encode())


class Door:
    """Answers 201 to whatever comes; `answers_of_a_connection` later it hangs up instead."""

    def __init__(self, answers_of_a_connection: int = 1_000_000) -> None:
        self.limit = answers_of_a_connection
        self.connections = 0
        self.bodies: list[bytes] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
        for _ in range(self.limit):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
            self.bodies.append(await reader.readexactly(length))
            writer.write(CREATED[:10])
            await writer.drain()
            writer.write(CREATED[10:])
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        async with await asyncio.start_server(self.serve, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.wait(self._serving)


def order(port: int, **changes: object) -> Order:
    return Order.model_validate({"port": port, "key": "k", "prefix": "p", "seconds": 0.1, "connections": 2, **changes})


async def test_a_kept_connection_asks_one_after_another() -> None:
    door = Door()
    async with door.open() as port:
        connection = await connect("127.0.0.1", port)
        assert [await connection.ask(request("h", "/", "k", b"{}")) for _ in range(3)] == [201, 201, 201]
        connection.close()
    assert door.connections == 1


async def test_a_load_without_a_rate_asks_as_fast_as_it_is_answered() -> None:
    door = Door()
    async with door.open() as port:
        report = await Load(order(port)).run()
    assert report.created == len(door.bodies) == len(report.latencies_ms) > 10
    assert report.rate == pytest.approx(report.created / report.seconds)
    assert door.connections == 2


async def test_a_load_with_a_rate_sends_each_number_when_it_is_due() -> None:
    door = Door()
    async with door.open() as port:
        report = await Load(order(port, rate=50.0, seconds=0.2)).run()
    assert sorted(report.sent_at) == list(range(10))
    assert report.sent_at[9] - report.sent_at[0] == pytest.approx(9 / 50)
    assert sorted(body.partition(b'"external_id":"p-')[2][:1] for body in door.bodies) == [str(number).encode() for number in range(10)]


async def test_a_message_goes_again_when_the_server_closed_an_idle_connection() -> None:
    door = Door(answers_of_a_connection=1)
    async with door.open() as port:
        report = await Load(order(port, rate=20.0, seconds=0.2, connections=1)).run()
    assert (report.created, report.answers) == (4, {201: 4})
    assert door.connections >= 4


def test_what_was_there_already_counts_as_created() -> None:
    assert Report(answers={201: 3, 200: 1, 503: 2}, seconds=1, cores={}, latencies_ms=[], sent_at={}).created == 4
