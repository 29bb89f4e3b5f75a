"""An HTTP/1.1 client of as few steps as possible, so that it is the server that is measured: kept connections, one request at a time."""

import asyncio
from typing import cast


def request(host: str, path: str, key: str, body: bytes) -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer_in(received: bytes | bytearray) -> int | None:
    """The status of an answer once all of it is there. It must tell its length, as our doors do."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(received[:end]).lower()
    _, found, rest = head.partition(b"content-length:")
    if not found:
        raise ConnectionError("an answer without Content-Length")
    if len(received) < end + 4 + int(rest.split(b"\r\n", 1)[0]):
        return None
    return int(head[9:12])


class Connection(asyncio.Protocol):
    """One kept connection."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        status = answer_in(self._received)
        if status is not None and self._answer is not None:
            self._received.clear()
            self._answer.set_result(status)
            self._answer = None

    def connection_lost(self, _: Exception | None) -> None:
        if self._answer is not None:
            self._answer.set_exception(ConnectionError("the server closed the connection"))
            self._answer = None

    async def ask(self, raw: bytes) -> int:
        """The status of the answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(host: str, port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port)
    return connection
