"""The answer's part of intake.requests.v1: within the talk, or by drafts, their checking and approval, and what left (A-3.6, N-9)."""

from datetime import date
from typing import Annotated

from libs.events.fact import Event, Moment, Open, Personal
from libs.events.vocabulary import AnswerFile, AnswerScope, OralOutcome, RefusalGround, WantedForm


class DraftPrepared(Event):
    """A version of the answer by somebody of the unit that has the request (A-3.6.1). It stands in place of the former, which stays.

    `number` counts the request's drafts from 1; `text` is what is given, `withheld` what is not, `motive` and
    `restricting_act` why (N-9.3).
    `form_reason`: why another form than the person asked for (N-6.2). `files` go with it, but for those of restricted access (N-6.3).
    `sha256` is over all that the person will read, the checksums of the files included.
    """

    number: Annotated[int, Open]
    author: Annotated[str, Open]
    unit: Annotated[str, Open]
    scope: Annotated[AnswerScope, Open]
    form: Annotated[WantedForm, Open]
    text: Annotated[str, Personal] = ""
    withheld: Annotated[str, Personal] = ""
    refusal_ground: Annotated[RefusalGround | None, Open] = None
    motive: Annotated[str, Personal] = ""
    restricting_act: Annotated[str, Personal] = ""
    form_reason: Annotated[str, Personal] = ""
    files: tuple[AnswerFile, ...] = ()
    sha256: Annotated[str, Open]


class DraftChecked(Event):
    """Somebody else than its author found this version right (A-2.1.3)."""

    number: Annotated[int, Open]
    sha256: Annotated[str, Open]
    checker: Annotated[str, Open]


class DraftSubmitted(Event):
    """A checked version lies before the head (A-3.6.2)."""

    number: Annotated[int, Open]


class DraftReturned(Event):
    """The head wants another version, and says why (A-3.6.3)."""

    number: Annotated[int, Open]
    remarks: Annotated[str, Personal]


class DraftApproved(Event):
    """The head approves this very version: what has another `sha256` can't be sent (A-3.6.2).

    `bound_to` is the same mark under the seal: who may write into the store, but has no key, can't approve another version.
    """

    number: Annotated[int, Open]
    sha256: Annotated[str, Open]
    head: Annotated[str, Open]
    bound_to: str = ""


class LetterSent(Event):
    """What each outgoing letter has (8-FZ art. 19, N-9.5): its number in the journal of that year, day, signatory, and what it holds.

    `body` and `postal_address`: the authority's own on that day; a letter of an earlier version says neither.
    """

    out_no: Annotated[str, Open]
    journal: Annotated[str, Open]
    year: Annotated[int, Open]
    out_number: Annotated[int, Open]
    sent_on: Annotated[date, Open]
    draft: Annotated[int, Open]
    sha256: Annotated[str, Open]
    form: Annotated[WantedForm, Open]
    signatory: Annotated[str, Personal]
    scope: Annotated[AnswerScope, Open]
    body: Annotated[str, Open] = ""
    postal_address: Annotated[str, Open] = ""


class AnswerSent(LetterSent):
    """The information was given, all of it or a part (N-9.2)."""


class RefusalIssued(LetterSent):
    """All of it, or what an answer in the same letter leaves out, was refused with ground, motive and the way to appeal (N-9.3)."""

    ground: Annotated[RefusalGround, Open]
    motive: Annotated[str, Personal]
    restricting_act: Annotated[str, Personal] = ""
    appeal_order: str


class LetterPosted(Event):
    """The letter on paper was handed to the post; `tracking_no` is what its way can be followed by, where it has such a number."""

    out_no: Annotated[str, Open]
    posted_on: Annotated[date, Open]
    tracking_no: str = ""


class OralAnswer(Event):
    """What an answer within the talk keeps. `staff` is an account; `within_competence`: of their unit, None where no topic was named."""

    started_at: Annotated[Moment, Open]
    staff: Annotated[str, Open]
    gist: Annotated[str, Personal]
    outcome: Annotated[OralOutcome, Open]
    topic: Annotated[str | None, Open] = None
    within_competence: Annotated[bool | None, Open] = None


class PhoneEnquiryAnswered(OralAnswer):
    """A call was answered at once, and no number was needed (N-4.5); `number` is the phone of the authority that rang."""

    number: str


class OralConsultationGiven(OralAnswer):
    """Who came in was answered at once (A-3.5.2); `point` is where."""

    point: Annotated[str, Open]
    office: str | None = None


EVENTS = (
    PhoneEnquiryAnswered,
    OralConsultationGiven,
    DraftPrepared,
    DraftChecked,
    DraftSubmitted,
    DraftReturned,
    DraftApproved,
    AnswerSent,
    RefusalIssued,
    LetterPosted,
)
