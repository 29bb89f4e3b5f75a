"""What staff may ask of a request. Texts are what the person or a colleague will read, so none may be empty."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from libs.events.vocabulary import AskedBy, ClientKind, PowersOutcome, PowersPaper, Urgency

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}$")]


class Command(BaseModel):
    """Frozen; a field that nobody knows is refused (D-8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Register(Command):
    """Give it the next number; what is complete gets it by itself where the setting says so."""

    command: Literal["register"]


class LeaveUnconsidered(Command):
    command: Literal["leave-unconsidered"]
    ground: Literal["no-name", "no-contact"]


class SetAside(Command):
    command: Literal["set-aside"]
    reason: Text


class TakeUp(Command):
    command: Literal["take-up"]
    reason: Text


class Classify(Command):
    command: Literal["classify"]
    type: Code
    topic: Code
    urgency: Urgency
    unit: Code
    client_kind: ClientKind


class ExplainRoute(Command):
    command: Literal["explain-route"]
    how: Text


class Assign(Command):
    """To a unit, or on to another one; then `reason` says why."""

    command: Literal["assign"]
    unit: Code
    executor: Account | None = None
    reason: Text | None = None


class Redirect(Command):
    """`to_body` None: nobody knows which body is competent."""

    command: Literal["redirect"]
    to_body: Text | None
    explanation: Text


class AskClarification(Command):
    command: Literal["ask-clarification"]
    question: Text


class ExtendDeadline(Command):
    command: Literal["extend-deadline"]
    new_due: date
    reason: Text


class Merge(Command):
    """`into`: the request of the same person that is answered for both."""

    command: Literal["merge"]
    into: UUID
    reason: Text


class Withdraw(Command):
    """The person asked for it; `reason` is theirs, if they gave one."""

    command: Literal["withdraw"]
    reason: Text | None = None


class OverrideChannel(Command):
    """Another way to tell the person of their request than they had chosen; without `address` it is no more used (A-3.4)."""

    command: Literal["override-channel"]
    channel: Literal["email", "phone", "post"]
    address: Address | None = None
    asked: AskedBy
    reason: Text


class CheckPowers(Command):
    """By what the sender asks for another person, as the registrar saw it; `name` None: as the message says."""

    command: Literal["check-powers"]
    outcome: PowersOutcome
    name: Address | None = None
    paper: PowersPaper
    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")] | None = None
    issued_on: date | None = None
    valid_until: date | None = None
    reason: Text | None = None


Decided = (
    LeaveUnconsidered
    | SetAside
    | TakeUp
    | Classify
    | ExplainRoute
    | Assign
    | Redirect
    | AskClarification
    | ExtendDeadline
    | Merge
    | Withdraw
    | OverrideChannel
    | CheckPowers
)
"""All but the registration and the answer (`answer.commands`)."""
