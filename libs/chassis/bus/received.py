"""What a consumer makes of a record's bytes: an event to handle, one to pass over, or one that can't be read."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID, uuid5

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection
from libs.chassis.store.events import EventTooLarge, LostRace
from libs.chassis.store.sealing import BrokenSeal
from libs.events.contracts import CONTRACTS
from libs.events.envelope import Envelope, Unreadable, decode
from libs.events.fact import Event
from libs.events.registry import NewerVersion, Registry, UnknownType
from libs.events.topics import INBOUND, topic_of

WRONG_TOPIC = "wrong-topic"  # a type that another topic's contract names: a frontend must not speak for a service
NEWER_VERSION = "newer-version"


class Poison(Exception):
    """A handler's word that one record can never be handled; `code` is the stable reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Received:
    """A delivered event that was read. Records of one lane wait for each other when one of them can't be handled."""

    delivery: Delivery
    envelope: Envelope
    event: Event
    lane: bytes | None = None
    traceparent: str | None = None

    @cached_property
    def identity(self) -> UUID:
        return identity_of(self.delivery.topic, self.envelope, self.delivery.value)


@dataclass(frozen=True)
class Rejected:
    """A record that can't be read."""

    delivery: Delivery
    reason: str
    envelope: Envelope | None = None

    @property
    def has_lane(self) -> bool:
        """What is no event of ours has no place in an order; a frontend's mistake must not stop the person's dialogue."""
        return self.envelope is not None and topic_of(self.delivery.topic) is not INBOUND


@dataclass(frozen=True)
class Passed:
    """A record that this consumer has nothing to do with; `outcome` says why."""

    outcome: str


Handler = Callable[[Connection, Sequence[Received]], Awaitable[None]]
OnSetAside = Callable[[Connection, Delivery, str], Awaitable[None]]


class Reader:
    """Reads records for one consumer. `hears` limits the types that are handled."""

    def __init__(self, registry: Registry, hears: Iterable[type[Event]], lane_of: Callable[[str, bytes | None], bytes | None]) -> None:
        self._registry = registry
        self._hears = frozenset(event.type_name() for event in hears)
        self._lane_of = lane_of

    def read(self, delivery: Delivery) -> Received | Rejected | Passed:
        envelope = None
        try:
            envelope = decode(delivery.value)
            if not self._belongs(envelope.type, delivery.topic):
                return Rejected(delivery, WRONG_TOPIC, envelope)
            if envelope.type in self._registry.events and envelope.type not in self._hears:
                return Passed("skipped")
            event = self._registry.read(envelope)
        except UnknownType:
            return Passed("unknown-type")
        except NewerVersion:
            return Rejected(delivery, NEWER_VERSION, envelope)
        except Unreadable as error:
            return Rejected(delivery, error.code, envelope)
        return Received(delivery=delivery, envelope=envelope, event=event, lane=self._lane_of(delivery.topic, delivery.key))

    def _belongs(self, type_name: str, topic_name: str) -> bool:
        topic, event = topic_of(topic_name), self._registry.events.get(type_name)
        return topic is None or event is None or event in CONTRACTS[topic.contract]


def identity_of(topic: str, envelope: Envelope, value: bytes | None) -> UUID:
    """What a record is recognised by when it comes again. Frontends give ids as they like: theirs count for one topic and one text only."""
    if topic_of(topic) is not INBOUND:
        return envelope.event_id
    said = hashlib.blake2b(value or b"", digest_size=32).hexdigest()
    return uuid5(envelope.event_id, f"{topic} {said}")


def first_of_each(batch: Sequence[Received], fresh: set[UUID]) -> list[Received]:
    """Each fresh one where it came first."""
    left = set(fresh)
    once = []
    for item in batch:
        if item.identity in left:
            left.discard(item.identity)
            once.append(item)
    return once


def reason_of(error: Exception) -> str:
    """The stable code of why a handler failed."""
    if isinstance(error, Poison | Refusal | EventTooLarge):
        return error.code
    if isinstance(error, LostRace | BrokenSeal):
        return "lost-race" if isinstance(error, LostRace) else "broken-seal"
    return f"handler-failed:{type(error).__name__}"
