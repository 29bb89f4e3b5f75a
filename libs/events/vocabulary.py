"""Words that several events share: client kinds, statuses, contacts, where a notice goes."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from libs.events.fact import Personal, Secret, Value

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ClientKind(StrEnum):
    """A-1.2.1 and A-1.2.2; `UNKNOWN` only until the registrar confirms (N-2.1)."""

    UNKNOWN = "unknown"
    CITIZEN = "citizen"
    STATELESS = "stateless"
    DUAL_CITIZEN = "dual_citizen"
    FOREIGNER = "foreigner"
    SELF_EMPLOYED = "self_employed"
    SOLE_TRADER = "sole_trader"
    UNREGISTERED_ASSOCIATION = "unregistered_association"
    LEGAL_ENTITY = "legal_entity"
    INTERNAL = "internal"


class Status(StrEnum):
    """Statuses of a request; transitions come with their own commands."""

    RECEIVED = "received"
    REGISTERED = "registered"
    NOT_CONSIDERED = "not_considered"
    NOT_A_REQUEST = "not_a_request"
    CLASSIFIED = "classified"
    EXPLAINED = "explained"
    ASSIGNED = "assigned"
    REDIRECTED = "redirected"
    AWAITING_CLARIFICATION = "awaiting_clarification"
    DRAFTING = "drafting"
    ON_APPROVAL = "on_approval"
    APPROVED = "approved"
    ANSWERED = "answered"
    ANSWERED_PARTIALLY = "answered_partially"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    CLOSED = "closed"
    EXPIRED = "expired"


class Mark(StrEnum):
    """What a notice tells that the status alone does not; it stands as the notice's template in place of the status."""

    EXTENDED = "extended"
    RECOMPUTED = "recomputed"
    INFECTED = "attachment-infected"
    CHANNEL = "channel-changed"
    POSTED = "letter-posted"


class Urgency(StrEnum):
    """What goes first in the queue (N-8.5); no term of the law depends on it."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


class Term(StrEnum):
    """A term of the law that a request has until it is over (N-9.1)."""

    REGISTRATION = "registration"
    ANSWER = "answer"


class WantedForm(StrEnum):
    """The form of the answer that the person asked for (8-FZ art. 7, A-3.2)."""

    ELECTRONIC = "electronic"
    WRITTEN = "written"
    ORAL = "oral"


class AnswerScope(StrEnum):
    """How much of what was asked for an answer gives (8-FZ art. 19, 20; N-9.2)."""

    FULL = "full"
    PARTIAL = "partial"
    REFUSAL = "refusal"


class RefusalGround(StrEnum):
    """Why information may be refused: a closed list (8-FZ art. 20)."""

    UNCLEAR = "unclear"  # part 1(1)
    NOT_OURS = "not-ours"  # part 1(3)
    RESTRICTED = "restricted"  # part 1(4)
    GIVEN_BEFORE = "given-before"  # part 1(5)
    ASSESSMENT = "assessment"  # part 1(6)
    PUBLISHED = "published"  # part 2


class Flag(StrEnum):
    """What is odd about a kept message and wants a look; nothing flagged is refused (R-8)."""

    UNKNOWN_POINT = "unknown-point"
    WRONG_AUDIENCE = "wrong-audience"
    NO_NAME = "no-name"
    NO_CONTACT = "no-contact"
    NO_QUESTION = "no-question"
    BAD_EMAIL = "bad-email"
    CLOCK_OFF = "clock-off"
    ENTERED_LATE = "entered-late"
    TEXT_CHANGED = "text-changed"
    THREAD_UNKNOWN = "thread-unknown"
    POWERS_UNCHECKED = "powers-unchecked"
    POWERS_EXPIRED = "powers-expired"
    POWERS_WITHDRAWN = "powers-withdrawn"


class Card(StrEnum):
    """What staff take a contact down on: of a call, of a visit, of a paper (N-7.1, N-7.5, N-7.7)."""

    PHONE = "phone"
    RECEPTION = "reception"
    POST = "post"


class OralOutcome(StrEnum):
    """What came of a question that was answered in the talk itself (N-4.5)."""

    INFORMED = "informed"
    WHERE_PUBLISHED = "where-published"
    REFERRED = "referred"


class TakenDown(Value):
    """What staff noted of a contact beside what was said. Filled as far as its card has the field.

    `number`: which phone of the authority rang (N-7.1); `office`: where the visit was (N-7.7); `own_no`, `own_on`: the number and date that
    the paper itself bears; `received_by`: the account of who took the paper in; `topic`: a code of the authority's list.
    """

    card: Card
    number: str | None = None
    office: str | None = None
    own_no: Annotated[str | None, Personal] = None
    own_on: date | None = None
    received_by: str | None = None
    topic: str | None = None


class Sender(Value):
    """Who wrote, as they said it. `account` is the platform's own id of the sender, verified by the platform."""

    name: Annotated[str | None, Personal] = None
    kind: ClientKind | None = None
    account: Annotated[str | None, Personal] = None


class PowersPaper(StrEnum):
    """By what somebody may act for another one (8-FZ art. 18, Civil Code art. 26, 53, 185)."""

    POWER_OF_ATTORNEY = "power-of-attorney"
    PARENT_OR_GUARDIAN = "parent-or-guardian"
    HEAD = "head"  # of an organisation, by its charter
    COURT = "court"
    OTHER = "other"


class Powers(Value):
    """The paper that gives them, as far as it was told; `valid_until` is its last day."""

    paper: PowersPaper
    number: Annotated[str | None, Personal, StringConstraints(max_length=100)] = None
    issued_on: date | None = None
    valid_until: date | None = None


class PowersOutcome(StrEnum):
    """What the registrar found: the paper was seen and is good, it is not, or whoever gave it has taken it back."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Represented(Value):
    """For whom the sender asks, and by what powers (E-11)."""

    name: Annotated[str, Personal, StringConstraints(min_length=1, max_length=300)]
    kind: ClientKind | None = None
    powers: Powers


class Contacts(Value):
    """How the person may be reached, as typed."""

    email: Annotated[str | None, Personal] = None
    phone: Annotated[str | None, Personal] = None
    postal: Annotated[str | None, Personal] = None


class AdditionalChannel(Value):
    """The additional channel that the person chose (N-3.1); code `email`, `phone` or `post`."""

    channel: Annotated[str, StringConstraints(pattern="^(email|phone|post)$")]
    address: Annotated[str, Personal, StringConstraints(min_length=1, max_length=500)]


class AskedBy(StrEnum):
    """At whose word staff changed the way that a person had chosen; `NOBODY`: nobody could be reached the way it was."""

    PHONE = "phone"
    RECEPTION = "reception"
    POST = "post"
    MESSAGE = "message"
    REPRESENTATIVE = "representative"
    NOBODY = "nobody"


class Override(Value):
    """Staff changed a way of telling the person: `channel` email, phone or post, at whose word, and why (A-3.4)."""

    channel: Annotated[str, StringConstraints(pattern="^(email|phone|post)$")]
    asked: AskedBy
    reason: Annotated[str, Personal]


class Attachment(Value):
    """Bytes that went to the upload door first; `sha256` in hex, `size` in bytes."""

    upload_id: str
    name: Annotated[str, Personal]
    type: str
    size: Annotated[int, Field(ge=0, le=2**53)]  # what JSON carries exactly
    sha256: str


class AnswerFile(Attachment):
    """A file of an answer. `restricted`: it is of restricted access and never leaves; the answer cites the act instead (N-6.3)."""

    restricted: bool = False


class FileState(StrEnum):
    """What is known of the bytes of an attachment: the virus scanner's word, that it has not spoken yet, or that they are not there."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSURE = "unsure"
    UNCHECKED = "unchecked"
    MISSING = "missing"


class MessageRef(Value):
    """Which message of which frontend; unique for as long as history is kept (D-24)."""

    frontend: str
    external_id: ExternalId


class Classification(Value):
    """What is asked, as the registrar sees it: codes of the authority's lists of types, topics and units (N-6.1, N-8.4, N-8.5)."""

    type: str
    topic: str
    urgency: Urgency
    unit: str


class Target(Value):
    """Where one notice goes, as the person had chosen at that moment (R-9).

    `role` is original, additional or email (the duplicate of N-3.5). `channel` is site, email, phone, post or frontend;
    for `frontend` the notice goes to that frontend's outbound topic under the dialogue's key.
    """

    role: str
    channel: str
    address: Annotated[str | None, Personal] = None
    frontend: str | None = None
    dialogue_key: str | None = None
    dialogue: Annotated[str | None, Personal] = None
    confirmed: bool = True
    confirm_token: Annotated[str | None, Secret] = None


class Standing(Value):
    """Where a request stands, told to one target though its status did not change."""

    target: Target
    status: Status
    explanation: str
    reference: str
    reg_no: str | None = None
    due_on: date | None = None
    addressee: Annotated[str | None, Personal] = None
    answer: Annotated[str | None, Personal] = None
