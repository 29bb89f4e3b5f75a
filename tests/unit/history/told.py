"""Ready-made events and people for history's tests."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.identifiers import TimeOrderedIds
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.contracts.intake_clients import ClientIdentified, ClientIdentitiesLinked, ClientIdentitiesUnlinked
from libs.events.contracts.intake_requests import RequestReceived, RequestRegistered, RequestStatusChanged
from libs.events.envelope import Actor, Envelope, encode
from libs.events.fact import Event
from libs.events.topics import CLIENTS, INBOUND, REQUESTS, dialogue_thread, frontend_of
from libs.events.vocabulary import Attachment, ClientKind, Contacts, FileState, MessageRef, Sender, Status, Target
from services.history.domain.entries import Coordinates

AT = datetime(2026, 11, 22, 5, 0, 0, 123456, tzinfo=UTC)
NAME = "Евпраксия Запланированная-Невидимая"
EMAIL = "evpraksiya@example.org"
TEXT = f"Прошу сообщить, когда будет ответ. {NAME}"
SECRET = "one-time-token-of-the-link"
HANDED_KEY = b"one-time-key-of-one-object------"
WHEN_MS = 1_795_000_000_000
AUTHORITY = "demo"
IN_SITE = INBOUND.of("site")
IDS = TimeOrderedIds()


def envelope(fact: Event | None = None, **changed: Any) -> Envelope:
    """An event as a service would publish it; `changed` names fields of the envelope."""
    thread = changed.get("thread_id") or uuid4()
    fields: dict[str, Any] = {
        "event_id": IDS.new(),
        "type": fact.type_name() if fact else "SomethingNew",
        "version": fact.version if fact else 1,
        "authority": AUTHORITY,
        "aggregate_id": str(thread),
        "seq": 1,
        "thread_id": thread,
        "occurred_at": AT,
        "recorded_at": AT,
        "producer": "intake",
        "actor": Actor(role="frontend", id="site"),
        "payload": fact.payload() if fact else {},
    }
    return Envelope(**{**fields, **changed})


_offset = iter(range(1, 10_000_000))


def delivery(value: bytes | None, topic: str = REQUESTS.name, **changed: Any) -> Delivery:
    fields: dict[str, Any] = {
        "partition": 0,
        "offset": next(_offset),
        "timestamp_ms": WHEN_MS,
        "key": b"key",
        "traceparent": None,
    }
    return Delivery(topic=topic, value=value, **{**fields, **changed})


def delivered(told: Envelope, topic: str = REQUESTS.name, **changed: Any) -> Delivery:
    return delivery(encode(told), topic, **{"key": str(told.thread_id).encode(), **changed})


def dialogue_of(thread_id: UUID, topic: str = IN_SITE) -> UUID:
    """The thread that history files a message under which was delivered with the envelope's thread as its key."""
    return dialogue_thread(frontend_of(topic) or "", str(thread_id))


def came(topic: str = REQUESTS.name, offset: int = 7) -> Coordinates:
    return Coordinates(topic, 3, offset, WHEN_MS)


def message(**changed: Any) -> MessageReceived:
    fields: dict[str, Any] = {
        "external_id": str(uuid4()),
        "received_at": AT,
        "dialogue": "form-1",
        "sender": Sender(name=NAME),
        "contacts": Contacts(email=EMAIL),
        "text": TEXT,
    }
    return MessageReceived(**{**fields, **changed})


def received(dialogue_thread: UUID | None = None, **changed: Any) -> RequestReceived:
    fields: dict[str, Any] = {
        "reference": "ABCDEFGHJK",
        "message_ref": MessageRef(frontend="site", external_id="1"),
        "channel": "site",
        "dialogue_thread": dialogue_thread or uuid4(),
        "dialogue_key": "k" * 43,
        "dialogue": "form-1",
        "received_at": AT,
        "sender": Sender(name=NAME),
        "contacts": Contacts(email=EMAIL),
        "text": TEXT,
    }
    return RequestReceived(**{**fields, **changed})


def registered(reg_no: str = "ЗИ-15/2026") -> RequestRegistered:
    return RequestRegistered(
        reg_no=reg_no,
        journal="information",
        year=2026,
        number=15,
        reg_at=AT,
        client_kind=ClientKind.CITIZEN,
        due_on=date(2026, 12, 22),
        rule_version="1",
    )


def status_changed() -> RequestStatusChanged:
    letter = Target(role="email", channel="email", address=EMAIL, confirmed=False, confirm_token=SECRET)
    return RequestStatusChanged(
        from_status=None,
        to_status=Status.REGISTERED,
        visible=True,
        template="registered",
        explanation="Запрос зарегистрирован.",
        reference="ABCDEFGHJK",
        addressee=NAME,
        targets=(Target(role="original", channel="site"), letter),
    )


def identified() -> ClientIdentified:
    return ClientIdentified(kind=ClientKind.CITIZEN, name=NAME, contacts=Contacts(email=EMAIL))


def linked(other: UUID) -> ClientIdentitiesLinked:
    return ClientIdentitiesLinked(other=other, basis=f"паспорт предъявлен: {NAME}")


def unlinked(other: UUID) -> ClientIdentitiesUnlinked:
    return ClientIdentitiesUnlinked(other=other, basis="ошибка оператора")


def handed_over(raw: bytes, *, name: str = "Скан.pdf", **changed: Any) -> AttachmentHandedOver:
    """A file of these bytes, as intake announces it."""
    upload_id = changed.get("upload_id") or uuid4()
    size, sha256 = len(raw), hashlib.sha256(raw).hexdigest()
    fields: dict[str, Any] = {
        "request_id": uuid4(),
        "upload_id": upload_id,
        "object_id": uuid4(),
        "state": FileState.CLEAN,
        "attachment": Attachment(upload_id=str(upload_id), name=name, type="application/pdf", size=size, sha256=sha256),
        "key": HANDED_KEY.hex(),
    }
    return AttachmentHandedOver(**{**fields, **changed})


def about_client(client: UUID, fact: Event, **changed: Any) -> Delivery:
    told = envelope(fact, **{"thread_id": client, "client_id": client, **changed})
    return delivered(told, CLIENTS.name)


def request_of(client: UUID | None, *, point: str | None = "site", channel: str = "site", reg_no: str = "ЗИ-15/2026") -> list[Delivery]:
    """A message, the request that it became, its registration and its status."""
    request, said = IDS.new(), uuid4()
    around: dict[str, Any] = {"thread_id": request, "client_id": client}
    dialogue = dialogue_of(said, INBOUND.of(channel))
    return [
        delivered(envelope(message(), thread_id=said, seq=None, point=point, producer=channel), INBOUND.of(channel)),
        delivered(envelope(received(dialogue, channel=channel, reference=reference_of(request)), seq=1, point=point, **around)),
        delivered(envelope(registered(reg_no), seq=2, **around)),
        delivered(envelope(status_changed(), seq=3, **around)),
    ]


def reference_of(request: UUID) -> str:
    """Ten letters that differ from request to request."""
    return "".join("ABCDEFGHJKLMNPQR"[int(digit, 16)] for digit in request.hex[-10:])
