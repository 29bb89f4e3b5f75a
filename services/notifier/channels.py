"""Ways to a person, each behind `Channel`: the site and frontends take a notice at once, e-mail goes by a relay."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPStatus
from email_validator import EmailNotValidError, validate_email

from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.topics import OUTBOUND
from services.notifier.domain import Accepted, Content, Deferred, Notice, Outcome, Rejected, Unanswered, Unreachable
from services.notifier.letters import Letters
from services.notifier.mime import Mail, Sender, UnsafeHeader
from services.notifier.smtp_pool import GONE, Line, SmtpPool

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
MAX_PLAIN_ADDRESS = 254
CLOSING = 421


class Channel(Protocol):
    async def send(self, notice: Notice, content: Content) -> Outcome:
        """One attempt. Raises nothing that the outside causes; at-once channels do no I/O, they run in the planning transaction."""
        ...


class Site:
    """The status page shows intake's own state, so a notice is there as soon as the change is."""

    async def send(self, notice: Notice, content: Content) -> Outcome:  # noqa: ARG002 - one signature for all channels
        return Accepted()


class Frontend:
    """The notice waits in the outbox for the frontend's topic, under the dialogue's key."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def send(self, notice: Notice, content: Content) -> Outcome:
        target = content.target
        if not target.dialogue or not target.dialogue_key:
            return Rejected("no-dialogue")
        try:
            OUTBOUND.of(target.frontend or "")
        except ValueError:
            return Rejected("unknown-frontend")
        reply = ReplyHandedOver(notice_id=str(notice.id), dialogue=target.dialogue, text=self._letters.message(content))
        return Accepted(reply=reply)


class Email:
    """Letters by a relay. Whatever it answers to the sender or in general is the channel's trouble; to recipient and text, the letter's."""

    def __init__(self, *, pool: SmtpPool, letters: Letters, sender: Callable[[], Sender], attempt_seconds: float) -> None:
        self._pool = pool
        self._letters = letters
        self._sender = sender
        self._attempt_seconds = attempt_seconds

    async def send(self, notice: Notice, content: Content) -> Outcome:
        try:
            recipient = address_of(content)
            mail = self._mail(notice, content, recipient)
            message = mail.encoded()
        except EmailNotValidError:
            return Rejected("bad-address")
        except UnsafeHeader:
            return Rejected("unsafe-header")
        letter = Handing(mail.sender.address, recipient, message)
        until = asyncio.get_running_loop().time() + self._attempt_seconds
        outcome = await self._hand_over(letter, until, fresh=False)
        if outcome is None:
            outcome = await self._hand_over(letter, until, fresh=True)
        return Accepted(mail.message_id) if isinstance(outcome, Accepted) else outcome or Unreachable("relay-gone")

    def _mail(self, notice: Notice, content: Content, recipient: str) -> Mail:
        letter = self._letters.trial() if notice.is_trial else self._letters.letter(content)
        return Mail(
            id=notice.id,
            date=notice.planned_at,
            sender=self._sender(),
            recipient=recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
        )

    async def _hand_over(self, letter: "Handing", until: float, *, fresh: bool) -> Outcome | None:
        """None: a kept connection turned out closed before anything was offered."""
        letter.stage, letter.was_stale = Stage.CONNECTING, False
        try:
            async with asyncio.timeout_at(until), self._pool.line(fresh=fresh) as line:
                outcome = await letter.over(line)
        except GONE as error:
            outcome = letter.interrupted(error)
        return None if isinstance(outcome, Unreachable) and letter.was_stale else outcome


class Stage(IntEnum):
    CONNECTING = 0
    SENDER = 1
    RECIPIENT = 2
    TEXT = 3


@dataclass
class Handing:
    """One letter on its way through the commands of SMTP."""

    sender: str
    recipient: str
    message: bytes
    stage: Stage = Stage.CONNECTING
    was_stale: bool = False

    async def over(self, line: Line) -> Outcome:
        utf8 = not self.recipient.isascii()
        if utf8 and not line.client.supports_extension("smtputf8"):
            return Rejected("smtputf8-not-supported")
        try:
            await self._commands(line, utf8=utf8)
        except SMTPResponseException as error:
            await _reset(line.client)
            return self._answered(error)
        return Accepted()

    async def _commands(self, line: Line, *, utf8: bool) -> None:
        self.stage, self.was_stale = Stage.SENDER, line.reused
        await _say(line.client, b"MAIL", b"FROM:<%s>" % self.sender.encode(), *((b"SMTPUTF8",) if utf8 else ()))
        self.stage, self.was_stale = Stage.RECIPIENT, False
        await _say(line.client, b"RCPT", b"TO:<%s>" % self.recipient.encode())
        self.stage = Stage.TEXT
        await line.client.data(self.message)

    def _answered(self, error: SMTPResponseException) -> Outcome:
        self.was_stale = self.was_stale and error.code == CLOSING
        if error.code < 400 and self.stage is Stage.TEXT:
            return Unanswered()
        if self.stage is Stage.SENDER or error.code == CLOSING or error.code < 400:
            return Unreachable(code_of(error))
        return Deferred(code_of(error)) if error.code < 500 else Rejected(code_of(error))

    def interrupted(self, error: BaseException) -> Outcome:
        """The connection was lost, or time was up."""
        self.was_stale = self.was_stale and not isinstance(error, TimeoutError)
        if self.stage is Stage.TEXT:
            return Unanswered()
        if isinstance(error, SMTPResponseException):
            return Unreachable(code_of(error))
        return Unreachable("relay-silent" if isinstance(error, TimeoutError) else "relay-gone")


def address_of(content: Content) -> str:
    """The address as SMTP takes it: in ASCII where it can be; raises EmailNotValidError."""
    address = content.target.address or ""
    if len(address) <= MAX_PLAIN_ADDRESS and _PLAIN_ADDRESS.fullmatch(address):
        return address  # as nearly all are; the full check costs half as much as the whole letter
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return checked.ascii_email or checked.normalized


def code_of(error: SMTPResponseException) -> str:
    """The codes of an answer, never its text, which may name the person."""
    enhanced = _ENHANCED.match(error.message)
    return f"smtp-{error.code}-{enhanced[0]}" if enhanced else f"smtp-{error.code}"


async def _say(client: SMTP, *command: bytes) -> None:
    """One command; the library's own ones parse each address again, which costs as much as all the rest. Line breaks are refused there."""
    answer = await client.execute_command(*command)
    if answer.code not in (SMTPStatus.completed, SMTPStatus.will_forward):
        raise SMTPResponseException(answer.code, answer.message)


async def _reset(client: SMTP) -> None:
    try:
        await client.rset()
    except (SMTPException, OSError, TimeoutError):
        client.close()
