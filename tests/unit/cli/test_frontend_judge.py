"""An author hears in a sentence what is wrong with each record of the program, and nothing about records that are right."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest

from cli.frontend_judge import Judge

pytestmark = pytest.mark.requirement("D-23")
NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
KEY, OTHER_KEY = b"0a" * 32, b"0b" * 32


def value(kind: str = "MessageReceived", event_id: str = "", **changed: Any) -> bytes:
    payload = {"external_id": "m-1", "received_at": NOW.isoformat(), "dialogue": "d-1", "text": "Здравствуйте"} | changed
    envelope = {"event_id": event_id or str(uuid4()), "type": kind, "authority": "demo", "aggregate_id": "a", "thread_id": str(uuid4())}
    return orjson.dumps(envelope | {"occurred_at": NOW, "recorded_at": NOW, "producer": "vk", "payload": payload})


def said(*records: tuple[bytes | None, bytes | None]) -> str:
    """What is said of the last of these records; of those before it nothing may be said."""
    judge = Judge()
    *before, last = (judge.complaints(key, raw, NOW) for key, raw in records)
    assert not any(before)
    return "; ".join(last)


def test_of_a_right_record_nothing_is_said_nor_of_its_repetition() -> None:
    record = (KEY, value())
    assert said(record, record) == ""
    assert said(record, (KEY, value(external_id="m-2"))) == ""
    assert said(record, (KEY, value("MessageRevised", text="Исправлено"))) == ""
    report = {"notice_id": "n", "outcome": "delivered"}
    assert said((KEY, orjson.dumps(orjson.loads(value("DeliveryReported")) | {"payload": report}))) == ""


@pytest.mark.parametrize("key", [None, b"", b"ivanova@example.org", b"0A" * 32, b"0a" * 15, b"0a" * 65])
def test_a_key_that_is_no_hmac_is_named(key: bytes | None) -> None:
    assert "the key is no HMAC" in said((key, value()))


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (None, "empty-value"),
        (b"{", "not-json"),
        (value(text=5), "text: string_type"),
        (value(external_id="x" * 201), "external_id: string_too_long"),
        (value(text="a\0b"), "contains-nul"),
        (value("RequestRegistered"), "its type is RequestRegistered"),
        (value(text="я" * 110_000), "over 200 KiB"),
        (value(received_at="2026-11-16T12:06:00Z"), "5 minutes ahead"),
        (value(received_at="2026-10-01T12:00:00Z"), "30 days back"),
    ],
)
def test_what_is_wrong_with_one_record_is_said(raw: bytes | None, sentence: str) -> None:
    assert sentence in said((KEY, raw))


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ((KEY, value()), (KEY, value(text="Исправлено")), "an edited text is a MessageRevised"),
        ((KEY, value()), (OTHER_KEY, value(external_id="m-2")), "another key before"),
        ((KEY, value()), (KEY, value(external_id="m-2", dialogue="d-2")), "two people would become one"),
        (
            (KEY, value(event_id="0190a0a0-0000-7000-8000-000000000000")),
            (KEY, value(event_id="0190a0a0-0000-7000-8000-000000000000", external_id="m-2")),
            "event_id",
        ),
    ],
)
def test_what_is_wrong_with_two_records_is_said_of_the_second(
    first: tuple[bytes, bytes], second: tuple[bytes, bytes], sentence: str
) -> None:
    assert sentence in said(first, second)
