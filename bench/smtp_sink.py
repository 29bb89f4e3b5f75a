"""A relay that takes every letter at once and notes who it was for and when: faster than anything that could be measured with it."""

import asyncio
import time
from collections import defaultdict
from email import message_from_bytes
from types import TracebackType
from typing import Self, cast

GREETING = b"220 bench ready\r\n"
HELLO = b"250-bench\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
OK = b"250 OK\r\n"
TEXT = b"354 go on\r\n"
BYE = b"221 bye\r\n"
END = b"\r\n.\r\n"


class SmtpSink:
    """`arrived` holds for each recipient when his letters came (seconds since 1970) and under which Message-ID."""

    def __init__(self) -> None:
        self.arrived: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.letters = 0
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: Session(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._server is not None:
            self._server.close()

    def take(self, recipients: list[str], letter: bytes) -> None:
        head = letter[: letter.find(b"\r\n\r\n")]
        letter_id = str(message_from_bytes(head).get("Message-ID", ""))
        self.letters += 1
        for recipient in recipients:
            self.arrived[recipient].append((time.time(), letter_id))


class Session(asyncio.Protocol):
    """One connection of SMTP, commands one by one."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._received = bytearray()
        self._recipients: list[str] = []
        self._in_text = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._transport is not None and not self._transport.is_closing():
            piece = self._taken(END if self._in_text else b"\r\n")
            if piece is None:
                return
            self._transport.write(self._after_text(piece) if self._in_text else self._answer(piece))

    def _taken(self, end: bytes) -> bytes | None:
        place = self._received.find(end)
        if place < 0:
            return None
        piece = bytes(self._received[:place])
        del self._received[: place + len(end)]
        return piece

    def _after_text(self, letter: bytes) -> bytes:
        self._sink.take(self._recipients, letter)
        self._recipients, self._in_text = [], False
        return OK

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"EHLO" | b"HELO":
                return HELLO
            case b"RCPT":
                self._recipients.append(line.partition(b"<")[2].partition(b">")[0].decode())
            case b"DATA":
                self._in_text = True
                return TEXT
            case b"RSET":
                self._recipients = []
            case b"QUIT":
                if self._transport is not None:
                    self._transport.write(BYE)
                    self._transport.close()
                return b""
        return OK
