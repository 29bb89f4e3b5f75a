"""What surrounds every event on Kafka and in a store (requirements: event catalogue)."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

MAX_RECORD_BYTES = 1024 * 1024  # what a topic takes; our own events are far smaller (design.md 4.3)

Code = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Unreadable(ValueError):
    """A record that can't be read; `code` is stable: empty-value, too-large, not-json, contains-nul, wrong-schema."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(f"{code}: {where}" if where else code)
        self.code = code
        self.where = where


class Actor(BaseModel):
    """Who acted: a role of design.md 8, `client`, `frontend` or `system`, and an id that is never a name."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    role: Code
    id: Code


class Envelope(BaseModel):
    """One event as it travels.

    `seq` is the event's version in its aggregate, without holes (none on channel.inbound);
    `thread_id` names what one key seals: a request, an enquiry, a dialogue, a subscription, a client's profile.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    spec: ClassVar[str] = "otklik-1"

    event_id: UUID
    type: Code
    version: Annotated[int, "grows with the shape of the payload"] = 1
    authority: Code
    aggregate_id: Code
    seq: int | None = None
    thread_id: UUID
    occurred_at: AwareDatetime
    recorded_at: AwareDatetime
    producer: Code
    actor: Actor | None = None
    client_id: UUID | None = None
    point: Code | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    payload: dict[str, Any]


def encode(envelope: Envelope) -> bytes:
    """The envelope as UTF-8 JSON."""
    return orjson.dumps(envelope.model_dump(mode="json"))


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
    if b"\\u0000" in raw and contains_nul(data):
        raise Unreadable("contains-nul")
    try:
        return Envelope.model_validate(data)
    except ValidationError as error:
        raise Unreadable("wrong-schema", where_wrong(error)) from None


def contains_nul(value: Any) -> bool:
    """Whether a text anywhere in a JSON value holds U+0000, which PostgreSQL can't store and no person types."""
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(contains_nul(key) or contains_nul(inner) for key, inner in value.items())
        case list():
            return any(contains_nul(inner) for inner in value)
        case _:
            return False


def where_wrong(error: ValidationError) -> str:
    """Fields and kinds of a validation error, never the values, which may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or '.'}: {item['type']}" for item in error.errors(include_input=False)[:5]
    )
