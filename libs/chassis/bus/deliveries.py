"""A Kafka record as our code sees it: bytes and coordinates, whatever its headers hold."""

import re
from dataclasses import dataclass

from aiokafka import ConsumerRecord

TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivered record. `traceparent` is the only header that is read; any other, null and broken ones too, is left alone."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    traceparent: str | None


def delivery_of(record: "ConsumerRecord[bytes, bytes]") -> Delivery:
    """Never raises: one odd header must not cost its batch (R-5)."""
    return Delivery(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        traceparent=_traceparent(record.headers),
    )


def _traceparent(headers: object) -> str | None:
    for name, value in headers if isinstance(headers, tuple | list) else ():
        if name == "traceparent" and isinstance(value, bytes) and TRACEPARENT.fullmatch(value):
            return value.decode("ascii")
    return None
