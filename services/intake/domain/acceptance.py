"""How a message becomes a request, whatever door it came by (R-19). Pure: a batch of messages and what is known, in; facts out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.events.contracts.authority_events import DayDeclared
from libs.events.contracts.channel_inbound import MessageRevised
from libs.events.contracts.intake_clients import ClientIdentified
from libs.events.contracts.intake_requests import ClarificationReceived, RequestRegistered
from libs.events.fact import Event
from libs.events.vocabulary import Card, ClientKind, FileState, Flag, Mark, MessageRef, Represented, Status
from services.intake import statuses, tracking
from services.intake.completeness import has_name
from services.intake.deadlines import IsWorking, TermRules, answer_term
from services.intake.domain import representing
from services.intake.domain.authority.lists import Lists
from services.intake.domain.client import Client, account_identity
from services.intake.domain.client import evolve as evolve_client
from services.intake.domain.inbound import Door, Inbound, RequestGone, check_size, digest, first, revision, supplement
from services.intake.domain.register import NumberAssigned, Register, written
from services.intake.domain.request import Request, RequestEvent, evolve
from services.intake.domain.taking import AtDesk, CardTaken, answered, disclosed
from services.intake.domain.telling import status_changed, telling
from services.intake.domain.uploads import attachments
from services.intake.oddities import PointRule, point_of
from services.intake.office_hours import OfficeCalendar, Week


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the authority set: its lists, its registers of what comes and what leaves, its terms, who signs, what it is
    called on letters, and the key of the codes.

    `is_working` is the production calendar with what was `declared` over it.
    """

    points: tuple[PointRule, ...]
    journal: str
    index: str
    time_zone: ZoneInfo
    terms: TermRules
    is_working: IsWorking
    key: bytes
    lists: Lists
    register_at_once: bool = True
    out_journal: str = "outgoing"
    out_index: str = "ИСХ"
    signatory: str = ""
    body: str = ""
    postal_address: str = ""
    declared: Mapping[date, DayDeclared] = field(default_factory=dict)
    week: Week = field(default_factory=dict)

    def day_of(self, at: datetime) -> date:
        """The day that it is where the authority is."""
        return at.astimezone(self.time_zone).date()

    def next_day(self, at: datetime) -> datetime:
        """When that day is over."""
        return datetime.combine(self.day_of(at) + timedelta(days=1), time.min, tzinfo=self.time_zone)

    @property
    def office(self) -> OfficeCalendar:
        """When somebody is there."""
        return OfficeCalendar(week=self.week, zone=self.time_zone, is_working=self.is_working, declared=self.declared)

    @property
    def oral_points(self) -> frozenset[str]:
        """Where people speak: what comes there is registered on its day."""
        return frozenset(point.code for point in self.points if point.oral)

    def points_at(self, at: datetime) -> tuple[PointRule, ...]:
        """The points that stand on the list on that day."""
        day = self.day_of(at)
        return tuple(point for point in self.points if point.stands_on(day))


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts for one stream: `kind` is request, client or register, `point` where it happened."""

    kind: str
    aggregate_id: str
    expected_version: int
    events: Sequence[Event]
    thread_id: UUID
    client_id: UUID | None
    message: Inbound
    point: str


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


@dataclass(frozen=True)
class Seen:
    """A message that came before: its request, and the digest of each text it came with, the newest last."""

    request_id: UUID
    digests: tuple[bytes, ...]


@dataclass(kw_only=True)
class Known:
    """What a batch may know; it grows with each of its messages, so that the second sees what the first did.

    `gone`: requests that were destroyed; who answers to one of them begins another one.
    """

    messages: dict[MessageRef, Seen] = field(default_factory=dict)
    open_dialogues: dict[bytes, UUID] = field(default_factory=dict)
    references: dict[str, UUID] = field(default_factory=dict)
    requests: dict[UUID, Request] = field(default_factory=dict)
    client_of: dict[UUID, UUID] = field(default_factory=dict)
    clients: dict[UUID, Client] = field(default_factory=dict)
    identities: dict[bytes, UUID] = field(default_factory=dict)
    registers: dict[tuple[str, int], Register] = field(default_factory=dict)
    uploads: dict[str, attachments.Upload] = field(default_factory=dict)
    bound: dict[str, UUID] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    facts: list[Facts] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FreshIds:
    """Ids for what one message may need."""

    request_id: UUID
    client_id: UUID


def accept(inbound: Inbound, known: Known, rules: Rules, ids: FreshIds) -> Accepted:
    """Raises `TextTooLarge` and, of a message whose request is destroyed, `RequestGone`; anything else is kept, odd as it may be."""
    check_size(inbound.message, inbound.size)
    text = digest(rules.key, inbound.message.text, inbound.message.attachments)
    seen = known.messages.get(inbound.ref)
    if seen is not None and seen.request_id in known.gone:
        raise RequestGone
    if seen is not None and _is_again(inbound, seen, text, known):
        return _receipt(seen.request_id, known, rules, again=True)
    return _Turn(inbound, known, rules).taken(seen, text, ids)


def _is_again(inbound: Inbound, seen: Seen, text: bytes, known: Known) -> bool:
    """The same text; an earlier one that is delivered late is no edit, unless the frontend calls it one.

    On a card of the desk other words are another talk, typed over the one before: raises `CardTaken`. Its dialogue marks all that it says.
    """
    if inbound.at_desk is not None:
        request = known.requests[seen.request_id]
        if request.dialogue != inbound.message.dialogue:
            raise CardTaken(request.reg_no or request.reference)
        return True
    if inbound.door is Door.OWN_RECORD or text == seen.digests[-1]:
        return True
    return text in seen.digests and not isinstance(inbound.message, MessageRevised)


class _Turn:
    """One message's turn in its batch: what it does is added to `known`."""

    def __init__(self, inbound: Inbound, known: Known, rules: Rules) -> None:
        self.inbound = inbound
        self.known = known
        self.rules = rules
        self.points = rules.points_at(inbound.arrived_at)
        self.point = point_of(inbound.point, inbound.frontend, self.points)
        self.dialogue = tracking.dialogue_mark(rules.key, inbound.frontend, inbound.message.dialogue)

    def taken(self, seen: Seen | None, text: bytes, ids: FreshIds) -> Accepted:
        """The message as a fact of its request, then the number if that was all that lacked."""
        joined = seen.request_id if seen else self._joined()
        request_id = joined or ids.request_id
        before = self.known.requests.get(request_id, Request())
        lacked = before.lacks if joined else None
        if joined is None:
            self._begin(request_id, ids.client_id)
        elif seen:
            self._add(request_id, revision(self.inbound))
        else:
            self._add(request_id, supplement(self.inbound, self.points, knows_thread=joined == self._named()))
            self._answered(request_id)
        self._examine(request_id, before.files)
        self.known.messages[self.inbound.ref] = Seen(request_id, (*(seen.digests if seen else ()), text))
        self._register_or_tell(request_id, lacked)
        return _receipt(request_id, self.known, self.rules)

    def _examine(self, request_id: UUID, before: attachments.Files) -> None:
        """What is known of the bytes that came with it; of a virus the person hears at once."""
        for kept in self.known.requests[request_id].files[len(before) :]:
            upload_id = kept.attachment.upload_id
            upload = self.known.uploads.get(upload_id)
            event = attachments.examination(kept.attachment, upload, self.inbound.frontend, request_id)
            self._add(request_id, event)
            if upload is not None and event.state is not FileState.MISSING:
                self.known.bound[upload_id] = request_id
                self.known.uploads[upload_id] = upload._replace(request_id=request_id)
            if event.state is FileState.INFECTED:
                said = statuses.infected(kept.attachment.name)
                self._tell(request_id, self.known.requests[request_id].status, said, template=Mark.INFECTED)

    def _answered(self, request_id: UUID) -> None:
        """Whatever comes while a question waits is its answer: who reads it sees whether it is enough."""
        request = self.known.requests[request_id]
        if request.status is Status.AWAITING_CLARIFICATION and request.set_back is not None:
            self._add(request_id, ClarificationReceived(message_ref=self.inbound.ref))
            self._tell(request_id, request.set_back, statuses.clarified(request.due_on))
            self._dialogue_ends(request_id)

    def _dialogue_ends(self, request_id: UUID) -> None:
        """What comes next in it is another request."""
        if self.known.open_dialogues.get(self.dialogue) == request_id:
            del self.known.open_dialogues[self.dialogue]

    def _named(self) -> UUID | None:
        thread_ref = self.inbound.message.thread_ref
        return self.known.references.get(tracking.typed(thread_ref)) if thread_ref else None

    def _joined(self) -> UUID | None:
        """A message joins a request of its own dialogue only: the one it names, else the one that still lacks something."""
        if self.inbound.proved:
            return self._named()
        candidates = (self._named(), self.known.open_dialogues.get(self.dialogue))
        return next((request_id for request_id in candidates if request_id and self._is_own(self.known.requests[request_id])), None)

    def _is_own(self, request: Request) -> bool:
        """Whoever joins gets the request's code: in a conversation of several people another account is another person."""
        message = self.inbound.message
        account = message.sender.account
        same_dialogue = (request.frontend, request.dialogue) == (self.inbound.frontend, message.dialogue)
        return same_dialogue and (account == request.account or None in (account, request.account))

    def _begin(self, request_id: UUID, new_client_id: UUID) -> None:
        self._identify(request_id, new_client_id)
        at_desk, day_of = self.inbound.at_desk, self.rules.day_of
        late = at_desk is not None and day_of(self.inbound.message.received_at) < day_of(self.inbound.arrived_at)
        received = first(self.inbound, request_id, self.points, late)
        if odd := (*evolve(Request(), received).lacks, *self._of_powers(received.represented)):
            received = received.model_copy(update={"flags": (*received.flags, *odd)})
        self._add(request_id, received)
        self.known.open_dialogues[self.dialogue] = request_id
        if at_desk is not None:
            self._taken_down(request_id, at_desk, received.received_at)

    def _of_powers(self, represented: Represented | None) -> tuple[Flag, ...]:
        """Of who asks for somebody else; the paper may be known already."""
        mark = representing.powers_identity(self.rules.key, represented) if represented else None
        known = self.known.identities.get(mark) if mark else None
        today = self.rules.day_of(self.inbound.arrived_at)
        return representing.flags_of(represented, self.known.clients.get(known) if known else None, today)

    def _taken_down(self, request_id: UUID, at_desk: AtDesk, started_at: datetime) -> None:
        """What staff told the person, and their answer if they gave it at once: then no number is needed, and no notice."""
        for told in disclosed(at_desk):
            self._add(request_id, told)
        for answer in answered(at_desk, started_at, self.point):
            self._add(request_id, answer)
            self._tell(request_id, Status.ANSWERED, statuses.answered_at_once(), visible=False)
            self._dialogue_ends(request_id)

    def _identify(self, request_id: UUID, new_client_id: UUID) -> None:
        """The account's client, or a new one: anything weaker than an account is only proposed to staff."""
        sender, frontend = self.inbound.message.sender, self.inbound.frontend
        identity = account_identity(self.rules.key, frontend, sender.account) if sender.account else None
        client_id = self.known.identities.get(identity) if identity else None
        if client_id is None:
            client_id = new_client_id
            fact = ClientIdentified(
                kind=sender.kind or ClientKind.UNKNOWN,
                name=sender.name if has_name(sender.name) else None,
                contacts=self.inbound.message.contacts,
                platform=frontend if sender.account else None,
                account=sender.account,
            )
            self._note("client", str(client_id), 0, fact, thread_id=client_id, client_id=client_id)
            self.known.clients[client_id] = evolve_client(Client(), fact)
            if identity:
                self.known.identities[identity] = client_id
        self.known.client_of[request_id] = client_id

    def _register_or_tell(self, request_id: UUID, lacked: tuple[Flag, ...] | None) -> None:
        """The number, or word of what still lacks whenever that is something new to the person."""
        request = self.known.requests[request_id]
        if request.status is not Status.RECEIVED or request.imported:
            return
        if self.rules.register_at_once and not request.lacks:
            self._register(request_id)
            self._dialogue_ends(request_id)
        elif request.lacks != lacked:
            days = 0 if self.point in self.rules.oral_points else self.rules.terms.register_days
            self._tell(request_id, Status.RECEIVED, statuses.received(request.lacks, days))

    def _register(self, request_id: UUID) -> None:
        rules, at = self.rules, self.inbound.arrived_at
        on = rules.day_of(at)
        register = self.known.registers[rules.journal, on.year]
        number, registered = number_given(request_id, self.known.requests[request_id], register, rules, at)
        self._note("register", register.aggregate_id, register.version, number, thread_id=request_id)
        self.known.registers[rules.journal, on.year] = replace(register, version=register.version + 1)
        self._add(request_id, registered)
        self._tell(request_id, Status.REGISTERED, statuses.registered(registered.reg_no, on, registered.due_on))

    def _tell(self, request_id: UUID, status: Status, explanation: str, *, visible: bool = True, template: str = "") -> None:
        """A status that the person sees, with where it is told to at this moment (R-9)."""
        request = self.known.requests[request_id]
        client = self.known.clients.get(self.known.client_of.get(request_id, request_id), Client())
        how = telling(request_id, request, client, self.rules.key)
        self._add(request_id, status_changed(request, status, explanation, how, visible=visible, template=template))

    def _add(self, request_id: UUID, event: RequestEvent) -> None:
        request = self.known.requests.get(request_id, Request())
        client_id = self.known.client_of.get(request_id)
        self._note("request", str(request_id), request.version, event, thread_id=request_id, client_id=client_id)
        self.known.requests[request_id] = evolve(request, event, self.inbound.arrived_at)

    def _note(
        self, kind: str, aggregate_id: str, expected_version: int, event: Event, *, thread_id: UUID, client_id: UUID | None = None
    ) -> None:
        facts = Facts(
            kind=kind,
            aggregate_id=aggregate_id,
            expected_version=expected_version,
            events=[event],
            thread_id=thread_id,
            client_id=client_id,
            message=self.inbound,
            point=self.point,
        )
        self.known.facts.append(facts)


def counted_from(request: Request, registered_on: date, rules: Rules) -> date:
    """The day from which the term runs: that of the registration (8-FZ art. 18), of a paper that of its receipt (N-7.5)."""
    is_paper = request.noted is not None and request.noted.card is Card.POST
    return rules.day_of(request.received_at) if is_paper and request.received_at else registered_on


def number_given(
    request_id: UUID, request: Request, register: Register, rules: Rules, at: datetime
) -> tuple[NumberAssigned, RequestRegistered]:
    """The next number, as a fact of the register and one of the request."""
    on, number = rules.day_of(at), register.next_number
    term = answer_term(counted_from(request, on, rules), rules.terms, rules.is_working)
    registered = RequestRegistered(
        reg_no=written(rules.index, number, on.year),
        journal=register.journal,
        year=on.year,
        number=number,
        reg_at=at,
        client_kind=request.kind or ClientKind.UNKNOWN,
        due_on=term.due,
        rule_version=rules.terms.version,
        last_on=term.last,
    )
    return NumberAssigned(request_id=request_id), registered


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
