"""history.events.v1: what history itself did. Key: the thread's id."""

from typing import Annotated

from libs.events.fact import Event, Open


class HistoryViewed(Event):
    """A member of staff looked at personal data; `filter` names which filters were set, never a name (D-25)."""

    operator: Annotated[str, Open]
    role: Annotated[str, Open]
    filter: Annotated[dict[str, str], Open]
    count: Annotated[int, Open]


class HeadSigned(Event):
    """The end of a shard of the log, signed with a key that the database does not hold: what lies before it can be proved (R-18).

    `hash` and `signature` are in hex. The Ed25519 signature is over the text `otklik-head-1 <shard> <position> <hash>`.
    """

    shard: Annotated[int, Open]
    position: Annotated[int, Open]
    hash: Annotated[str, Open]
    key_id: Annotated[str, Open]
    signature: Annotated[str, Open]


class HistoryGapDetected(Event):
    """Events of an aggregate that its producer has numbered and history has not heard; the producer publishes them again (R-12).

    Both ends are included.
    """

    producer: Annotated[str, Open]
    topic: Annotated[str, Open]
    aggregate_id: Annotated[str, Open]
    from_seq: Annotated[int, Open]
    to_seq: Annotated[int, Open]


EVENTS = (HistoryViewed, HeadSigned, HistoryGapDetected)
