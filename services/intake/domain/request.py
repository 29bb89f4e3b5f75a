"""A request, from the first message on: what was said, its number, its status, where its notices go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, assert_never

from libs.events.contracts.intake_answers import (
    AnswerSent,
    DraftApproved,
    DraftChecked,
    DraftPrepared,
    DraftReturned,
    DraftSubmitted,
    LetterPosted,
    OralConsultationGiven,
    PhoneEnquiryAnswered,
    RefusalIssued,
)
from libs.events.contracts.intake_requests import (
    AppealRouteExplained,
    AttachmentExamined,
    AttachmentReleased,
    ClarificationNotReceived,
    ClarificationReceived,
    ClarificationRequested,
    CompetentBodyUnknownReported,
    DeadlineApproaching,
    DeadlineExtended,
    DeadlineMissed,
    DeadlineRecomputed,
    DisclosureProvided,
    HistoricalEntryImported,
    HistoricalRequestImported,
    MessageSetAside,
    MessageTakenUp,
    PersonalDataCorrected,
    PowersChecked,
    RequestAdditionalChannelChanged,
    RequestAssigned,
    RequestChannelsChanged,
    RequestClassified,
    RequestEmailConfirmed,
    RequestMerged,
    RequestNotConsidered,
    RequestReassigned,
    RequestReceived,
    RequestRedirected,
    RequestRegistered,
    RequestRevised,
    RequestStatusChanged,
    RequestSupplemented,
    RequestWithdrawn,
    TrackingCodeAsked,
)
from libs.events.fact import Event
from libs.events.topics import DESK
from libs.events.vocabulary import (
    AdditionalChannel,
    Classification,
    ClientKind,
    Contacts,
    Flag,
    MessageRef,
    PowersOutcome,
    Represented,
    Status,
    TakenDown,
    WantedForm,
)
from services.intake.completeness import has_phone, has_postal, missing
from services.intake.domain import representing
from services.intake.domain.answer.draft import DraftEvent, Drafts, with_event
from services.intake.domain.said import joined, newer, usable
from services.intake.domain.uploads import attachments
from services.intake.oddities import usable_email

RequestEvent = (
    RequestReceived
    | RequestSupplemented
    | RequestRevised
    | RequestRegistered
    | RequestStatusChanged
    | RequestChannelsChanged
    | RequestAdditionalChannelChanged
    | RequestEmailConfirmed
    | PersonalDataCorrected
    | PowersChecked
    | TrackingCodeAsked
    | RequestNotConsidered
    | MessageSetAside
    | MessageTakenUp
    | RequestClassified
    | AppealRouteExplained
    | RequestAssigned
    | RequestReassigned
    | RequestRedirected
    | CompetentBodyUnknownReported
    | ClarificationRequested
    | ClarificationReceived
    | ClarificationNotReceived
    | DeadlineApproaching
    | DeadlineMissed
    | DeadlineExtended
    | DeadlineRecomputed
    | RequestMerged
    | RequestWithdrawn
    | DisclosureProvided
    | PhoneEnquiryAnswered
    | OralConsultationGiven
    | AttachmentExamined
    | AttachmentReleased
    | HistoricalRequestImported
    | HistoricalEntryImported
    | DraftEvent
    | AnswerSent
    | LetterPosted
    | RefusalIssued
)
SITE = "site"
WITHOUT_REPLY = ("", SITE, DESK)  # no answer can go back the way that the message came
STILL_MISSING = frozenset({Flag.NO_NAME, Flag.NO_CONTACT, Flag.NO_QUESTION})


@dataclass(frozen=True)
class Step:
    """A visible change of status, as the person saw it."""

    at: datetime | None
    status: Status
    explanation: str
    mark: str = ""
    """What was told though the status stayed, as its template calls it."""
    answer: str | None = None


class Request(NamedTuple):
    """A request as its events tell it; `texts` holds the newest text of each of its messages, `flags` what was odd about any.

    `answer_days` is by which its term was counted, where a type of its had a term of its own; `last_on` is where those days end, before a
    day off moves `due_on`. `approaching` and `missed` are what was told of the present due day; another day is told anew.
    `set_back` is the status that it goes back to once the person has answered our `question`, or `wait_until` is over.
    """

    version: int = 0
    status: Status = Status.RECEIVED
    reference: str = ""
    reg_no: str | None = None
    frontend: str = ""
    dialogue_key: str = ""
    dialogue: str = ""
    received_at: datetime | None = None
    registered_at: datetime | None = None
    due_on: date | None = None
    last_on: date | None = None
    answer_days: int | None = None
    extended: bool = False
    approaching: bool = False
    missed: bool = False
    classification: Classification | None = None
    unit: str | None = None
    executor: str | None = None
    set_back: Status | None = None
    wait_until: date | None = None
    question: str | None = None
    name: str | None = None
    account: str | None = None
    kind: ClientKind | None = None
    contacts: Contacts = Contacts()
    additional: AdditionalChannel | None = None
    email: str | None = None
    email_confirmed: bool = False
    texts: tuple[tuple[MessageRef, str], ...] = ()
    flags: frozenset[Flag] = frozenset()
    steps: tuple[Step, ...] = ()
    old: HistoricalRequestImported | None = None
    noted: TakenDown | None = None
    files: attachments.Files = ()
    wanted_form: WantedForm | None = None
    drafts: Drafts = ()
    letter: AnswerSent | RefusalIssued | None = None
    awaits_post: bool = False
    represented: Represented | None = None
    powers: PowersOutcome | None = None

    @property
    def imported(self) -> bool:
        """It began in an older register."""
        return self.old is not None

    @property
    def number(self) -> str:
        """What staff call it by: its register number, else its reference, else that of the older register."""
        return self.reg_no or self.reference or (self.old.foreign_no if self.old else "")

    @property
    def draft_sha256(self) -> str | None:
        """Of the last version of the answer."""
        return self.drafts[-1].sha256 if self.drafts else None

    @property
    def out_no(self) -> str | None:
        """The number of the letter that left last."""
        return self.letter.out_no if self.letter else None

    @property
    def answer(self) -> str | None:
        """The text that the person was given last."""
        return next((step.answer for step in reversed(self.steps) if step.answer), None)

    @property
    def reachable(self) -> bool:
        """By a contact that the law names, or in the dialogue itself where the frontend can reply."""
        if self.frontend not in WITHOUT_REPLY or self.email or self.additional:
            return True
        return has_phone(self.contacts.phone) or has_postal(self.contacts.postal)

    @property
    def lacks(self) -> tuple[Flag, ...]:
        """What the law needs and nobody said yet."""
        return missing(self.name, self.reachable, tuple(text for _, text in self.texts))


def evolve(request: Request, event: RequestEvent, at: datetime | None = None) -> Request:  # noqa: C901 - one case for each fact
    version = request.version + 1
    match event:
        case RequestReceived():
            return _begun(request, event)._replace(version=version)
        case RequestSupplemented():
            return _said(request, event, version=version)
        case RequestRevised():
            texts = _with_text(request.texts, event.message_ref, event.text)
            flags, files = request.flags | set(event.flags), attachments.added(request.files, event.attachments)
            return request._replace(version=version, texts=texts, flags=flags, files=files)
        case RequestRegistered():
            return _due(request, event.due_on, event.last_on, version=version, reg_no=event.reg_no, registered_at=event.reg_at)
        case DeadlineApproaching() | DeadlineMissed() | DeadlineExtended() | DeadlineRecomputed():
            return _of_term(request, event)._replace(version=version)
        case RequestStatusChanged():
            return request._replace(version=version, status=event.to_status, steps=(*request.steps, *_seen(event, at)))
        case RequestChannelsChanged() | RequestAdditionalChannelChanged() | RequestEmailConfirmed():
            return _of_channels(request, event)._replace(version=version)
        case PersonalDataCorrected():
            contacts = joined(event.contacts, request.contacts)
            return request._replace(version=version, name=event.name or request.name, contacts=contacts)
        case PowersChecked():
            flags = representing.flags_after(request.flags, event.outcome)
            return request._replace(version=version, represented=event.represented, powers=event.outcome, flags=flags)
        case RequestClassified():
            return _sorted(request, event)._replace(version=version)
        case RequestAssigned() | RequestReassigned():
            return request._replace(version=version, unit=event.unit, executor=event.executor)
        case ClarificationRequested():
            request = request._replace(set_back=request.status, wait_until=event.wait_until, question=event.question)
            return request._replace(version=version)
        case ClarificationReceived() | ClarificationNotReceived():
            return request._replace(version=version, set_back=None, wait_until=None, question=None)
        case DraftPrepared() | DraftChecked() | DraftSubmitted() | DraftReturned() | DraftApproved():
            return request._replace(version=version, drafts=with_event(request.drafts, event))
        case AnswerSent() | RefusalIssued() | LetterPosted():
            return _left(request, event)._replace(version=version)
        case AttachmentExamined() | AttachmentReleased():
            return request._replace(version=version, files=attachments.known_more(request.files, event))
        case HistoricalRequestImported():
            return _taken_over(request, event)._replace(version=version)
        case (
            RequestNotConsidered()
            | MessageSetAside()
            | MessageTakenUp()
            | AppealRouteExplained()
            | RequestRedirected()
            | CompetentBodyUnknownReported()
            | RequestMerged()
            | RequestWithdrawn()
            | DisclosureProvided()
            | PhoneEnquiryAnswered()
            | OralConsultationGiven()
            | HistoricalEntryImported()
            | TrackingCodeAsked()
        ):
            return request._replace(version=version)  # the status that comes with it tells the rest
        case _:
            assert_never(event)


def _begun(request: Request, event: RequestReceived) -> Request:
    return _said(
        request,
        event,
        reference=event.reference,
        frontend=event.message_ref.frontend,
        dialogue_key=event.dialogue_key,
        dialogue=event.dialogue,
        received_at=event.received_at,
        noted=event.taken_down,
        wanted_form=event.wanted_form,
        represented=event.represented,
    )


def _seen(event: RequestStatusChanged, at: datetime | None) -> tuple[Step, ...]:
    mark = event.template if event.template != event.to_status.value else ""
    return (Step(at, event.to_status, event.explanation, mark, event.answer),) if event.visible else ()


def _left(request: Request, event: AnswerSent | RefusalIssued | LetterPosted) -> Request:
    if isinstance(event, LetterPosted):
        return request._replace(awaits_post=False)
    return request._replace(letter=event, awaits_post=event.form is WantedForm.WRITTEN)


def _sorted(request: Request, event: RequestClassified) -> Request:
    if event.due_on is not None:
        request = _due(request, event.due_on, event.last_on)
    return request._replace(
        classification=event.classification, kind=event.client_kind, answer_days=event.answer_days or request.answer_days
    )


def _of_channels(request: Request, event: RequestChannelsChanged | RequestAdditionalChannelChanged | RequestEmailConfirmed) -> Request:
    match event:
        case RequestChannelsChanged():
            return request._replace(email=event.email, email_confirmed=event.email_confirmed)
        case RequestAdditionalChannelChanged():
            return request._replace(additional=event.additional)
        case RequestEmailConfirmed():
            return request._replace(email_confirmed=True)
        case _:
            assert_never(event)


def _of_term(request: Request, event: DeadlineApproaching | DeadlineMissed | DeadlineExtended | DeadlineRecomputed) -> Request:
    match event:
        case DeadlineApproaching():
            return request._replace(approaching=True)
        case DeadlineMissed():
            return request._replace(missed=True)
        case DeadlineExtended():
            return _due(request, event.new_due, event.new_due, extended=True)
        case DeadlineRecomputed():
            return _due(request, event.new_due, event.last_on)
        case _:
            assert_never(event)


def _due(request: Request, on: date, last_on: date | None, **also: Any) -> Request:
    """Of another day nothing was told yet."""
    return request._replace(due_on=on, last_on=last_on, approaching=False, missed=False, **also)


def _taken_over(request: Request, event: HistoricalRequestImported) -> Request:
    if event.due_on is not None and event.due_on != request.due_on:
        request = _due(request, event.due_on, None)
    return request._replace(
        status=event.state, received_at=event.received_at, due_on=event.due_on, name=event.client_name, unit=event.unit, old=event
    )


def _said(request: Request, event: RequestReceived | RequestSupplemented, **also: Any) -> Request:
    """What the newest message says goes before what was said earlier; silence and what can't be used change nothing."""
    additional = usable(event.additional_channel)
    chosen = additional.address if additional and additional.channel == "email" else event.contacts.email
    email = usable_email(chosen) or request.email  # never the contacts of earlier messages: the person may have changed it since
    return request._replace(
        name=newer(event.sender.name, request.name),
        account=request.account or event.sender.account,
        kind=request.kind if event.sender.kind in (None, ClientKind.UNKNOWN) else event.sender.kind,
        contacts=joined(event.contacts, request.contacts),
        additional=additional or request.additional,
        email=email,
        email_confirmed=request.email_confirmed and email == request.email,
        texts=_with_text(request.texts, event.message_ref, event.text),
        files=attachments.added(request.files, event.attachments),
        flags=(request.flags | set(event.flags)) - STILL_MISSING,
        **also,
    )


def _with_text(texts: tuple[tuple[MessageRef, str], ...], ref: MessageRef, text: str) -> tuple[tuple[MessageRef, str], ...]:
    if any(known == ref for known, _ in texts):
        return tuple((known, text if known == ref else old) for known, old in texts)
    return (*texts, (ref, text))


def replayed(events: Sequence[tuple[Event, datetime]]) -> Request:
    """The state after these facts, each with the time of its act."""
    return states(events)[-1] if events else Request()


def states(events: Sequence[tuple[Event, datetime]]) -> list[Request]:
    """The state after each of these facts."""
    found, request = [], Request()
    for event, at in events:
        request = evolve(request, event, at)  # type: ignore[arg-type]  # the category's registry holds no other type
        found.append(request)
    return found
