"""A letter as bytes. Its headers are built here and nowhere else, so that nothing a person wrote can add one.

Python's own email package lets a line break through that hides in an encoded word (CVE-2024-6923, open before 3.11.10).
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

WORD_BYTES = 42  # of UTF-8 in one encoded word, which then stays under RFC 2047's 75 characters
CONTINUATION_BITS, CONTINUATION = 0b1100_0000, 0b1000_0000  # of a byte of UTF-8 that begins no letter
LINE = 76  # characters of base64 in a line
MAX_HEADER_CHARS = 500


class UnsafeHeader(ValueError):
    """The value holds a control character or an encoded word, or is too long: it stands in no header."""


class Sender:
    """Who writes: an authority's name and its address; raises `UnsafeHeader` at once when no header may hold them."""

    def __init__(self, name: str, address: str) -> None:
        self.address = _checked(address)
        self.domain = address.rpartition("@")[2]
        self.header = f"{_words(' '.join(name.split()))} <{address}>"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What stands in one letter; `id` makes its Message-ID, the same however often it is sent."""

    id: UUID
    date: datetime
    sender: Sender
    recipient: str
    subject: str
    text: str
    html: str

    @property
    def message_id(self) -> str:
        return f"<{self.id}@{self.sender.domain}>"

    def encoded(self) -> bytes:
        """RFC 5322, the same bytes each time."""
        boundary = f"=_{self.id.hex}"
        headers = {
            "Date": format_datetime(self.date),
            "From": self.sender.header,
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
    """Whether a header may hold it: one line as it stands, and no encoded word that a reader would decode into more."""
    return len(value) <= MAX_HEADER_CHARS and value.isprintable() and "=?" not in value


def _checked(value: str) -> str:
    if not is_safe(value):
        raise UnsafeHeader
    return value


def _words(value: str) -> str:
    """Encoded words of RFC 2047, each on a line of its own; Latin letters, digits and spaces stay as they are."""
    _checked(value)
    if value.isascii() and value.replace(" ", "").isalnum():
        return value
    raw, words, start = value.encode(), [], 0
    while start < len(raw):
        end = start + WORD_BYTES
        while end < len(raw) and raw[end] & CONTINUATION_BITS == CONTINUATION:
            end -= 1  # no letter is cut in two
        words.append(f"=?utf-8?b?{b64encode(raw[start:end]).decode()}?=")
        start = end
    return "\r\n ".join(words)


def _part(boundary: str, kind: str, text: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    body = b64encode(text.encode("utf-8", "replace"))
    return head.encode() + b"".join([body[at : at + LINE] + b"\r\n" for at in range(0, len(body), LINE)])
