"""What `otklik frontends check` sends to an installation, and what docs/frontends/errors.md says must come back. Pure.

The messages hold no name and no contact, so they are kept and receipted and use up no number of the register.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from services.intake.domain.inbound import MAX_TEXT_BYTES

ACCEPTED = "MessageAccepted"
JSON = "application/json"


@dataclass(frozen=True)
class Posted:
    """A body for POST /v1/messages, and the status and code that it must be answered with."""

    what: str
    body: bytes
    wanted: str
    content_type: str = JSON
    with_key: bool = True


@dataclass(frozen=True)
class Put:
    """A record for channel.inbound, and the receipt that must follow: its type, or the code of its refusal, or none."""

    what: str
    external_id: str
    value: bytes
    wanted: str


def message(run: str, name: str, at: datetime, **changed: Any) -> dict[str, Any]:
    good = {"external_id": f"check-{run}-{name}", "received_at": at.isoformat(), "dialogue": f"check-{run}", "text": "Проверка канала."}
    return good | changed


def posted(run: str, at: datetime) -> list[Posted]:
    def body(name: str, **changed: Any) -> bytes:
        return json.dumps(message(run, name, at, **changed), ensure_ascii=False).encode()

    return [
        Posted("a well-formed message", body("h1"), "201"),
        Posted("the same again", body("h1"), "200"),
        Posted("the same id with another text, a revision", body("h1", text="Другой текст."), "201"),
        Posted("a point that the authority does not know", body("h2", point="no-such-point"), "201"),
        Posted("a clock that is wrong by years", body("h3", received_at="2001-01-01T00:00:00Z"), "201"),
        Posted("a text over 200 KiB", body("h4", text="x" * (MAX_TEXT_BYTES + 1)), "413 too-large"),
        Posted("U+0000 in the text", body("h5", text="a\0b"), "400 contains-nul"),
        Posted("a number instead of the text", body("h6", text=5), "400 wrong-schema"),
        Posted("a field that is not known", body("h7", colour="red"), "400 wrong-schema"),
        Posted("an external_id of 201 characters", body("h8", external_id="x" * 201), "400 wrong-schema"),
        Posted("a time without a zone", body("h9", received_at="2026-11-16T12:00:00"), "400 wrong-schema"),
        Posted("half of a message", body("h10")[:-5], "400 not-json"),
        Posted("a form instead of JSON", b"text=x", "415 wrong-content-type", content_type="application/x-www-form-urlencoded"),
        Posted("no key", body("h11"), "401 bad-credentials", with_key=False),
    ]


def put(run: str, frontend: str, authority: str, at: datetime) -> list[Put]:
    """In one dialogue, so they are answered in their order."""

    def record(what: str, name: str, wanted: str, kind: str = "MessageReceived", **changed: Any) -> Put:
        payload = message(run, name, at, **changed)
        return Put(what, payload["external_id"], enveloped(kind, frontend, authority, run, at, payload), wanted)

    return [
        record("a well-formed message", "k1", ACCEPTED),
        record("the same again", "k1", ACCEPTED),
        record("its text edited by the person", "k1", ACCEPTED, "MessageRevised", text="Исправленный текст."),
        record("a point that the authority does not know", "k2", ACCEPTED),
        record("a text over 200 KiB", "k3", "too-large", text="x" * (MAX_TEXT_BYTES + 1)),
        record("U+0000 in the text", "k4", "contains-nul", text="a\0b"),
        record("a number instead of the text", "k5", "wrong-schema", text=5),
        record("an external_id of 201 characters, which nobody can answer", "k6", "", external_id="x" * 201),
        record("a type that is not known, passed over", "k7", "", "SomethingElse"),
        record("a good message after all these", "k8", ACCEPTED),
    ]


def key_of(run: str) -> bytes:
    return hashlib.sha256(f"check-{run}".encode()).hexdigest().encode()


def enveloped(kind: str, frontend: str, authority: str, run: str, at: datetime, payload: Mapping[str, Any]) -> bytes:
    around = {"event_id": str(uuid4()), "type": kind, "version": 1, "authority": authority, "aggregate_id": run, "thread_id": str(uuid4())}
    times = {"occurred_at": at.isoformat(), "recorded_at": at.isoformat()}
    return json.dumps(around | times | {"producer": frontend, "point": "no-such-point", "payload": payload}).encode()
