"""intake.requests.v1: the life of a request. Key: the request's id; every event of a request's stream is here."""

from datetime import date
from typing import Annotated
from uuid import UUID

from libs.events.contracts import intake_answers
from libs.events.fact import Event, Moment, Open, Personal, Secret
from libs.events.vocabulary import (
    AdditionalChannel,
    Attachment,
    Classification,
    ClientKind,
    Contacts,
    FileState,
    Flag,
    MessageRef,
    Override,
    PowersOutcome,
    Represented,
    Sender,
    Standing,
    Status,
    TakenDown,
    Target,
    Term,
    WantedForm,
)


class RequestReceived(Event):
    """A message became a request (N-8.2, N-4.4). Names both threads: the envelope's and the dialogue's.

    `taken_down`: it was spoken or written on paper, and staff typed it in.
    """

    reference: Annotated[str, Open]
    message_ref: Annotated[MessageRef, Open]
    channel: Annotated[str, Open]
    dialogue_thread: Annotated[UUID, Open]
    dialogue_key: Annotated[str, Open]
    dialogue: Annotated[str, Personal]
    received_at: Annotated[Moment, Open]
    flags: Annotated[tuple[Flag, ...], Open] = ()
    sender: Sender
    contacts: Contacts
    text: Annotated[str, Personal]
    wanted_form: Annotated[WantedForm | None, Open] = None
    additional_channel: AdditionalChannel | None = None
    attachments: tuple[Attachment, ...] = ()
    taken_down: TakenDown | None = None
    represented: Represented | None = None


class RequestSupplemented(Event):
    """A further message of the dialogue, or with the request's reference, belongs to this request (N-7.6)."""

    message_ref: Annotated[MessageRef, Open]
    received_at: Annotated[Moment, Open]
    flags: Annotated[tuple[Flag, ...], Open] = ()
    sender: Sender
    contacts: Contacts
    text: Annotated[str, Personal]
    additional_channel: AdditionalChannel | None = None
    attachments: tuple[Attachment, ...] = ()


class RequestRevised(Event):
    """A message of this request came again with another text; the earlier one stays in its own event (N-2.2)."""

    message_ref: Annotated[MessageRef, Open]
    received_at: Annotated[Moment, Open]
    flags: Annotated[tuple[Flag, ...], Open] = ()
    text: Annotated[str, Personal]
    attachments: tuple[Attachment, ...] = ()


class RequestRegistered(Event):
    """The request has its number in the register of a year and journal (N-8.2, N-9.1)."""

    reg_no: Annotated[str, Open]
    journal: Annotated[str, Open]
    year: Annotated[int, Open]
    number: Annotated[int, Open]
    reg_at: Annotated[Moment, Open]
    client_kind: Annotated[ClientKind, Open]
    due_on: Annotated[date, Open]
    rule_version: Annotated[str, Open]
    last_on: Annotated[date | None, Open] = None
    """Where the days of the term end, before a day off moves `due_on`; older events do not say."""


class RequestStatusChanged(Event):
    """What the person is told: the only status event that the notifier must understand (N-3.3, A-2.1.4).

    `template` is the new status, or the `Mark` that is told beside it. `answer` is the text that was approved, letter by letter.
    """

    from_status: Annotated[Status | None, Open]
    to_status: Annotated[Status, Open]
    visible: Annotated[bool, Open]
    template: Annotated[str, Open]
    explanation: str
    reference: Annotated[str, Open]
    reg_no: Annotated[str | None, Open] = None
    due_on: Annotated[date | None, Open] = None
    addressee: Annotated[str | None, Personal] = None
    targets: tuple[Target, ...] = ()
    answer: Annotated[str | None, Personal] = None


class RequestChannelsChanged(Event):
    """The address of e-mail notices is another one; effective for all later ones (N-3.2).

    `notice` goes out now: to an address that still has to be confirmed, with the link that does it (N-3.4). `override`: staff changed it.
    """

    email: Annotated[str | None, Personal]
    email_confirmed: Annotated[bool, Open] = False
    notice: Standing | None = None
    override: Override | None = None


class RequestAdditionalChannelChanged(Event):
    """Another additional channel for notices of this request, or none (N-3.1, N-3.2). `override`: staff changed it."""

    additional: Annotated[AdditionalChannel | None, Personal] = None
    override: Override | None = None


class RequestEmailConfirmed(Event):
    """The link of the first letter was followed: the address belongs to the person (N-3.4)."""

    confirmed_at: Annotated[Moment, Open]


class PersonalDataCorrected(Event):
    """The person corrected what the request says of them (E-11): only what is new, and what stood there before."""

    name: Annotated[str | None, Personal] = None
    contacts: Contacts = Contacts()
    previous_name: Annotated[str | None, Personal] = None
    previous_contacts: Contacts = Contacts()


class PowersChecked(Event):
    """What the registrar found of the powers by which the sender asks for `represented`, whose client the envelope then names (E-11)."""

    outcome: Annotated[PowersOutcome, Open]
    represented: Represented
    reason: str | None = None


class TrackingCodeAsked(Event):
    """Somebody asked for the code of the request: it goes to each of `notices` whose target is proved, and to nobody else (E-10)."""

    notices: tuple[Standing, ...] = ()
    tracking_code: Annotated[str | None, Secret] = None


class RequestNotConsidered(Event):
    """The law lets it stay unanswered (8-FZ art. 18, 20(1)2): `ground` is no-name or no-contact. The request stays in the history."""

    ground: Annotated[str, Open]


class MessageSetAside(Event):
    """What came is no request at all, such as spam or thanks; `reason` in the registrar's words (N-8.2)."""

    reason: str


class MessageTakenUp(Event):
    """What had been set aside is a request after all."""

    reason: str


class RequestClassified(Event):
    """The registrar confirmed what is asked, by whom, how urgently, and whose it is (N-2.1, N-8.4, N-8.5); the former stays beside it.

    `answer_days`, `due_on` and `last_on`, where its days end before a day off moves them: the term, where the type has another one than
    the request had.
    """

    classification: Annotated[Classification, Open]
    client_kind: Annotated[ClientKind, Open]
    previous: Annotated[Classification | None, Open] = None
    answer_days: Annotated[int | None, Open] = None
    due_on: Annotated[date | None, Open] = None
    last_on: Annotated[date | None, Open] = None


class AppealRouteExplained(Event):
    """An appeal of 59-FZ came by a way that the act does not take; the person was told which way it takes."""

    act: Annotated[str, Open]
    how: str


class RequestAssigned(Event):
    """A unit, and in it perhaps an executor, has the request (N-6.1); `target_on` is internal and moves no term of the law (N-8.5)."""

    unit: Annotated[str, Open]
    executor: Annotated[str | None, Open] = None
    target_on: Annotated[date | None, Open] = None


class RequestReassigned(Event):
    """Another unit or executor has it now, and why."""

    unit: Annotated[str, Open]
    executor: Annotated[str | None, Open] = None
    target_on: Annotated[date | None, Open] = None
    reason: str


class RequestRedirected(Event):
    """It was forwarded to the body that is competent (8-FZ art. 18)."""

    to_body: str
    forwarded_on: Annotated[date, Open]
    explanation: str


class CompetentBodyUnknownReported(Event):
    """It is none of our activity, and which body is competent is not known (8-FZ art. 18(7))."""

    explanation: str


class ClarificationRequested(Event):
    """The person was asked what is meant; the term runs on (8-FZ art. 18)."""

    question: Annotated[str, Personal]
    wait_until: Annotated[date, Open]


class ClarificationReceived(Event):
    """This message of the person answers the question."""

    message_ref: Annotated[MessageRef, Open]


class ClarificationNotReceived(Event):
    """Nobody answered our question until the day that was named; the request goes on as it is, its term had never stopped."""

    wait_until: Annotated[date, Open]


class DeadlineApproaching(Event):
    """The last day of a term is near (N-9.1): `days_left` is 0 on that day itself. Told once for each due day."""

    term: Annotated[Term, Open]
    due_on: Annotated[date, Open]
    days_left: Annotated[int, Open]


class DeadlineMissed(Event):
    """The last day of a term is over, and what it was for is not done (N-9.1, N-1.2). Told once for each due day."""

    term: Annotated[Term, Open]
    due_on: Annotated[date, Open]


class DeadlineExtended(Event):
    """The answer comes later, once and by fifteen days at most; decided and told within seven days of registration (8-FZ art. 18)."""

    old_due: Annotated[date, Open]
    new_due: Annotated[date, Open]
    reason: str
    rule_version: Annotated[str, Open]


class DeadlineRecomputed(Event):
    """`day` was declared working or off by `decree`, and that moves the last day of the answer; `last_on` is where its days end."""

    old_due: Annotated[date, Open]
    new_due: Annotated[date, Open]
    last_on: Annotated[date, Open]
    day: Annotated[date, Open]
    working: Annotated[bool, Open]
    decree: Annotated[str, Personal]


class RequestMerged(Event):
    """The same person had asked the same: the answer goes out with `into` (E-7)."""

    into: Annotated[UUID, Open]
    into_no: Annotated[str, Open]
    reason: str


class RequestWithdrawn(Event):
    """The person does not want an answer any more (8-FZ art. 8)."""

    reason: str | None = None


class DisclosureProvided(Event):
    """The person was told what must be disclosed (N-5.1). `material_ids`: codes of the authority's list; `how`: spoken."""

    material_ids: Annotated[tuple[str, ...], Open]
    how: Annotated[str, Open]


class AttachmentExamined(Event):
    """What is known of the bytes of an attachment; the newest word counts. `thread` is what their key belongs to (E-5).

    `found` is what the virus scanner calls it.
    """

    upload_id: str
    state: Annotated[FileState, Open]
    thread: Annotated[UUID | None, Open] = None
    found: str | None = None


class AttachmentReleased(Event):
    """Somebody answers for it that colleagues open an attachment that no scanner has cleared (E-5)."""

    upload_id: str
    reason: str


class HistoricalRequestImported(Event):
    """A request of an older register: any state, its own number and dates; retention counts from the import."""

    foreign_no: Annotated[str, Open]
    old_register: Annotated[str, Open]
    state: Annotated[Status, Open]
    point: Annotated[str, Open]
    received_at: Annotated[Moment | None, Open] = None
    due_at: Annotated[Moment | None, Open] = None
    due_on: Annotated[date | None, Open] = None
    closed_at: Annotated[Moment | None, Open] = None
    unit: Annotated[str | None, Open] = None
    subject: Annotated[str | None, Personal] = None
    client_name: Annotated[str | None, Personal] = None
    imported_at: Annotated[Moment, Open]


class HistoricalEntryImported(Event):
    """One dated line of an older register: what was done and by whom (a code of theirs, not an account of ours)."""

    foreign_no: Annotated[str, Open]
    line: Annotated[int, Open]
    happened_at: Annotated[Moment, Open]
    what: Annotated[str, Personal]
    by: Annotated[str | None, Personal] = None


EVENTS = (
    RequestReceived,
    RequestSupplemented,
    RequestRevised,
    RequestRegistered,
    RequestStatusChanged,
    RequestChannelsChanged,
    RequestAdditionalChannelChanged,
    RequestEmailConfirmed,
    PersonalDataCorrected,
    PowersChecked,
    TrackingCodeAsked,
    RequestNotConsidered,
    MessageSetAside,
    MessageTakenUp,
    RequestClassified,
    AppealRouteExplained,
    RequestAssigned,
    RequestReassigned,
    RequestRedirected,
    CompetentBodyUnknownReported,
    ClarificationRequested,
    ClarificationReceived,
    ClarificationNotReceived,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineExtended,
    DeadlineRecomputed,
    RequestMerged,
    RequestWithdrawn,
    DisclosureProvided,
    AttachmentExamined,
    AttachmentReleased,
    HistoricalRequestImported,
    HistoricalEntryImported,
    *intake_answers.EVENTS,
)
