"""Signed heads: what is signed, how a signature is checked, and what signatures say of a log that somebody may have rewritten (R-18). Pure.

Whoever rules the database can recompute a whole chain, but not an Ed25519 signature made with a key that the database never saw.
A head is signed over the text `otklik-head-1 <shard> <position> <hash in hex>`. The file of heads has one head a line; each line names the
SHA-256 of the line before it, and is signed as a line over `otklik-head-line-1 <previous> <signed_at> <signature of the head>`:
no line can be changed, exchanged or taken out without a trace, but for the last ones (docs/operations/integrity.md).
"""

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from libs.events.contracts.history_events import HeadSigned
from libs.events.fact import Moment

NO_LINE_BEFORE: Final = "0" * 64

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


def key_id_of(public_key: bytes) -> str:
    """A key is known by what it is, so nobody has to name it: the first 16 digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def head_text(shard: int, position: int, hashed: str) -> bytes:
    return f"otklik-head-1 {shard} {position} {hashed}".encode()


def line_text(previous: str, signed_at: datetime, signature: str) -> bytes:
    return f"otklik-head-line-1 {previous} {signed_at.astimezone(UTC).isoformat()} {signature}".encode()


class Line(BaseModel):
    """One line of the file of heads: a head, when it was signed, and what the line follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shard: int = Field(ge=0)
    position: int = Field(ge=1)
    hash: Hash
    key_id: str
    signature: Signature
    signed_at: Moment
    previous: Hash
    line_signature: Signature

    @property
    def head(self) -> HeadSigned:
        return HeadSigned(shard=self.shard, position=self.position, hash=self.hash, key_id=self.key_id, signature=self.signature)


def read_line(raw: bytes) -> Line | None:
    """None for what is no whole line: a crash may leave one unfinished, and whatever stood there is missed by the line that follows."""
    try:
        return Line.model_validate_json(raw)
    except ValidationError:
        return None


def line_hash(raw: bytes) -> str:
    """What the next line names as the one before it."""
    return hashlib.sha256(raw.removesuffix(b"\n")).hexdigest()


class Signer:
    """Holds the private key, raw 32 bytes."""

    def __init__(self, private_key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    def head(self, shard: int, position: int, hashed: bytes) -> HeadSigned:
        signature = self._key.sign(head_text(shard, position, hashed.hex())).hex()
        return HeadSigned(shard=shard, position=position, hash=hashed.hex(), key_id=self.key_id, signature=signature)

    def line(self, head: HeadSigned, signed_at: datetime, previous: str) -> bytes:
        """The line that follows the one whose hash is `previous`, with its end."""
        at = signed_at.astimezone(UTC)
        signature = self._key.sign(line_text(previous, at, head.signature)).hex()
        return orjson.dumps({**head.payload(), "signed_at": at.isoformat(), "previous": previous, "line_signature": signature}) + b"\n"


class PublicKeys:
    """The keys that heads may be signed with: after a change of the key the old one stays among them."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        self._keys = {key_id_of(key): Ed25519PublicKey.from_public_bytes(key) for key in raw}

    def knows(self, key_id: str) -> bool:
        return key_id in self._keys

    def signed_head(self, head: HeadSigned) -> bool:
        return self._signed(head.key_id, head.signature, head_text(head.shard, head.position, head.hash))

    def signed_line(self, line: Line) -> bool:
        return self._signed(line.key_id, line.line_signature, line_text(line.previous, line.signed_at, line.signature))

    def _signed(self, key_id: str, signature: str, text: bytes) -> bool:
        try:
            self._keys[key_id].verify(bytes.fromhex(signature), text)
        except (InvalidSignature, ValueError):
            return False
        return True


class Mark(NamedTuple):
    """A head whose signature is good: at that moment the row at this position had this hash."""

    signed_at: datetime
    position: int
    hash: bytes


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Rows that are not what was signed, both ends included. `kind` is stable."""

    kind: str
    first: int
    last: int
    says: str


class Witness:
    """The signatures of one shard, held against its rows as they are read in order."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        self._marks = sorted(set(marks))
        self._signed: dict[int, set[bytes]] = {}
        for mark in self._marks:
            self._signed.setdefault(mark.position, set()).add(mark.hash)
        self._found: dict[int, bytes] = {}
        self.agrees_to = 0  # the last position whose signature fits
        self.uncovered_since: datetime | None = None  # when the first row behind it was stored

    def see(self, position: int, hashed: bytes, stored_at: datetime) -> None:
        signed = self._signed.get(position)
        if signed is not None:
            self._found[position] = hashed
            if hashed in signed:
                self.agrees_to, self.uncovered_since = position, None
                return
        if self.uncovered_since is None:
            self.uncovered_since = stored_at

    def disagreements(self, end: int) -> list[Disagreement]:
        """When all rows were seen; the last stands at `end`."""
        return disagreements(self._marks, self._found, end)


def disagreements(marks: Sequence[Mark], found: Mapping[int, bytes], end: int) -> list[Disagreement]:
    """What the signatures, sorted by their time, say against a log whose rows at these positions have these hashes.

    The change lies between two signatures: the last one that still fits among those made before the one that no longer does.
    A signature made later proves nothing here: it may have been made over the rewritten rows.
    """
    agreeing: list[int] = []
    rewritten: dict[int, Mark] = {}
    for mark in marks:
        if mark.position > end or mark.position not in found:
            continue
        if found[mark.position] == mark.hash:
            insort(agreeing, mark.position)
            continue
        place = bisect_left(agreeing, mark.position)
        before = agreeing[place - 1] if place else 0
        if before not in rewritten or mark.position < rewritten[before].position:
            rewritten[before] = mark
    return [*(_rewritten(before, mark) for before, mark in sorted(rewritten.items())), *_cut(marks, end)]


def _rewritten(before: int, mark: Mark) -> Disagreement:
    agrees = f"the last signature that fits stands at {before}" if before else "no signature before it fits"
    says = f"rows from here to {mark.position} are not those that were signed at {mark.position} on {_at(mark)}; {agrees}"
    return Disagreement(kind="rewritten", first=before + 1, last=mark.position, says=says)


def _cut(marks: Sequence[Mark], end: int) -> list[Disagreement]:
    beyond = [mark for mark in marks if mark.position > end]
    if not beyond:
        return []
    last = max(beyond, key=lambda mark: mark.position)
    says = f"rows from here to {last.position} were cut off: the last of them was there when it was signed on {_at(last)}"
    return [Disagreement(kind="cut", first=end + 1, last=last.position, says=says)]


def _at(mark: Mark) -> str:
    return f"{mark.signed_at:%Y-%m-%d %H:%M:%S} UTC"
