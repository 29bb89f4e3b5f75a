"""A letter as bytes. Its headers are built here and nowhere else, so that nothing a person wrote can add one.

Python's own email package lets a line break through that hides in an encoded word (CVE-2024-6923, open before 3.11.10).
"""

from base64 import b64encode, encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import format_datetime
from uuid import UUID

WORD_BYTES = 42  # of UTF-8 in one encoded word, which then stays under RFC 2047's 75 characters
MAX_HEADER_CHARS = 500


class UnsafeHeader(ValueError):
    """The value holds a control character or an encoded word, or is too long: it stands in no header."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What stands in one letter; `id` makes its Message-ID, the same however often it is sent."""

    id: UUID
    date: datetime
    sender_name: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str

    @property
    def message_id(self) -> str:
        return f"<{self.id}@{self.sender.rpartition('@')[2]}>"

    def encoded(self) -> bytes:
        """RFC 5322, the same bytes each time."""
        boundary = f"=_{self.id.hex}"
        headers = {
            "Date": format_datetime(self.date),
            "From": f"{_words(self.sender_name)} <{_checked(self.sender)}>",
            "To": _checked(self.recipient),
            "Subject": _words(self.subject),
            "Message-ID": self.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": "ru",
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        }
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        parts = [_part(boundary, "plain", self.text), _part(boundary, "html", self.html)]
        return "".join(lines).encode() + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()


def is_safe(value: str) -> bool:
    """Whether a header may hold it: checked as it stands and as a reader would decode it."""
    if len(value) > MAX_HEADER_CHARS or "=?" in value or _breaks(value):
        return False
    try:
        return not any(_breaks(part if isinstance(part, str) else part.decode("latin-1")) for part, _ in decode_header(value))
    except (HeaderParseError, ValueError):
        return False


def _breaks(value: str) -> bool:
    return any(not character.isprintable() for character in value)


def _checked(value: str) -> str:
    if not is_safe(value):
        raise UnsafeHeader
    return value


def _words(value: str) -> str:
    """Encoded words of RFC 2047, each on a line of its own; Latin letters, digits and spaces stay as they are."""
    _checked(value)
    if value.isascii() and value.replace(" ", "").isalnum():
        return value
    chunks, chunk = [], b""
    for character in value:
        raw = character.encode()
        if len(chunk) + len(raw) > WORD_BYTES:
            chunks.append(chunk)
            chunk = b""
        chunk += raw
    return "\r\n ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in [*chunks, chunk])


def _part(boundary: str, kind: str, text: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + encodebytes(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
