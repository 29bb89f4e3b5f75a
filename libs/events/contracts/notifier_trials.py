"""notifier.trials.v1: what became of letters that try the mail server. Key and aggregate: the letter.

A topic of its own: whoever asked for a trial need not read every delivery.
"""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open


class TrialLetterTried(Event):
    """It went to the mail server, once; `reason` is the code of why it was not taken, never the server's text."""

    letter_id: Annotated[UUID, Open]
    sent: Annotated[bool, Open]
    reason: Annotated[str | None, Open] = None


EVENTS = (TrialLetterTried,)
