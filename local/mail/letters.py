"""Letters as they were handed over, and the store that keeps the latest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from uuid import uuid4

MOST_LETTERS = 5_000
MOST_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Letter:
    """`sender` and `recipients` are of the envelope: who really sent it and who really gets it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    received_at: datetime
    id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.SMTPUTF8)

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def headers(self) -> dict[str, str]:
        """As a mail program shows them; the newer parser of Python leaves spaces between the encoded words of a sender's name."""
        plain = message_from_bytes(self.raw, policy=policy.compat32)
        return {name: str(make_header(decode_header(str(value)))) for name, value in plain.items()}

    def body(self, kind: str) -> str | None:
        """The text that a mail program would show, of the kind `plain` or `html`."""
        part = self.message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else None

    def described(self) -> dict[str, object]:
        """For programs: tests read letters in this form."""
        message = self.message
        return {
            "id": self.id,
            "received_at": self.received_at.isoformat(),
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "headers": self.headers,
            "text": self.body("plain"),
            "html": self.body("html"),
            "attachments": [part.get_filename() for part in message.iter_attachments()],
            "raw": self.raw.decode("utf-8", "replace"),
        }


class Letters:
    """The latest letters, newest first."""

    def __init__(self, most: int = MOST_LETTERS, most_bytes: int = MOST_BYTES) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.bytes = 0
        self.total = 0
        self.kept: deque[Letter] = deque()

    def add(self, letter: Letter) -> None:
        self.kept.appendleft(letter)
        self.total += 1
        self.bytes += len(letter.raw)
        while len(self.kept) > self.most or (self.bytes > self.most_bytes and len(self.kept) > 1):
            self.bytes -= len(self.kept.pop().raw)

    def __iter__(self) -> Iterator[Letter]:
        return iter(self.kept)

    def to(self, recipient: str | None) -> list[Letter]:
        return [letter for letter in self.kept if recipient is None or recipient in letter.recipients]

    def find(self, letter_id: str) -> Letter | None:
        return next((letter for letter in self.kept if letter.id == letter_id), None)

    def clear(self) -> None:
        self.kept.clear()
        self.bytes = 0
