"""Headers of any kind cost their record nothing (R-5)."""

from typing import Any

import pytest
from aiokafka import ConsumerRecord

from libs.chassis.bus.deliveries import delivery_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(headers: Any) -> "ConsumerRecord[bytes, bytes]":
    return ConsumerRecord("t", 3, 7, 1_700_000_000_000, 0, b"key", b"value", None, 3, 5, headers)


@pytest.mark.requirement("R-5", "R-13")
@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        ((), None),
        (None, None),
        ([("traceparent", TRACE.encode())], TRACE),
        ([("a", None), ("traceparent", TRACE.encode()), ("b", b"\xff")], TRACE),
        ([("traceparent", None), ("traceparent", TRACE.encode())], TRACE),
        ([("traceparent", TRACE.encode()), ("traceparent", TRACE.replace("01", "00").encode())], TRACE),
        ([("Traceparent", TRACE.encode())], None),
        ([("traceparent", TRACE)], None),
        ([("traceparent", b"\xff" * 55)], None),
        ([("traceparent", TRACE.upper().encode())], None),
        ([("traceparent", TRACE.encode() + b"\n")], None),
        ([("traceparent", b"x" * 1_000_000)], None),
        ([("", b""), ("reply_to", b"anywhere")], None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_of_all_headers_only_a_whole_traceparent_is_read(headers: Any, trace: str | None) -> None:
    delivery = delivery_of(record(headers))
    assert delivery.traceparent == trace
    assert (delivery.topic, delivery.partition, delivery.offset, delivery.timestamp_ms) == ("t", 3, 7, 1_700_000_000_000)
    assert (delivery.key, delivery.value) == (b"key", b"value")
