"""An event as history keeps it: what stands in clear, what will be sealed, and what nobody could read (R-17). Pure."""

import base64
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import orjson
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from libs.events.contracts import CONTRACTS, REGISTRY
from libs.events.envelope import Envelope, Unreadable
from libs.events.fact import Event, open_fields, without_secrets
from libs.events.topics import INBOUND, dialogue_key, dialogue_thread, frontend_of, topic_of

FOREIGN: Final = INBOUND.contract  # what frontends write: a consumer can't see who produced a record
UNREADABLE: Final = "Unreadable"  # the type of an entry whose record could not be read
ID_TAKEN: Final = "event-id-taken"  # another event bears the id of this one
NOT_STORABLE: Final = "cannot-be-stored"
WRONG_TOPIC: Final = "wrong-topic"  # a type that another topic's contract names: a frontend must not speak for a service
RECORDS: Final = UUID("6f1d6f0c-7c6e-5b8e-9a53-0d1f8f6f3c11")  # namespace of the ids of unreadable records
PRODUCER: Final = "history"
ON_BEHALF_OF: Final = "actor.on_behalf_of"  # stands in the open part, under a name that no field has: the chain's columns are fixed
LAST_MS: Final = 253_402_300_799_000  # the end of the year 9999


class Coordinates(NamedTuple):
    """Where a record lay; its time tells it from one of a topic that was made again."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int


class Entry(NamedTuple):
    """One entry before it has a place. Its fields but the last are the log's columns, in their order; `hidden` will be sealed."""

    event_id: UUID
    type: str
    version: int
    authority: str
    producer: str
    aggregate_id: str
    seq: int | None
    thread_id: UUID
    client_id: UUID | None
    request_id: str | None
    point: str | None
    channel: str | None
    actor_role: str | None
    actor_id: str | None
    correlation_id: UUID | None
    causation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    topic: str | None
    kafka_partition: int | None
    kafka_offset: int | None
    record_timestamp_ms: int | None
    open: str
    hidden: bytes | None

    def says_the_same(self, other: "Entry") -> bool:
        """Whether this is that event come again, and not another one under its id; what has been destroyed can't differ."""
        if any(getattr(self, name) != getattr(other, name) for name in SAYS):
            return False
        if self.version != other.version:
            return True  # the same fact in another shape
        parts = ((self.open, other.open), (self.hidden, other.hidden))
        return all(one is None or two is None or one == two or orjson.loads(one) == orjson.loads(two) for one, two in parts)


KEPT_COLUMNS: Final = Entry._fields[:-1]
SAYS: Final = ("type", "thread_id", "aggregate_id", "occurred_at")


def entry_of(envelope: Envelope, came: Coordinates | None) -> Entry:
    """An event that was decoded; `came` is None for history's own, which it appends directly. Raises `Unreadable`."""
    event = REGISTRY.events.get(envelope.type)
    if event is not None and came is not None and event not in CONTRACTS.get(contract_of(came.topic) or "", (event,)):
        raise Unreadable(WRONG_TOPIC)
    payload = envelope.payload if event is None else without_secrets(event, envelope.payload)
    clear = {} if event is None or envelope.version > event.version else in_clear(event, payload)
    hidden = {name: value for name, value in payload.items() if name not in clear}
    actor = envelope.actor
    if actor is not None and actor.on_behalf_of is not None:
        clear = clear | {ON_BEHALF_OF: actor.on_behalf_of}
    topic, partition, offset, timestamp_ms = came or (None, None, None, None)
    return Entry(
        envelope.event_id,
        envelope.type,
        envelope.version,
        envelope.authority,
        envelope.producer,
        envelope.aggregate_id,
        envelope.seq,
        envelope.thread_id,
        envelope.client_id,
        _request_of(topic, envelope.aggregate_id, clear),
        envelope.point,
        _frontend(topic) or _text(clear.get("channel")),
        actor.role if actor else None,
        actor.id if actor else None,
        envelope.correlation_id,
        envelope.causation_id,
        envelope.occurred_at.astimezone(UTC),
        envelope.recorded_at.astimezone(UTC),
        topic,
        partition,
        offset,
        timestamp_ms,
        orjson.dumps(clear).decode(),
        orjson.dumps(hidden) if hidden else None,
    )


def in_its_dialogue(envelope: Envelope, topic: str, key: bytes | None) -> Envelope:
    """What a frontend brings belongs to its own dialogue, whatever thread or client it names: it must not reach into others' files."""
    frontend = _frontend(topic) if contract_of(topic) == FOREIGN else None
    if frontend is None:
        return envelope
    thread = dialogue_thread(frontend, dialogue_key(key, envelope.thread_id))
    return envelope.model_copy(update={"thread_id": thread, "client_id": None})


def unreadable(came: Coordinates, key: bytes | None, value: bytes | None, reason: str, authority: str, now: datetime) -> Entry:
    """A record that can't be an event is kept all the same: its bytes sealed under a key of their own, the reason in clear."""
    own_id = uuid5(RECORDS, f"{came.topic}/{came.partition}/{came.offset}/{came.timestamp_ms}")
    at = datetime.fromtimestamp(came.timestamp_ms / 1000, UTC) if 0 <= came.timestamp_ms <= LAST_MS else now
    return Entry(
        event_id=own_id,
        type=UNREADABLE,
        version=1,
        authority=authority,
        producer=PRODUCER,
        aggregate_id=f"{came.topic}/{came.partition}/{came.offset}",
        seq=None,
        thread_id=own_id,
        client_id=None,
        request_id=None,
        point=None,
        channel=_frontend(came.topic),
        actor_role=None,
        actor_id=None,
        correlation_id=None,
        causation_id=None,
        occurred_at=at,
        recorded_at=at,
        topic=came.topic,
        kafka_partition=came.partition,
        kafka_offset=came.offset,
        record_timestamp_ms=came.timestamp_ms,
        open=orjson.dumps({"reason": reason}).decode(),
        hidden=orjson.dumps({"key": _base64(key), "value": _base64(value)}),
    )


def in_clear(event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    """The fields on the open list whose values are what the contract says; anything else would not be what was meant to be open."""
    clear = {name: payload[name] for name in open_fields(event) if name in payload}
    try:
        _open_part(event).validate_python(clear)
    except ValidationError as error:
        wrong = {problem["loc"][0] for problem in error.errors(include_url=False, include_context=False, include_input=False)}
        return {name: value for name, value in clear.items() if name not in wrong}
    return clear


@cache
def _open_part(event: type[Event]) -> TypeAdapter[dict[str, Any]]:
    """The open fields of an event, each as its contract describes it and none of them required."""
    fields = {name: event.model_fields[name].rebuild_annotation() for name in sorted(open_fields(event))}
    return TypeAdapter(TypedDict(f"Open{event.__name__}", fields, total=False))  # type: ignore[operator]  # its fields are data


@lru_cache(maxsize=1024)
def _frontend(topic: str | None) -> str | None:
    return frontend_of(topic) if topic else None


@lru_cache(maxsize=1024)
def contract_of(topic: str | None) -> str | None:
    """The contract whose events a topic carries; None for what is no topic of ours."""
    row = topic_of(topic) if topic else None
    return row.contract if row else "dlq" if topic and topic.endswith(".dlq.v1") else None


def _request_of(topic: str | None, aggregate_id: str, clear: dict[str, Any]) -> str | None:
    return aggregate_id if contract_of(topic) == "intake.requests" else _text(clear.get("request_id"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()
