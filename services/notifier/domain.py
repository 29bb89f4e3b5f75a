"""Which notices a change of a request asks for, and what becomes of each: planned -> sending -> accepted | deferred | failed | unknown."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias, assert_never
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from libs.events.contracts.authority_events import TrialLetterAsked
from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.contracts.intake_requests import RequestChannelsChanged, RequestStatusChanged, TrackingCodeAsked
from libs.events.contracts.notifier_deliveries import (
    NotificationDelivered,
    NotificationFailed,
    NotificationQueued,
    NotificationSent,
)
from libs.events.contracts.notifier_trials import TrialLetterTried
from libs.events.envelope import Envelope
from libs.events.vocabulary import Standing, Status, Target
from services.notifier.reach import EMAIL, STAFF, reaches

NO_ANSWER = "no-answer"
UNREADABLE = "content-unreadable"  # its key is destroyed or damaged
ADDRESS_CHANGED = "address-changed"
ORIGINAL = "original"
TRIAL = "trial-letter"
TRACKING_CODE = "tracking-code"
Told: TypeAlias = RequestStatusChanged | RequestChannelsChanged | TrackingCodeAsked
NoticeEvent: TypeAlias = NotificationQueued | NotificationSent | NotificationDelivered | NotificationFailed


class State(StrEnum):
    """`unknown`: handed over, but no answer came; it goes again under the same id, which the receiver's side recognises."""

    PLANNED = "planned"
    SENDING = "sending"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    WAITING_FOR_STAFF = "waiting_for_staff"


UNFINISHED = frozenset((State.PLANNED, State.SENDING, State.DEFERRED, State.UNKNOWN))


class Content(Standing):
    """What a notice says and to whom; sealed at rest, gone when the notice is finished.

    `template`: the mark, where it tells one. `tracking_code`: all that it is about, where it is.
    """

    happened_at: AwareDatetime
    template: str = ""
    tracking_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What surrounds the change that asked for a notice; its own facts are told in the same surroundings."""

    thread_id: UUID
    cause: UUID
    correlation_id: UUID | None = None
    client_id: UUID | None = None
    point: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message to one person by one channel; `seq` is the place of its change in the life of the request."""

    id: UUID
    request_id: str
    seq: int
    role: str
    channel: str
    frontend: str | None
    status: Status
    template: str
    duplicate_of: UUID | None
    planned_at: datetime
    origin: Origin

    @property
    def is_trial(self) -> bool:
        """An administrator tries the mail server: one attempt, and nobody is told anything else by it."""
        return self.template == TRIAL


@dataclass(frozen=True)
class Draft:
    """A notice with what it says, which is kept no longer than it takes to send it."""

    notice: Notice
    content: Content


class Life(NamedTuple):
    """Where a notice stands. `attempt` counts claims, `version` its facts; `address_left`: the person is no longer at its address.

    `tried_for`: how long ago the first attempt began, by the database's clock.
    """

    state: State = State.PLANNED
    attempt: int = 0
    version: int = 0
    tried_for: timedelta = timedelta()
    reason: str | None = None
    provider_ref: str | None = None
    address_left: bool = False


@dataclass(frozen=True)
class Accepted:
    """The channel took it; `reply` is what it says on Kafka with that."""

    provider_ref: str | None = None
    reply: ReplyHandedOver | None = None


@dataclass(frozen=True)
class Deferred:
    """The channel is there and asks to come again later."""

    reason: str


@dataclass(frozen=True)
class Unreachable:
    """The channel is not there: the notice was not offered to it."""

    reason: str


@dataclass(frozen=True)
class Unanswered:
    """The notice was handed over and no answer came: it may have been taken."""

    reason: str = NO_ANSWER


@dataclass(frozen=True)
class Rejected:
    """The channel will never take it."""

    reason: str


Outcome: TypeAlias = Accepted | Deferred | Unreachable | Unanswered | Rejected


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How long and how often a notice is tried."""

    first_pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(hours=1)
    unreachable_pause: timedelta = timedelta(seconds=5)  # the breaker paces what is down, so nobody waits long after it is back
    give_up: timedelta = timedelta(hours=96)


def plan(event: Told, envelope: Envelope, at: datetime, traceparent: str | None = None) -> list[Draft]:
    """One notice for each target that this event reaches; the ids follow from the event, so a redelivery plans nothing new."""
    told = dict(_told(event, envelope.occurred_at))
    ids = {index: uuid5(envelope.event_id, str(index)) for index in told}
    original = next((ids[index] for index, content in told.items() if content.target.role == ORIGINAL), None)
    origin = Origin(
        thread_id=envelope.thread_id,
        cause=envelope.event_id,
        correlation_id=envelope.correlation_id or envelope.event_id,
        client_id=envelope.client_id,
        point=envelope.point,
        traceparent=traceparent,
    )
    return [
        Draft(
            Notice(
                id=ids[index],
                request_id=envelope.aggregate_id,
                seq=envelope.seq or 0,
                role=content.target.role,
                channel=content.target.channel,
                frontend=content.target.frontend,
                status=content.status,
                template=_template(event, content),
                duplicate_of=None if content.target.role == ORIGINAL else original,
                planned_at=at,
                origin=origin,
            ),
            content,
        )
        for index, content in told.items()
    ]


def _template(event: Told, content: Content) -> str:
    match event:
        case RequestStatusChanged():
            return event.template
        case TrackingCodeAsked():
            return TRACKING_CODE
        case RequestChannelsChanged():
            return content.status.value
        case _:
            assert_never(event)


def _told(event: Told, happened_at: datetime) -> Iterator[tuple[int, Content]]:
    """What is told to which target, by its place in the event."""
    match event:
        case RequestStatusChanged():
            for index, target in _wanted(event):
                yield index, _content(event, target, happened_at)
        case RequestChannelsChanged():
            if event.notice is not None:
                yield 0, Content(**dict(event.notice), happened_at=happened_at)
        case TrackingCodeAsked():
            for index, notice in enumerate(event.notices):
                code = event.tracking_code if notice.target.confirmed else None
                yield index, Content(**dict(notice), happened_at=happened_at, tracking_code=code)
        case _:
            assert_never(event)


def _wanted(change: RequestStatusChanged) -> Iterator[tuple[int, Target]]:
    """Nobody gets the same letter twice because two roles name one address."""
    written: set[str] = set()
    for index, target in enumerate(change.targets if change.visible else ()):
        address = f"{target.channel} {target.address.casefold()}" if target.address else None
        if reaches(target.channel, change.template, change.to_status) and address not in written:
            written |= {address} if address else set()
            yield index, target


def _content(change: RequestStatusChanged, target: Target, happened_at: datetime) -> Content:
    return Content(
        target=target,
        status=change.to_status,
        explanation=change.explanation,
        reference=change.reference,
        reg_no=change.reg_no,
        due_on=change.due_on,
        addressee=change.addressee,
        answer=change.answer,
        happened_at=happened_at,
        template=change.template,
    )


def trial(event: TrialLetterAsked, envelope: Envelope, at: datetime, traceparent: str | None = None) -> Draft:
    """A letter that tries the mail server goes the way of all others; it is a thread of its own."""
    origin = Origin(thread_id=event.letter_id, cause=envelope.event_id, correlation_id=envelope.event_id, traceparent=traceparent)
    target = Target(role=ORIGINAL, channel=EMAIL, address=event.address)
    content = Content(target=target, status=Status.RECEIVED, explanation="", reference="", happened_at=envelope.occurred_at)
    notice = Notice(
        id=event.letter_id,
        request_id=str(event.letter_id),
        seq=0,
        role=ORIGINAL,
        channel=EMAIL,
        frontend=None,
        status=Status.RECEIVED,
        template=TRIAL,
        duplicate_of=None,
        planned_at=at,
        origin=origin,
    )
    return Draft(notice, content)


def tried(notice: Notice, life: Life) -> TrialLetterTried | None:
    """What its asker is told, once it is over."""
    if not notice.is_trial or life.state not in (State.ACCEPTED, State.FAILED):
        return None
    return TrialLetterTried(letter_id=notice.id, sent=life.state is State.ACCEPTED, reason=life.reason)


def queued(notice: Notice) -> NotificationQueued:
    return NotificationQueued(
        notice_id=notice.id,
        request_id=notice.request_id,
        channel=notice.channel,
        role=notice.role,
        template=notice.template,
        duplicate_of=notice.duplicate_of,
    )


def decide(notice: Notice, life: Life, outcome: Outcome, terms: Terms) -> NotificationSent | NotificationFailed:
    """Every attempt that ended is one fact."""
    match outcome:
        case Accepted():
            return NotificationSent(
                notice_id=notice.id,
                request_id=notice.request_id,
                channel=notice.channel,
                provider_ref=outcome.provider_ref,
                attempt=life.attempt,
            )
        case Rejected():
            return _failed(notice, life, outcome.reason, final=True)
        case Deferred() | Unreachable() | Unanswered():
            return _failed(notice, life, outcome.reason, final=notice.is_trial or life.address_left or life.tried_for >= terms.give_up)
        case _:
            assert_never(outcome)


def reported(notice: Notice, life: Life, outcome: str) -> list[NoticeEvent]:
    """What a frontend says of a notice counts once, and only while it is known as handed over."""
    if life.state is not State.ACCEPTED:
        return []
    if outcome == "delivered":
        return [NotificationDelivered(notice_id=notice.id, request_id=notice.request_id, channel=notice.channel)]
    return [_failed(notice, life, "reported-by-frontend", final=True)]


def address_changed(notice: Notice, life: Life) -> list[NoticeEvent]:
    """A letter to an address that the person has left is not tried again; one that is on its way ends by its own outcome."""
    if life.state not in UNFINISHED - {State.SENDING}:
        return []
    return [_failed(notice, life, ADDRESS_CHANGED, final=True)]


def _failed(notice: Notice, life: Life, reason: str, *, final: bool) -> NotificationFailed:
    return NotificationFailed(
        notice_id=notice.id,
        request_id=notice.request_id,
        channel=notice.channel,
        reason=reason,
        attempt=life.attempt,
        final=final,
    )


def evolve(life: Life, event: NoticeEvent) -> Life:
    version = life.version + 1
    match event:
        case NotificationQueued():
            return life._replace(version=version, state=State.WAITING_FOR_STAFF if event.channel in STAFF else State.PLANNED)
        case NotificationSent():
            return life._replace(version=version, state=State.ACCEPTED, provider_ref=event.provider_ref, reason=None)
        case NotificationDelivered():
            return life._replace(version=version, state=State.DELIVERED)
        case NotificationFailed():
            return life._replace(version=version, state=_after_failure(event), reason=event.reason)
        case _:
            assert_never(event)


def _after_failure(event: NotificationFailed) -> State:
    if event.final:
        return State.FAILED
    return State.UNKNOWN if event.reason == NO_ANSWER else State.DEFERRED


def pause_after(life: Life, outcome: Outcome, terms: Terms, jitter: float) -> timedelta:
    """A pause that doubles with each attempt; `jitter` from 0 to 1 spreads those that failed together."""
    if isinstance(outcome, Unreachable):
        pause = terms.unreachable_pause
    else:
        pause = min(terms.first_pause * 2 ** min(max(life.attempt - 1, 0), 20), terms.longest_pause)
    return pause * (0.5 + jitter)
