"""How long a letter may take, whatever the relay does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest

from services.notifier.channels import Email
from services.notifier.domain import Accepted, Unreachable, plan
from services.notifier.letters import Letters
from services.notifier.mime import Sender
from services.notifier.smtp_pool import Relay, SmtpPool
from tests.unit.notifier.examples import AT, SITE_URL, authority, by_email, change, envelope

ATTEMPT_SECONDS = 1.0
LATE_SECONDS = 0.9  # the kept connection is closed just before the time is up


class TiringRelay:
    """Takes one letter, hangs up late on the second, and says nothing to whoever connects then."""

    def __init__(self) -> None:
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.connections == 1:
                await self._one_letter(reader, writer)
                await asyncio.sleep(LATE_SECONDS)
            else:
                await reader.read()
        finally:
            writer.close()

    async def _one_letter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Returns when a second letter begins."""
        writer.write(b"220 relay\r\n")
        letters, text = 0, False
        while line := await reader.readline():
            if line.startswith(b"MAIL") and letters:
                return
            if text and line != b".\r\n":
                continue
            letters, text = letters + text, line == b"DATA\r\n"
            writer.write(b"354 go on\r\n" if text else b"250 fine\r\n")


@asynccontextmanager
async def emailing(relay: TiringRelay) -> AsyncIterator[Email]:
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = SmtpPool(Relay(host="127.0.0.1", port=port, connections=1), monotonic)
    async with server:
        yield Email(
            pool=pool,
            letters=Letters(authority(), SITE_URL),
            sender=lambda: Sender("Otklik", "otklik@example.org"),
            attempt_seconds=ATTEMPT_SECONDS,
        )


@pytest.mark.requirement("D-29")
async def test_a_letter_takes_no_longer_than_its_time_though_it_is_offered_on_two_connections() -> None:
    event = change()
    draft = plan(event, envelope(event), AT)[1]
    assert draft.content.target == by_email
    relay = TiringRelay()
    async with emailing(relay) as email:
        assert isinstance(await email.send(draft.notice, draft.content), Accepted)
        started = monotonic()
        assert await email.send(draft.notice, draft.content) == Unreachable("relay-silent")
        took = monotonic() - started
    assert relay.connections == 2
    assert took < ATTEMPT_SECONDS + LATE_SECONDS / 2
