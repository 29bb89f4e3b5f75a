"""The commands of one letter on an open connection, in one write where the relay offers it (RFC 2920): half the waiting, half the work.

aiosmtplib opens the connection, with TLS and name; it reads one answer to one command and would lose those that come together.
"""

import asyncio
from collections import deque
from typing import NamedTuple, cast

from aiosmtplib import SMTP, SMTPServerDisconnected

MAX_ANSWER_BYTES = 32 * 1024
INVALID = -1  # what it said is no answer of SMTP
GO_ON = 354


class Answer(NamedTuple):
    code: int
    message: str


class Talk(asyncio.Protocol):
    """Takes over the transport of a connected client, which hears of its end all the same."""

    def __init__(self, client: SMTP, timeout_seconds: float) -> None:
        self._pipelining = client.supports_extension("pipelining")
        self._client = client
        self._timeout_seconds = timeout_seconds
        self._transport = cast(asyncio.Transport, client.transport)
        self._received = bytearray()
        self._unsaid: deque[bytes] = deque()
        self._unanswered = 0
        self._answers: deque[Answer] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._transport.set_protocol(self)

    def begin(self, *commands: bytes) -> "Talk":
        """Commands without their line breaks; the relay hears them at once, or each when the answer to the one before was taken."""
        if any(b"\r" in command or b"\n" in command for command in commands):
            raise ValueError("a line break would begin another command")
        if self._pipelining:
            self._write(b"\r\n".join(commands) + b"\r\n", answers=len(commands))
        else:
            self._unsaid.extend(commands)
        return self

    def text(self, message: bytes) -> None:
        """A letter, whose last line is complete."""
        self._write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n", answers=1)

    async def answer(self) -> Answer:
        """To the oldest command whose answer was not taken."""
        if self._unsaid and not self._unanswered:
            self._write(self._unsaid.popleft() + b"\r\n", answers=1)
        if not self._answers:
            await self._next()
        self._unanswered -= 1
        return self._answers.popleft()

    async def ask(self, command: bytes) -> Answer:
        return await self.begin(command).answer()

    async def end(self) -> None:
        """After a refusal: what was not said stays unsaid; a relay that wants a text all the same gets an empty one (RFC 2920, 3.1)."""
        self._unsaid.clear()
        while self._unanswered:
            if (await self.answer()).code == GO_ON:
                self._write(b".\r\n", answers=1)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\n")) >= 0:
            line = bytes(self._received[:end])
            del self._received[: end + 1]
            if line[3:4] != b"-":  # nothing is lost with the other lines of an answer: its codes stand in each
                self._take(line)
        if len(self._received) > MAX_ANSWER_BYTES:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(SMTPServerDisconnected("Connection lost"))
        if self._client.protocol is not None:
            self._client.protocol.connection_lost(error)

    def _take(self, line: bytes) -> None:
        """What nobody asked for must not pass for the answer to a later command."""
        if len(self._answers) >= self._unanswered:
            return
        code = int(line[:3]) if line[:3].isdigit() else INVALID
        self._answers.append(Answer(code, line[4:].decode("utf-8", "replace").strip()))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _write(self, raw: bytes, *, answers: int) -> None:
        if self._transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        self._unanswered += answers
        self._transport.write(raw)

    async def _next(self) -> None:
        if self._transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._waiter
        finally:
            self._waiter = None
