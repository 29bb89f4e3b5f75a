"""history.events.v1: what history itself did. Key: the thread's id."""

from typing import Annotated

from libs.events.fact import Event, Open


class HistoryViewed(Event):
    """A member of staff looked at personal data; `filter` names which filters were set, never a name (D-25)."""

    operator: Annotated[str, Open]
    role: Annotated[str, Open]
    filter: Annotated[dict[str, str], Open]
    count: Annotated[int, Open]


EVENTS = (HistoryViewed,)
