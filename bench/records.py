"""Records as they lie on topics, of invented messages: what a frontend writes, and what intake publishes."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bench import messages
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.chassis.ops.settings import load_authority
from libs.events.envelope import encode
from libs.events.topics import INBOUND, REQUESTS
from local.processes import AUTHORITY

EVENTS_OF_A_REQUEST = 3

Record = tuple[str, str, bytes]  # topic, key, value


def inbound(frontend: str, prefix: str, count: int) -> Iterator[Record]:
    """Messages at the Kafka door of a frontend."""
    topic, authority, ids, now = INBOUND.of(frontend), load_authority(AUTHORITY).code, TimeOrderedIds(), datetime.now(UTC)
    for number in range(count):
        record = messages.inbound(frontend, prefix, number, now, authority, ids)
        yield topic, record.aggregate_id, encode(record)


def of_requests(requests: int) -> Iterator[Record]:
    """Every event of so many requests, three for each."""
    authority, ids, now = load_authority(AUTHORITY).code, TimeOrderedIds(), datetime.now(UTC)
    for number in range(1, requests + 1):
        for event in messages.request_events(number, now, authority, ids):
            yield REQUESTS.name, event.aggregate_id, encode(event)
