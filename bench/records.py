"""Records as they lie on topics, of invented messages: what a frontend writes, and what intake publishes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bench import messages
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.envelope import encode
from libs.events.topics import INBOUND, REQUESTS
from local.processes import AUTHORITY

EVENTS_OF_A_REQUEST = 3

Record = tuple[str, str, bytes]  # topic, key, value


def at_door(frontend: str, made: Callable[[int, datetime], MessageReceived]) -> Callable[[int], Record]:
    """Messages at the Kafka door of a frontend, by their numbers; each is told when it is made."""
    topic, authority, ids = INBOUND.of(frontend), load_authority(AUTHORITY).code, TimeOrderedIds()

    def record(number: int) -> Record:
        now = datetime.now(UTC)
        envelope = messages.brought(frontend, made(number, now), now, authority, ids)
        return topic, envelope.aggregate_id, encode(envelope)

    return record


def inbound(frontend: str, prefix: str, count: int) -> Iterator[Record]:
    """The invented ones of an ordinary size."""
    return map(at_door(frontend, lambda number, at: messages.received(prefix, number, at, account=True)), range(count))


def of_requests(requests: int) -> Iterator[Record]:
    """Every event of so many requests, three for each."""
    authority, ids, now = load_authority(AUTHORITY).code, TimeOrderedIds(), datetime.now(UTC)
    for number in range(1, requests + 1):
        for event in messages.request_events(number, now, authority, ids):
            yield REQUESTS.name, event.aggregate_id, encode(event)
