"""What the site and intake's HTTP door say to each other (docs/frontends)."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict


class Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sender(Sent):
    name: str | None
    kind: str | None
    account: str | None = None


class Contacts(Sent):
    email: str | None
    phone: str | None
    postal: str | None


class AdditionalChannel(Sent):
    channel: str
    address: str


class Attached(Sent):
    """A file that intake has, as it measured it."""

    upload_id: str
    name: str
    type: str
    size: int
    sha256: str


class Powers(Sent):
    paper: str
    number: str | None
    issued_on: date | None
    valid_until: date | None


class Represented(Sent):
    name: str
    powers: Powers


class Message(Sent):
    external_id: str
    received_at: datetime
    point: str | None
    dialogue: str
    sender: Sender
    contacts: Contacts
    text: str
    wanted_form: str | None
    additional_channel: AdditionalChannel | None
    thread_ref: str | None = None
    attachments: tuple[Attached, ...] = ()
    represented: Represented | None = None


class Told(BaseModel):
    """What intake says; what it says beyond this is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Accepted(Told):
    reference: str
    tracking_code: str
    register_number: str | None
    status: str
    status_title: str
    due_on: date | None


class Uploaded(Told):
    upload_id: str
    name: str
    type: str
    size: int
    sha256: str
    state: str


class SentFile(Told):
    name: str
    state: str
    state_title: str


class Step(Told):
    at: datetime | None  # an older register does not always know
    status: str
    status_title: str
    explanation: str


class Enclosed(Told):
    """A file that left with an answer."""

    name: str
    type: str
    size: int


class SentLetter(Told):
    """The answer that left last."""

    out_no: str
    sent_on: date
    sha256: str
    files: tuple[Enclosed, ...] = ()


class Verified(Told):
    """When an answer with that number and that mark left."""

    sent_on: date


class RequestStatus(Told):
    reference: str
    register_number: str | None
    status: str
    status_title: str
    explanation: str
    question: str | None = None
    answer_by: date | None = None
    received_at: datetime | None
    due_on: date | None
    why_due: str | None = None
    email_masked: str | None
    email_confirmed: bool
    name_masked: str | None = None
    phone_masked: str | None = None
    postal_masked: str | None = None
    additional_channel: str | None
    additional_masked: str | None
    steps: tuple[Step, ...]
    answer: str | None = None
    letter: SentLetter | None = None
    attachments: tuple[SentFile, ...] = ()


class Office(Told):
    """`known` false: its hours are nobody's business. Times are aware."""

    known: bool
    open: bool
    open_until: datetime | None = None
    opens_at: datetime | None = None


class Channels(Told):
    """What was changed, masked; what was not is not told."""

    email_masked: str | None = None
    additional_masked: str | None = None


class PointOfContact(Told):
    """A point of interaction; `where` may be a web address, an e-mail address or a place."""

    code: str
    title: str
    kind: str
    where: str = ""


class Terms(Told):
    """Days, counted from the registration, and the act that sets them."""

    act: str
    register_days: int
    answer_days: int
    extension_days: int
    extension_notice_days: int
    redirect_days: int


class TheAuthority(Told):
    """Who it is and how else to reach it; empty is what it did not say."""

    name: str
    short_name: str
    act: str
    postal_address: str
    phones: tuple[str, ...]
    hours: str
    time_zone: ZoneInfo
    points: tuple[PointOfContact, ...] = ()
    terms: Terms | None = None


class FieldError(Told):
    field: str
    says: str


class KeptForm(Told):
    kept_until: datetime


class OpenedForm(Told):
    sealed: str


class Problem(Told):
    """RFC 9457, as far as it concerns a person."""

    code: str = ""
    status: int = 0
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
