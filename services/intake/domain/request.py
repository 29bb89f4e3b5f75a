"""A request, from the first message on: what was said, its number, its status, where its notices go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from libs.events.contracts.intake_requests import (
    HistoricalEntryImported,
    HistoricalRequestImported,
    RequestChannelsChanged,
    RequestEmailConfirmed,
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
)
from libs.events.fact import Event
from libs.events.vocabulary import AdditionalChannel, ClientKind, Contacts, Flag, MessageRef, Status, Target
from services.intake.completeness import missing
from services.intake.oddities import usable_email

RequestEvent = (
    RequestReceived
    | RequestSupplemented
    | RequestRevised
    | RequestRegistered
    | RequestStatusChanged
    | RequestChannelsChanged
    | RequestEmailConfirmed
    | HistoricalRequestImported
    | HistoricalEntryImported
)
SITE = "site"
NO_CONTACTS = Contacts()


@dataclass(frozen=True)
class Step:
    """A visible change of status, as the person saw it."""

    at: datetime | None
    status: Status
    explanation: str


@dataclass(frozen=True)
class Request:
    """A request as its events tell it; `texts` holds the newest text of each of its messages."""

    version: int = 0
    status: Status = Status.RECEIVED
    reference: str = ""
    reg_no: str | None = None
    frontend: str = ""
    dialogue_key: str = ""
    dialogue: str = ""
    received_at: datetime | None = None
    due_on: date | None = None
    name: str | None = None
    kind: ClientKind | None = None
    contacts: Contacts = NO_CONTACTS
    additional: AdditionalChannel | None = None
    email: str | None = None
    email_confirmed: bool = False
    texts: tuple[tuple[MessageRef, str], ...] = ()
    flags: frozenset[Flag] = frozenset()
    steps: tuple[Step, ...] = ()
    imported: bool = False

    @property
    def reachable(self) -> bool:
        """By a contact that the law names, or in the dialogue itself where the frontend can reply."""
        return any((self.email, self.contacts.phone, self.contacts.postal, self.additional)) or self.frontend not in ("", SITE)

    @property
    def lacks(self) -> tuple[Flag, ...]:
        return missing(self.name, self.reachable, tuple(text for _, text in self.texts))


def evolve(request: Request, event: RequestEvent, at: datetime | None = None) -> Request:  # noqa: C901 - one case for each fact
    request = replace(request, version=request.version + 1)
    match event:
        case RequestReceived():
            return _said(
                replace(
                    request,
                    reference=event.reference,
                    frontend=event.message_ref.frontend,
                    dialogue_key=event.dialogue_key,
                    dialogue=event.dialogue,
                    received_at=event.received_at,
                ),
                event,
            )
        case RequestSupplemented():
            return _said(request, event)
        case RequestRevised():
            return replace(request, texts=_with_text(request.texts, event.message_ref, event.text), flags=request.flags | set(event.flags))
        case RequestRegistered():
            return replace(request, reg_no=event.reg_no, due_on=event.due_on)
        case RequestStatusChanged():
            steps = (*request.steps, Step(at, event.to_status, event.explanation)) if event.visible else request.steps
            return replace(request, status=event.to_status, steps=steps)
        case RequestChannelsChanged():
            return replace(request, email=event.email, email_confirmed=event.email_confirmed)
        case RequestEmailConfirmed():
            return replace(request, email_confirmed=True)
        case HistoricalRequestImported():
            return replace(request, status=event.state, received_at=event.received_at, imported=True)
        case HistoricalEntryImported():
            return request
        case _:
            assert_never(event)


def _said(request: Request, event: RequestReceived | RequestSupplemented) -> Request:
    """What the newest message says goes before what was said earlier; silence changes nothing."""
    contacts = Contacts(
        email=event.contacts.email or request.contacts.email,
        phone=event.contacts.phone or request.contacts.phone,
        postal=event.contacts.postal or request.contacts.postal,
    )
    additional = event.additional_channel or request.additional
    typed = additional.address if additional and additional.channel == "email" else contacts.email
    email = usable_email(typed) or request.email
    return replace(
        request,
        name=event.sender.name or request.name,
        kind=event.sender.kind or request.kind,
        contacts=contacts,
        additional=additional,
        email=email,
        email_confirmed=request.email_confirmed and email == request.email,
        texts=_with_text(request.texts, event.message_ref, event.text),
        flags=request.flags | set(event.flags),
    )


def _with_text(texts: tuple[tuple[MessageRef, str], ...], ref: MessageRef, text: str) -> tuple[tuple[MessageRef, str], ...]:
    if any(known == ref for known, _ in texts):
        return tuple((known, text if known == ref else old) for known, old in texts)
    return (*texts, (ref, text))


def replayed(events: Sequence[tuple[Event, datetime]]) -> Request:
    """The state after these facts, each with the time of its act."""
    request = Request()
    for event, at in events:
        request = evolve(request, event, at)  # type: ignore[arg-type]  # the category's registry holds no other type
    return request


def targets(request: Request, confirmed: bool, confirm_token: str | None) -> tuple[Target, ...]:
    """Where a notice goes now: the original channel first, the chosen additional one, the e-mail duplicate (N-3, design.md 4.9)."""
    if request.frontend == SITE:
        original = Target(role="original", channel="site")
    else:
        original = Target(
            role="original", channel="frontend", frontend=request.frontend, dialogue_key=request.dialogue_key, dialogue=request.dialogue
        )
    found = [original]
    if request.additional and request.additional.channel != "email":
        found.append(Target(role="additional", channel=request.additional.channel, address=request.additional.address))
    if request.email:
        token = None if confirmed else confirm_token
        found.append(Target(role="email", channel="email", address=request.email, confirmed=confirmed, confirm_token=token))
    return tuple(found)
