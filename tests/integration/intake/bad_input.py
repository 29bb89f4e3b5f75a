"""Bodies and records that nobody should send, each with the code that its door answers (docs/frontends/errors.md)."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from tests.integration.intake.town import body_of, said


def http_body(**changed: Any) -> bytes:
    """A good body with some fields changed; ids are never repeated."""
    return orjson.dumps(body_of(said(f"bad-{uuid4()}")) | changed)


def without(name: str) -> bytes:
    body = body_of(said(f"bad-{uuid4()}"))
    del body[name]
    return orjson.dumps(body)


def record(**changed: Any) -> dict[str, Any]:
    """A good record with some fields of its envelope or payload changed."""
    payload = said(f"bad-{uuid4()}").payload() | changed.pop("payload", {})
    now = datetime.now(UTC).isoformat()
    good = {
        "event_id": str(uuid4()),
        "type": "MessageReceived",
        "version": 1,
        "authority": "demo",
        "aggregate_id": "a",
        "thread_id": str(uuid4()),
        "occurred_at": now,
        "recorded_at": now,
        "producer": "vk",
        "point": "vk",
        "payload": payload,
    }
    return good | changed


DEEP = b"[" * 900 + b"]" * 900
DEEP_NUL = DEEP + b',"nul":"\\u0000"'
TOO_DEEP = b"[" * 5_000 + b"]" * 5_000
LONG_TEXT = "я" * 500_000  # 1 MB

HTTP: dict[str, tuple[bytes, int, str]] = {
    "an empty body": (b"", 400, "not-json"),
    "no JSON at all": (b"text=hello", 400, "not-json"),
    "half of an object": (http_body()[:-10], 400, "not-json"),
    "bytes that are no UTF-8": (http_body().replace("Прошу".encode(), "Прошу".encode("cp1251")), 400, "not-json"),
    "a byte order mark": (b"\xef\xbb\xbf" + http_body(), 400, "not-json"),
    "a lone surrogate": (http_body(text="@").replace(b"@", b"\\ud800"), 400, "not-json"),
    "surrogates the wrong way round": (http_body(text="@").replace(b"@", b"\\udc00\\ud800"), 400, "not-json"),
    "NaN": (http_body(wanted_form=0).replace(b'"wanted_form":0', b'"wanted_form":NaN'), 400, "not-json"),
    "Infinity": (http_body(wanted_form=0).replace(b'"wanted_form":0', b'"wanted_form":-Infinity'), 400, "not-json"),
    "a number beyond all bounds": (http_body(received_at=0).replace(b'"received_at":0', b'"received_at":1e999'), 400, "not-json"),
    "a control character as it is": (http_body(text="@").replace(b"@", b"\x01"), 400, "not-json"),
    "nesting without end": (TOO_DEEP, 400, "not-json"),
    "deep nesting in a field": (http_body(text=0).replace(b'"text":0', b'"text":' + DEEP), 400, "wrong-schema"),
    "a NUL in a text": (http_body(text="до\0после"), 400, "contains-nul"),
    "a NUL in a name": (http_body(sender={"name": "\0"}), 400, "contains-nul"),
    "a NUL in a field's name": (http_body(**{"te\0xt": "a"}), 400, "contains-nul"),
    "a field twice": (http_body().replace(b'"text":', b'"text":"first","text":'), 400, "field-repeated"),
    "a field twice, with blanks": (http_body().replace(b'"text":', b'"text" \n:"first","text":'), 400, "field-repeated"),
    "a field twice beside a text that looks like one": (
        http_body(text='он сказал "text": да').replace(b'"dialogue":', b'"dialogue":"x","dialogue":'),
        400,
        "field-repeated",
    ),
    "a field twice inside": (http_body(sender=0).replace(b'"sender":0', b'"sender":{"name":"a","name":"b"}'), 400, "field-repeated"),
    "an unknown field of the sender": (http_body(sender={"nom": "Анна"}), 400, "wrong-schema"),
    "an unknown field of the contacts": (http_body(contacts={"emial": "a@b.ru"}), 400, "wrong-schema"),
    "a number for the time": (http_body(received_at=1_790_000_000), 400, "wrong-schema"),
    "digits for the time": (http_body(received_at="1790000000"), 400, "wrong-schema"),
    "an array": (b"[]", 400, "wrong-schema"),
    "an array of messages": (b"[" + http_body() + b"]", 400, "wrong-schema"),
    "a string": (b'"hello"', 400, "wrong-schema"),
    "null": (b"null", 400, "wrong-schema"),
    "a number": (b"123456789012345678901234567890", 400, "wrong-schema"),
    "no text": (without("text"), 400, "wrong-schema"),
    "no id": (without("external_id"), 400, "wrong-schema"),
    "no dialogue": (without("dialogue"), 400, "wrong-schema"),
    "no time": (without("received_at"), 400, "wrong-schema"),
    "null for the text": (http_body(text=None), 400, "wrong-schema"),
    "a number for the text": (http_body(text=1), 400, "wrong-schema"),
    "an array for the text": (http_body(text=["a"]), 400, "wrong-schema"),
    "an object for the id": (http_body(external_id={}), 400, "wrong-schema"),
    "an empty id": (http_body(external_id=""), 400, "wrong-schema"),
    "an endless id": (http_body(external_id="x" * 201), 400, "wrong-schema"),
    "an empty dialogue": (http_body(dialogue=""), 400, "wrong-schema"),
    "an endless dialogue": (http_body(dialogue="x" * 201), 400, "wrong-schema"),
    "an empty point": (http_body(point=""), 400, "wrong-schema"),
    "an endless point": (http_body(point="x" * 101), 400, "wrong-schema"),
    "a time without a zone": (http_body(received_at="2026-11-22T12:00:00"), 400, "wrong-schema"),
    "no time but a word": (http_body(received_at="вчера"), 400, "wrong-schema"),
    "a time that UTC can't write": (http_body(received_at="0001-01-01T00:00:00+14:00"), 400, "wrong-schema"),
    "a time after the year 9999": (http_body(received_at=1e300), 400, "wrong-schema"),
    "an unknown kind of client": (http_body(sender={"kind": "robot"}), 400, "wrong-schema"),
    "an unknown form of answer": (http_body(wanted_form="telepathic"), 400, "wrong-schema"),
    "an unknown additional channel": (http_body(additional_channel={"channel": "fax", "address": "1"}), 400, "wrong-schema"),
    "an additional channel without address": (http_body(additional_channel={"channel": "phone"}), 400, "wrong-schema"),
    "an unknown field": (http_body(priority="high"), 400, "wrong-schema"),
    "a string for the sender": (http_body(sender="Анна"), 400, "wrong-schema"),
    "an endless thread_ref": (http_body(thread_ref="x" * 201), 400, "wrong-schema"),
    "fifty-one attachments": (
        http_body(attachments=[{"upload_id": "1", "name": "a", "type": "b", "size": 1, "sha256": "c"}] * 51),
        400,
        "wrong-schema",
    ),
    "an attachment larger than any number": (
        http_body(attachments=[{"upload_id": "1", "name": "a", "type": "b", "size": "9" * 30, "sha256": "c"}]),
        400,
        "wrong-schema",
    ),
    "a text of 1 MB": (http_body(text=LONG_TEXT), 413, "too-large"),
    "a text a byte over the limit": (http_body(text="x" * (200 * 1024 + 1)), 413, "too-large"),
    "a body of 2 MB": (b" " * 2_000_000 + http_body(), 413, "too-large"),
}

KAFKA: dict[str, tuple[bytes | None, str]] = {
    "a null value": (None, "empty-value"),
    "an empty value": (b"", "empty-value"),
    "no JSON at all": (b"hello", "not-json"),
    "half of a record": (orjson.dumps(record())[:-10], "not-json"),
    "bytes that are no UTF-8": (orjson.dumps(record()).replace("Прошу".encode(), b"\xff\xfe"), "not-json"),
    "a lone surrogate": (orjson.dumps(record(payload={"text": "@"})).replace(b"@", b"\\ud800"), "not-json"),
    "NaN": (orjson.dumps(record(version=0)).replace(b'"version":0', b'"version":NaN'), "not-json"),
    "nesting without end": (TOO_DEEP, "not-json"),
    "deep nesting with a NUL": (
        orjson.dumps(record(extra=0)).replace(b'"extra":0', b'"extra":' + DEEP + b',"nul":"\\u0000"'),
        "wrong-schema",
    ),
    "a NUL in the text": (orjson.dumps(record(payload={"text": "до\0после"})), "contains-nul"),
    "an array": (b"[]", "wrong-schema"),
    "an empty object": (b"{}", "wrong-schema"),
    "no event id": (orjson.dumps(record(event_id=None)), "wrong-schema"),
    "a time without a zone": (orjson.dumps(record(occurred_at="2026-11-22T12:00:00")), "wrong-schema"),
    "a payload that is no object": (orjson.dumps(record(payload={}) | {"payload": "text"}), "wrong-schema"),
    "a message without text": (orjson.dumps(record(payload={"text": None})), "wrong-schema"),
    "a message without id": (orjson.dumps(record(payload={"external_id": ""})), "wrong-schema"),
    "an attachment larger than any number": (
        orjson.dumps(record(payload={"attachments": [{"upload_id": "1", "name": "a", "type": "b", "size": "9" * 30, "sha256": "c"}]})),
        "wrong-schema",
    ),
    "a newer version of a known type": (orjson.dumps(record(version=99)), "newer-version"),
    "a type of another topic": (orjson.dumps(record(type="RequestRegistered")), "wrong-topic"),
}
