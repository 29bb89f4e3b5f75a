"""What surrounds every event on Kafka and in a store (requirements: event catalogue)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from libs.events.fact import Event, Moment

MAX_RECORD_BYTES = 1024 * 1024  # what a topic takes; our own events are far smaller
MAX_DEPTH = 64  # lists and objects inside each other; no contract comes near it, and JSON libraries break at their own depths

Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Position = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Unreadable(ValueError):
    """A record that can't be read; `code` is stable: empty-value, too-large, not-json, contains-nul, wrong-schema."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where


class Actor(BaseModel):
    """Who acted: a role of staff (R-25), `client`, `frontend` or `system`, and an id that is never a name.

    A deputy acts in the role of the account that they stand in for, which `on_behalf_of` names.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    role: Code
    id: Code
    on_behalf_of: Code | None = None


class Envelope(BaseModel):
    """One event as it travels.

    `version` grows with the shape of the payload; `seq` is the event's version in its aggregate, without holes (none on channel.inbound);
    `thread_id` names what one key seals: a request, an enquiry, a dialogue, a subscription, a client's profile.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    spec: ClassVar[str] = "otklik-1"

    event_id: UUID
    type: Code
    version: Version = 1
    authority: Code
    aggregate_id: Code
    seq: Position | None = None
    thread_id: UUID
    occurred_at: Moment
    recorded_at: Moment
    producer: Code
    actor: Actor | None = None
    client_id: UUID | None = None
    point: Code | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    payload: dict[str, Any]


def lone(
    fact: Event,
    *,
    event_id: UUID,
    at: datetime,
    authority: str,
    producer: str,
    aggregate_id: str | None = None,
    thread_id: UUID | None = None,
    actor: Actor | None = None,
) -> Envelope:
    """A fact that belongs to no stream: recorded when it happened, its own aggregate and thread where nothing else is said."""
    return Envelope(
        event_id=event_id,
        type=fact.type_name(),
        version=fact.version,
        authority=authority,
        aggregate_id=aggregate_id or str(event_id),
        thread_id=thread_id or event_id,
        occurred_at=at,
        recorded_at=at,
        producer=producer,
        actor=actor,
        payload=fact.payload(),
    )


def encode(envelope: Envelope) -> bytes:
    """The envelope as UTF-8 JSON."""
    fields = vars(envelope)
    if envelope.actor is not None:
        fields = fields | {"actor": vars(envelope.actor)}
    return orjson.dumps(fields, _plain, orjson.OPT_UTC_Z)


def _plain(value: Any) -> str:
    """The database driver's ids are a subclass that orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def decode(raw: bytes | None) -> Envelope:
    """Read one record's value; raises `Unreadable` and nothing else."""
    if not raw:
        raise Unreadable("empty-value")
    if len(raw) > MAX_RECORD_BYTES:
        raise Unreadable("too-large")
    try:
        data = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Unreadable("not-json") from error
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _too_deep(data):
        raise Unreadable("wrong-schema", f"deeper than {MAX_DEPTH} levels")
    if b"\\u0000" in raw and contains_nul(data):
        raise Unreadable("contains-nul")
    try:
        return Envelope.model_validate(data)
    except ValidationError as error:
        raise Unreadable("wrong-schema", where_wrong(error)) from None


def contains_nul(value: Any) -> bool:
    """Whether a text anywhere in a JSON value holds U+0000, which PostgreSQL can't store and no person types."""
    level = [value]
    while level:
        if any("\x00" in text for node in level for text in _texts(node)):
            return True
        level = _below(level)
    return False


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = _below(level)
    return bool(level)


def _below(level: list[Any]) -> list[Any]:
    """What lies in these JSON values, one step down; in a loop, because a stranger's nesting is deeper than Python's stack."""
    return [inner for node in level if isinstance(node, dict | list) for inner in (node.values() if isinstance(node, dict) else node)]


def _texts(node: Any) -> Iterable[str]:
    return node if isinstance(node, dict) else (node,) if isinstance(node, str) else ()


def where_wrong(error: ValidationError) -> str:
    """Fields and kinds of a validation error, never the values, which may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or '.'}: {item['type']}" for item in error.errors(include_input=False)[:5]
    )
