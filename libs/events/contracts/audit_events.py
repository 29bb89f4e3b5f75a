"""audit.events.v1: who looked at what people wrote, and who tried what their roles do not allow. Key: the id of the account.

An aggregate is one account on one day. Only ids and codes stand here, so that an audit reveals nothing by itself.
"""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open


class CaseViewed(Event):
    """A page of the desk showed personal data. `what`: the page's code; `request_id`: None where it shows many, `found` says how many."""

    what: Annotated[str, Open]
    request_id: Annotated[UUID | None, Open] = None
    found: Annotated[int | None, Open] = None


class ActRefused(Event):
    """Somebody tried what their roles do not allow; nothing came of it (N-8.1). `what`: a command or a route, never what was typed."""

    what: Annotated[str, Open]
    request_id: Annotated[UUID | None, Open] = None


EVENTS = (CaseViewed, ActRefused)
