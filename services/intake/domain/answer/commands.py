"""What staff may ask of an answer. Texts are what the person will read, letter by letter."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from libs.events.vocabulary import AnswerFile, AnswerScope, RefusalGround, WantedForm
from services.intake.domain.commands import Command, Decided, Register, Text

MOST_FILES = 20
MOST_LETTERS = 50_000  # sealed twice in one transaction, an event stays below its 256 KiB
Words = Annotated[
    str, StringConstraints(max_length=MOST_LETTERS, pattern=r"^[^\x00]*$"), AfterValidator(lambda text: text.replace("\r\n", "\n").strip())
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PrepareDraft(Command):
    """Another version of the answer; what was said of the former does not count for it. `files`: uploaded under the request before."""

    command: Literal["prepare-draft"]
    scope: AnswerScope
    form: Literal[WantedForm.ELECTRONIC, WantedForm.WRITTEN]
    text: Words = ""
    withheld: Words = ""
    refusal_ground: RefusalGround | None = None
    motive: Words = ""
    restricting_act: Words = ""
    form_reason: Words = ""
    files: Annotated[tuple[AnswerFile, ...], Field(max_length=MOST_FILES)] = ()


class CheckDraft(Command):
    """`sha256`: of the version that the checker read."""

    command: Literal["check-draft"]
    sha256: Sha256


class SubmitDraft(Command):
    command: Literal["submit-draft"]


class ReturnDraft(Command):
    command: Literal["return-draft"]
    remarks: Text


class ApproveDraft(Command):
    """`sha256`: of the version that the head read."""

    command: Literal["approve-draft"]
    sha256: Sha256


class SendAnswer(Command):
    """What was approved gets its outgoing number and leaves."""

    command: Literal["send-answer"]


class RecordPosting(Command):
    """The letter on paper was handed to the post."""

    command: Literal["record-posting"]
    posted_on: date
    tracking_no: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9 -]{0,40}$")] = ""


DraftCommand = PrepareDraft | CheckDraft | SubmitDraft | ReturnDraft | ApproveDraft
AnswerCommand = DraftCommand | RecordPosting
AnyCommand = Annotated[Register | Decided | AnswerCommand | SendAnswer, Field(discriminator="command")]
"""Everything that staff may ask of a request."""
