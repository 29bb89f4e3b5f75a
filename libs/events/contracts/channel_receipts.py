"""channel.receipts.<frontend>.v1: what became of a frontend's message. Key: as on channel.inbound."""

from datetime import date
from typing import Annotated

from libs.events.fact import Event, Open, Secret


class MessageAccepted(Event):
    """The message is kept; `reg_no` is there when it was registered at once (N-8.2)."""

    external_id: Annotated[str, Open]
    reference: Annotated[str, Open]
    tracking_code: Annotated[str | None, Secret] = None
    reg_no: Annotated[str | None, Open] = None
    status: Annotated[str, Open]
    due_on: Annotated[date | None, Open] = None


class MessageRefused(Event):
    """The message is not kept; `code` is for programs, `explanation` for the person (docs/frontends)."""

    external_id: Annotated[str, Open]
    code: Annotated[str, Open]
    explanation: str


EVENTS = (MessageAccepted, MessageRefused)
