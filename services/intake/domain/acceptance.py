"""How a message becomes a request, whatever door it came by (design.md 3). Pure: a batch of messages and what is known, in; facts out."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.channel_inbound import MessageReceived, MessageRevised
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import (
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
)
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind, Flag, MessageRef, Status
from services.intake import statuses, tracking
from services.intake.completeness import has_name
from services.intake.deadlines import IsWorking, TermRules, answer_due
from services.intake.domain.client import Client
from services.intake.domain.client import evolve as evolve_client
from services.intake.domain.register import NumberAssigned, Register, written
from services.intake.domain.request import Request, evolve, targets
from services.intake.oddities import PointRule, clock_is_off, point_flags, usable_email

MAX_TEXT_BYTES = 200 * 1024  # design.md 4.8
MAX_MESSAGE_BYTES = 240 * 1024  # with all that surrounds it, an event stays under the store's 256 KiB


class TextTooLarge(Refusal):
    """The text is over 200 KiB."""

    code: ClassVar[str] = "too-large"
    says: ClassVar[str] = "Текст больше 200 КиБ. Сократите его или приложите файлом."
    status: ClassVar[int] = 413


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

    @property
    def ref(self) -> MessageRef:
        return MessageRef(frontend=self.frontend, external_id=self.message.external_id)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the authority set: its list of points, its register, its terms, and the key of the codes."""

    points: tuple[PointRule, ...]
    journal: str
    index: str
    time_zone: ZoneInfo
    terms: TermRules
    is_working: IsWorking
    key: bytes
    register_at_once: bool = True


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts for one stream: `kind` is request, client or register."""

    kind: str
    aggregate_id: str
    expected_version: int
    events: list[Event]
    thread_id: UUID
    client_id: UUID | None
    message: Inbound


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What the frontend is told. `again`: this very message had come before, nothing was done."""

    request_id: UUID
    client_id: UUID | None
    reference: str
    reg_no: str | None
    status: Status
    due_on: date | None
    tracking_code: str
    again: bool = False

    @property
    def title(self) -> str:
        return statuses.TITLES[self.status]


@dataclass(kw_only=True)
class Known:
    """What a batch may know; it grows with each of its messages, so that the second sees what the first did."""

    messages: dict[MessageRef, tuple[UUID, bytes]] = field(default_factory=dict)
    open_dialogues: dict[UUID, UUID] = field(default_factory=dict)
    references: dict[str, UUID] = field(default_factory=dict)
    requests: dict[UUID, Request] = field(default_factory=dict)
    client_of: dict[UUID, UUID] = field(default_factory=dict)
    clients: dict[UUID, Client] = field(default_factory=dict)
    identities: dict[bytes, UUID] = field(default_factory=dict)
    registers: dict[tuple[str, int], Register] = field(default_factory=dict)
    facts: list[Facts] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FreshIds:
    """Ids for what one message may need."""

    request_id: UUID
    client_id: UUID


def account_identity(key: bytes, frontend: str, account: str) -> bytes:
    """An account of a platform is verified by the platform: the same account is the same client."""
    return tracking.fingerprint(key, "account", frontend, account)


def contact_identity(key: bytes, address: str, name: str) -> bytes:
    """A confirmed contact with the same full name is the same client."""
    return tracking.fingerprint(key, "contact", address.lower(), " ".join(name.lower().split()))


def digest(key: bytes, message: MessageReceived) -> bytes:
    """Recognises a message whose text was edited."""
    return tracking.fingerprint(key, "text", message.text)


def accept(inbound: Inbound, known: Known, rules: Rules, ids: FreshIds) -> Accepted:
    """Raises `TextTooLarge`; anything else is kept, odd as it may be."""
    if len(inbound.message.text.encode()) > MAX_TEXT_BYTES or stored_size(inbound.message) > MAX_MESSAGE_BYTES:
        raise TextTooLarge
    seen = known.messages.get(inbound.ref)
    now = digest(rules.key, inbound.message)
    if seen is not None and (seen[1] == now or inbound.door is Door.OWN_RECORD):
        return _receipt(seen[0], known, rules, again=True)
    known.messages[inbound.ref] = (seen[0] if seen else ids.request_id, now)
    if seen is not None:
        request_id = seen[0]
        _add(known, inbound, request_id, [_revised(inbound)])
    elif (joined := _joins(inbound, known)) is not None:
        request_id = joined
        known.messages[inbound.ref] = (request_id, now)
        _add(known, inbound, request_id, [_supplement(inbound, rules)])
    else:
        request_id = ids.request_id
        _identify(inbound, known, rules, ids)
        _add(known, inbound, request_id, [_first(inbound, request_id, rules)])
    _register_or_tell(inbound, known, rules, request_id, is_new=known.requests[request_id].version == 1)
    return _receipt(request_id, known, rules)


def stored_size(message: MessageReceived) -> int:
    """Bytes of the message as JSON keeps it: a control character takes six."""
    return len(message.model_dump_json().encode())


def flags_of(inbound: Inbound, rules: Rules) -> tuple[Flag, ...]:
    """What is odd about a message."""
    message = inbound.message
    flags = list(point_flags(inbound.point, message.sender.kind, rules.points))
    if clock_is_off(message.received_at, inbound.arrived_at, inbound.point):
        flags.append(Flag.CLOCK_OFF)
    if message.contacts.email and usable_email(message.contacts.email) is None:
        flags.append(Flag.BAD_EMAIL)
    if message.thread_ref:
        flags.append(Flag.THREAD_UNKNOWN)
    return tuple(flags)


def received_at(inbound: Inbound) -> datetime:
    """When it was received: as the frontend says, unless its clock is off; then the broker's time counts."""
    said = inbound.message.received_at
    return inbound.arrived_at if clock_is_off(said, inbound.arrived_at, inbound.point) else said


def _joins(inbound: Inbound, known: Known) -> UUID | None:
    """A message joins a request of its own dialogue only: the one it names, else the one that still lacks something."""
    named = known.references.get(tracking.typed(inbound.message.thread_ref)) if inbound.message.thread_ref else None
    if named is not None:
        request = known.requests[named]
        if (request.frontend, request.dialogue_key) == (inbound.frontend, inbound.dialogue_key):
            return named
    return known.open_dialogues.get(inbound.dialogue_thread)


def _first(inbound: Inbound, request_id: UUID, rules: Rules) -> RequestReceived:
    message = inbound.message
    return RequestReceived(
        reference=tracking.reference(request_id),
        message_ref=inbound.ref,
        channel=inbound.frontend,
        dialogue_thread=inbound.dialogue_thread,
        dialogue_key=inbound.dialogue_key,
        dialogue=message.dialogue,
        received_at=received_at(inbound),
        flags=flags_of(inbound, rules),
        sender=message.sender,
        contacts=message.contacts,
        text=message.text,
        wanted_form=message.wanted_form,
        additional_channel=message.additional_channel,
        attachments=message.attachments,
    )


def _supplement(inbound: Inbound, rules: Rules) -> RequestSupplemented:
    message = inbound.message
    return RequestSupplemented(
        message_ref=inbound.ref,
        received_at=received_at(inbound),
        flags=tuple(flag for flag in flags_of(inbound, rules) if flag is not Flag.THREAD_UNKNOWN),
        sender=message.sender,
        contacts=message.contacts,
        text=message.text,
        additional_channel=message.additional_channel,
        attachments=message.attachments,
    )


def _revised(inbound: Inbound) -> RequestRevised:
    expected = isinstance(inbound.message, MessageRevised)
    return RequestRevised(
        message_ref=inbound.ref,
        received_at=inbound.arrived_at,
        flags=() if expected else (Flag.TEXT_CHANGED,),
        text=inbound.message.text,
    )


def _identify(inbound: Inbound, known: Known, rules: Rules, ids: FreshIds) -> None:
    """The account's client, or a new one: anything weaker than an account is only proposed to staff."""
    sender = inbound.message.sender
    identity = account_identity(rules.key, inbound.frontend, sender.account) if sender.account else None
    client_id = known.identities.get(identity) if identity else None
    if client_id is None:
        client_id = ids.client_id
        fact = ClientIdentified(
            kind=sender.kind or ClientKind.UNKNOWN,
            name=sender.name if has_name(sender.name) else None,
            contacts=inbound.message.contacts,
            platform=inbound.frontend if sender.account else None,
            account=sender.account,
        )
        known.facts.append(
            Facts(
                kind="client",
                aggregate_id=str(client_id),
                expected_version=0,
                events=[fact],
                thread_id=client_id,
                client_id=client_id,
                message=inbound,
            )
        )
        known.clients[client_id] = evolve_client(Client(), fact)
        if identity:
            known.identities[identity] = client_id
    known.client_of[ids.request_id] = client_id


def _register_or_tell(inbound: Inbound, known: Known, rules: Rules, request_id: UUID, *, is_new: bool) -> None:
    request = known.requests[request_id]
    if request.reg_no is not None or request.imported:
        return
    if rules.register_at_once and not request.lacks:
        _register(inbound, known, rules, request_id)
        known.open_dialogues.pop(inbound.dialogue_thread, None)
    elif is_new:
        explanation = statuses.received(request.lacks)
        _add(known, inbound, request_id, [_status(request_id, known, rules, None, Status.RECEIVED, explanation)])
        known.open_dialogues[inbound.dialogue_thread] = request_id


def _register(inbound: Inbound, known: Known, rules: Rules, request_id: UUID) -> None:
    on = inbound.arrived_at.astimezone(rules.time_zone).date()
    register = known.registers[rules.journal, on.year]
    number = register.next_number
    assigned = NumberAssigned(request_id=request_id)
    known.facts.append(
        Facts(
            kind="register",
            aggregate_id=register.aggregate_id,
            expected_version=register.version,
            events=[assigned],
            thread_id=request_id,
            client_id=None,
            message=inbound,
        )
    )
    known.registers[rules.journal, on.year] = replace(register, version=register.version + 1)
    due = answer_due(on, rules.terms, rules.is_working)
    reg_no = written(rules.index, number, on.year)
    before = known.requests[request_id]
    registered = RequestRegistered(
        reg_no=reg_no,
        journal=rules.journal,
        year=on.year,
        number=number,
        reg_at=inbound.arrived_at,
        client_kind=before.kind or ClientKind.UNKNOWN,
        due_on=due,
        rule_version=rules.terms.version,
    )
    _add(known, inbound, request_id, [registered])
    told_before = Status.RECEIVED if before.steps else None
    explanation = statuses.registered(reg_no, on, due)
    _add(known, inbound, request_id, [_status(request_id, known, rules, told_before, Status.REGISTERED, explanation)])


def _status(request_id: UUID, known: Known, rules: Rules, before: Status | None, after: Status, explanation: str) -> RequestStatusChanged:
    request = known.requests[request_id]
    client = known.clients.get(known.client_of.get(request_id, request_id), Client())
    confirmed = request.email_confirmed or (request.email is not None and request.email in client.confirmed)
    token = tracking.confirm_token(rules.key, request_id, request.email) if request.email else None
    return RequestStatusChanged(
        from_status=before,
        to_status=after,
        visible=True,
        template=after.value,
        explanation=explanation,
        reference=request.reference,
        reg_no=request.reg_no,
        due_on=request.due_on,
        addressee=request.name,
        targets=targets(request, confirmed, token),
    )


def _add(known: Known, inbound: Inbound, request_id: UUID, events: list[Event]) -> None:
    request = known.requests.get(request_id, Request())
    known.facts.append(
        Facts(
            kind="request",
            aggregate_id=str(request_id),
            expected_version=request.version,
            events=events,
            thread_id=request_id,
            client_id=known.client_of.get(request_id),
            message=inbound,
        )
    )
    for event in events:
        request = evolve(request, event, inbound.arrived_at)  # type: ignore[arg-type]  # facts of a request, made above
    known.requests[request_id] = request


def _receipt(request_id: UUID, known: Known, rules: Rules, *, again: bool = False) -> Accepted:
    request = known.requests[request_id]
    return Accepted(
        request_id=request_id,
        client_id=known.client_of.get(request_id),
        reference=request.reference,
        reg_no=request.reg_no,
        status=request.status,
        due_on=request.due_on,
        tracking_code=tracking.tracking_code(rules.key, request_id),
        again=again,
    )
