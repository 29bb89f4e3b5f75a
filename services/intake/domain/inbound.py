"""A message at a door: how large it may be, what is odd about it, and what it tells of a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import ClassVar
from uuid import UUID

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.channel_inbound import MessageReceived, MessageRevised
from libs.events.contracts.intake_requests import RequestReceived, RequestRevised, RequestSupplemented
from libs.events.topics import dialogue_thread
from libs.events.vocabulary import Attachment, Flag, MessageRef
from services.intake import tracking
from services.intake.domain.taking import AtDesk
from services.intake.oddities import PointRule, clock_is_off, is_bad_email, point_flags, point_of

MAX_TEXT_BYTES = 200 * 1024
MAX_MESSAGE_BYTES = 240 * 1024  # with all that surrounds it, an event stays under the store's 256 KiB


class TextTooLarge(Refusal):
    """The text is over 200 KiB, or the whole message over 240 KiB."""

    code: ClassVar[str] = "too-large"
    says: ClassVar[str] = "Текст больше 200 КиБ. Сократите его или отправьте частями."
    status: ClassVar[int] = 413


class RequestGone(Refusal):
    """This very message came before, and the request that it became was kept as long as the law wants it kept."""

    code: ClassVar[str] = "request-gone"
    says: ClassVar[str] = "По этому сообщению уже был запрос, срок его хранения истёк. Отправьте сообщение под новым номером."
    status: ClassVar[int] = 410


class Door(StrEnum):
    """How a message came. `OWN_RECORD`: by HTTP before, and now back from channel.inbound, where intake itself had published it."""

    HTTP = "http"
    KAFKA = "kafka"
    OWN_RECORD = "own-record"


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One message at a door. `arrived_at` is the broker's or the door's time, never the sender's."""

    frontend: str
    message: MessageReceived
    point: str | None
    dialogue_thread: UUID
    dialogue_key: str
    arrived_at: datetime
    causation_id: UUID | None = None
    traceparent: str | None = None
    door: Door = Door.KAFKA
    size: int = MAX_MESSAGE_BYTES
    """Bytes of the record as it came; unknown ones are taken for many."""
    at_desk: AtDesk | None = None
    """Staff typed it in."""
    proved: bool = False
    """Who wrote it has shown the code of the request that it names."""

    @cached_property
    def ref(self) -> MessageRef:
        return MessageRef(frontend=self.frontend, external_id=self.message.external_id)


def by_http(
    frontend: str,
    message: MessageReceived,
    point: str | None,
    key: bytes,
    at: datetime,
    traceparent: str | None,
    size: int,
    at_desk: AtDesk | None = None,
) -> Inbound:
    """The dialogue's thread and Kafka key are HMACs: never personal, and one dialogue stays in order (R-8)."""
    mark = tracking.dialogue_mark(key, frontend, message.dialogue).hex()
    return Inbound(
        frontend=frontend,
        message=message,
        point=point,
        dialogue_thread=dialogue_thread(frontend, mark),
        dialogue_key=mark,
        arrived_at=at,
        traceparent=traceparent,
        door=Door.HTTP,
        size=size,
        at_desk=at_desk,
    )


def check_size(message: MessageReceived, size: int) -> None:
    """Raises `TextTooLarge`; counted as JSON keeps it, where a control character takes six bytes. No record grows by being kept so."""
    if size < MAX_TEXT_BYTES // 2:
        return
    if len(message.text.encode()) > MAX_TEXT_BYTES or len(message.model_dump_json().encode()) > MAX_MESSAGE_BYTES:
        raise TextTooLarge


def digest(key: bytes, text: str, attachments: Sequence[Attachment] = ()) -> bytes:
    """Recognises a message whose text was edited, or that came with other files."""
    return tracking.fingerprint(key, "text", text, *(attachment.sha256 for attachment in attachments))


def first(inbound: Inbound, request_id: UUID, points: tuple[PointRule, ...], late: bool = False) -> RequestReceived:
    """`late`: staff entered it on a later day than it came (N-7.5)."""
    message = inbound.message
    return RequestReceived(
        reference=tracking.reference(request_id),
        message_ref=inbound.ref,
        channel=inbound.frontend,
        dialogue_thread=inbound.dialogue_thread,
        dialogue_key=inbound.dialogue_key,
        dialogue=message.dialogue,
        received_at=_received_at(inbound, points),
        flags=(*_flags(inbound, points, knows_thread=False), *((Flag.ENTERED_LATE,) if late else ())),
        sender=message.sender,
        contacts=message.contacts,
        text=message.text,
        wanted_form=message.wanted_form,
        additional_channel=message.additional_channel,
        attachments=message.attachments,
        taken_down=inbound.at_desk.noted if inbound.at_desk else None,
        represented=message.represented,
    )


def supplement(inbound: Inbound, points: tuple[PointRule, ...], *, knows_thread: bool) -> RequestSupplemented:
    """`knows_thread`: the request is the one that the message names."""
    message = inbound.message
    return RequestSupplemented(
        message_ref=inbound.ref,
        received_at=_received_at(inbound, points),
        flags=_flags(inbound, points, knows_thread=knows_thread),
        sender=message.sender,
        contacts=message.contacts,
        text=message.text,
        additional_channel=message.additional_channel,
        attachments=message.attachments,
    )


def revision(inbound: Inbound) -> RequestRevised:
    """An edit that the frontend did not call one is flagged."""
    said_so = isinstance(inbound.message, MessageRevised)
    return RequestRevised(
        message_ref=inbound.ref,
        received_at=inbound.arrived_at,
        flags=() if said_so else (Flag.TEXT_CHANGED,),
        text=inbound.message.text,
        attachments=inbound.message.attachments,
    )


def _flags(inbound: Inbound, points: tuple[PointRule, ...], *, knows_thread: bool) -> tuple[Flag, ...]:
    message = inbound.message
    point = point_of(inbound.point, inbound.frontend, points)
    flags = list(point_flags(point, message.sender.kind, points))
    if _clock_is_off(inbound, point):
        flags.append(Flag.CLOCK_OFF)
    additional = message.additional_channel
    if is_bad_email(message.contacts.email) or (additional and additional.channel == "email" and is_bad_email(additional.address)):
        flags.append(Flag.BAD_EMAIL)
    if message.thread_ref and not knows_thread:
        flags.append(Flag.THREAD_UNKNOWN)
    return tuple(flags)


def _received_at(inbound: Inbound, points: tuple[PointRule, ...]) -> datetime:
    """As the frontend says, unless its clock is off; then the broker's time counts."""
    point = point_of(inbound.point, inbound.frontend, points)
    return inbound.arrived_at if _clock_is_off(inbound, point) else inbound.message.received_at


def _clock_is_off(inbound: Inbound, point: str) -> bool:
    return clock_is_off(inbound.message.received_at, inbound.arrived_at, point, by_hand=inbound.at_desk is not None)
