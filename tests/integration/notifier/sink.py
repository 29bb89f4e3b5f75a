"""A real SMTP server inside the test, which takes letters or fails as the test says."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """`recipients` and `texts` answer instead of 250, for one address or all ("*"). `mute`: letters are taken, nothing is said.

    `tired`: a connection that was used before is sent away.
    """

    port: int = 0
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    recipients: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    mute: bool = False
    drop_after_text: bool = False
    tired: bool = False
    used: list[SMTP] = field(default_factory=list)
    sessions: int = 0
    open: list[SMTP] = field(default_factory=list)
    _server: asyncio.Server | None = None

    def to(self, address: str) -> list[EmailMessage]:
        return [letter for recipient, letter in self.letters if recipient == address]

    def subjects(self, address: str) -> list[str]:
        return [str(letter["Subject"]) for letter in self.to(address)]

    async def start(self) -> None:
        def protocol() -> SMTP:
            self.sessions += 1
            self.open.append(SMTP(_Hooks(self), enable_SMTPUTF8=True, loop=asyncio.get_running_loop()))
            return self.open[-1]

        self._server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def hang_up(self) -> None:
        """End every connection at once, without a word."""
        for server in self.open:
            if server.transport is not None:
                cast(asyncio.Transport, server.transport).abort()
        self.open.clear()
        await asyncio.sleep(0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class _Hooks:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_MAIL(self, server: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if self.sink.tired and server in self.sink.used:
            return "421 4.4.2 This connection was open for too long"
        self.sink.used.append(server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:  # noqa: N802
        if refusal := self.sink.recipients.get(address, self.sink.recipients.get("*")):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if refusal := self.sink.texts.get(recipient, self.sink.texts.get("*")):
            return refusal
        self.sink.letters.append((recipient, message_from_bytes(envelope.original_content or b"", policy=policy.SMTPUTF8)))
        if self.sink.drop_after_text:
            cast(asyncio.Transport, server.transport).abort()
        while self.sink.mute:
            await asyncio.sleep(0.05)
        return "250 OK"


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[Sink]:
    sink = Sink()
    await sink.start()
    try:
        yield sink
    finally:
        sink.mute = False
        await sink.stop()
