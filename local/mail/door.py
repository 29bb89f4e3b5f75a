"""The SMTP side: takes every letter, or fails in the way it was told to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.mail.letters import Letter, Letters

LARGEST_LETTER = 32 * 1024 * 1024


class Mode(StrEnum):
    """How to fail. `lost_answer` takes the letter and ends the connection instead of saying so."""

    OFF = "off"
    TEMPFAIL = "tempfail"
    REJECT = "reject"
    HANG = "hang"
    LOST_ANSWER = "lost_answer"


class Stage(StrEnum):
    """When to fail: at a recipient's address or after the letter's text."""

    RECIPIENT = "recipient"
    TEXT = "text"


class Failing:
    """What the catcher was told; `recipient` limits it to one address."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.set(Mode.OFF)

    def set(self, mode: Mode, stage: Stage | None = None, recipient: str | None = None) -> None:
        self.mode = mode
        self.stage = stage or (Stage.RECIPIENT if mode is Mode.REJECT else Stage.TEXT)
        self.recipient = recipient
        self.changed.set()
        self.changed = asyncio.Event()

    async def answer(self, stage: Stage, recipients: list[str]) -> str | None:
        """The refusal that is due now, if any; while it hangs, nothing is said until the mode changes."""
        if stage is not self.stage or (self.recipient is not None and self.recipient not in recipients):
            return None
        match self.mode:
            case Mode.TEMPFAIL:
                return "451 4.3.0 Told to fail for now"
            case Mode.REJECT:
                return "550 5.1.1 Told to reject"
            case Mode.HANG:
                await self.changed.wait()
                return "421 4.3.2 Told to hang"
            case Mode.LOST_ANSWER | Mode.OFF:
                return None

    def loses_answer(self, recipients: list[str]) -> bool:
        return self.mode is Mode.LOST_ANSWER and (self.recipient is None or self.recipient in recipients)


class Handler:
    """aiosmtpd's hooks; their names are its."""

    def __init__(self, letters: Letters, failing: Failing) -> None:
        self.letters = letters
        self.failing = failing

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:  # noqa: N802
        refusal = await self.failing.answer(Stage.RECIPIENT, [address])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        recipients = list(envelope.rcpt_tos)
        refusal = await self.failing.answer(Stage.TEXT, recipients)
        if refusal:
            return refusal
        content = envelope.original_content or b""
        self.letters.add(Letter(envelope.mail_from or "", tuple(recipients), content, datetime.now(UTC)))
        if self.failing.loses_answer(recipients):
            cast(asyncio.Transport, server.transport).abort()
        return "250 OK"


async def listen(handler: Handler, host: str, port: int) -> asyncio.Server:
    def protocol() -> SMTP:
        return SMTP(handler, enable_SMTPUTF8=True, data_size_limit=LARGEST_LETTER, ident="Otklik mail catcher")

    return await asyncio.get_running_loop().create_server(protocol, host, port)
