"""What the HTTP door takes and answers, as JSON: docs/frontends/openapi.json is made of these."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, ExternalId, FileState, Powers, Represented, Sender

Typed = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Corrected = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
STRICT = ConfigDict(frozen=True, extra="forbid")


class SenderBody(Sender):
    model_config = STRICT


class ContactsBody(Contacts):
    model_config = STRICT


class AdditionalBody(AdditionalChannel):
    model_config = STRICT


class AttachmentBody(Attachment):
    model_config = STRICT


class PowersBody(Powers):
    model_config = STRICT


class RepresentedBody(Represented):
    model_config = STRICT
    powers: PowersBody


class MessageBody(MessageReceived):
    """A message with the point where it happened; an unknown field is refused at any depth, because it is a mistake of whoever wrote it."""

    model_config = STRICT
    sender: SenderBody = SenderBody()
    contacts: ContactsBody = ContactsBody()
    additional_channel: AdditionalBody | None = None
    attachments: Annotated[tuple[AttachmentBody, ...], Field(max_length=50)] = ()
    represented: RepresentedBody | None = None
    point: Annotated[str | None, StringConstraints(min_length=1, max_length=100)] = None


class Body(BaseModel):
    model_config = STRICT


class StatusBody(Body):
    number: Typed
    tracking_code: Typed


class ChannelsBody(StatusBody):
    """What is absent stays as it is, what is null is dropped; one of the two must be there."""

    email: Annotated[str, StringConstraints(max_length=320)] | None = None
    additional: AdditionalBody | None = None


class PaperBody(StatusBody):
    """`large`: in large print."""

    large: bool = False


class AnswerFileBody(StatusBody):
    """`file`: its place among those of the answer, from 1."""

    file: Annotated[int, Field(ge=1, le=100)]


class WithdrawalBody(StatusBody):
    """The reason is the person's own, and need not be given."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)] | None = None


class ConfirmationBody(Body):
    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class CorrectionBody(StatusBody):
    """What is absent stays as it is; one of the three must be there."""

    name: Corrected | None = None
    phone: Corrected | None = None
    postal: Corrected | None = None


class ClarificationBody(StatusBody):
    """`external_id`: the frontend's own id of this message; files as in one."""

    external_id: ExternalId
    text: Annotated[str, StringConstraints(min_length=1)]
    attachments: Annotated[tuple[AttachmentBody, ...], Field(max_length=50)] = ()


class ReminderBody(Body):
    """What the request is known by: its number, its reference, or an e-mail address or a phone that it names."""

    known_by: Annotated[str, StringConstraints(min_length=1, max_length=320)]


class VerificationBody(Body):
    """Of an answer on paper: its number, and of its mark at least the first sixteen signs, blanks and capitals as they come."""

    number: Typed
    mark: Annotated[
        str,
        StringConstraints(max_length=200, pattern=r"^\s*(?:[0-9a-fA-F]\s*){16,64}$"),
        AfterValidator(lambda typed: "".join(typed.split()).lower()),
    ]


class SavedFormNameBody(Body):
    """`name`: a SHA-256 in hex of what only the person knows."""

    name: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class SavedFormBody(SavedFormNameBody):
    """`sealed`: only the frontend can open it; `uploads`: files that stay as long as the form."""

    sealed: Annotated[str, StringConstraints(min_length=1, max_length=500_000)]
    uploads: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()


class Answer(BaseModel):
    model_config = STRICT


class ReceiptAnswer(Answer):
    """What the person keeps: reference and tracking code; the register number comes at once or later."""

    external_id: str
    reference: str
    tracking_code: str
    register_number: str | None
    status: str
    status_title: str
    due_on: date | None


class KeptAnswer(Answer):
    kept_until: datetime


class VerificationAnswer(Answer):
    sent_on: date


class SavedFormAnswer(KeptAnswer):
    sealed: str


class EmailAnswer(Answer):
    email_masked: str | None


class ChannelsAnswer(Answer):
    """What was asked to change, as it now stands."""

    email_masked: str | None = None
    additional_channel: str | None = None
    additional_masked: str | None = None


class StepAnswer(Answer):
    at: datetime | None
    status: str
    status_title: str
    explanation: str


class FileAnswer(Answer):
    """A file that the person sent; `state_title` says in words what is known of it."""

    name: str
    size: int
    state: FileState
    state_title: str


class EnclosedAnswer(Answer):
    name: str
    type: str
    size: int
    sha256: str


class LetterAnswer(Answer):
    """The answer that left last; `/v1/answers` gives it as a PDF, `/v1/answers/files` its files. `sha256` stands on its paper, too."""

    out_no: str
    sent_on: date
    sha256: str
    files: list[EnclosedAnswer]


class StatusAnswer(ChannelsAnswer):
    """`question`: what the person is asked and has not answered yet; `answer_by`: until when we wait for it."""

    reference: str
    register_number: str | None
    status: str
    status_title: str
    explanation: str
    question: str | None
    answer_by: date | None
    received_at: datetime | None
    due_on: date | None
    why_due: str | None
    email_confirmed: bool
    answer: str | None
    letter: LetterAnswer | None
    name_masked: str | None
    phone_masked: str | None
    postal_masked: str | None
    steps: list[StepAnswer]
    attachments: list[FileAnswer]
