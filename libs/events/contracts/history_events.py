"""history.events.v1: what history itself did. Key: the thread's id."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open
from libs.events.vocabulary import Attachment, FileState


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


class AttachmentKept(Event):
    """History has a copy of its own of a file, checked against what was handed over; the object between the two may go (E-5)."""

    request_id: Annotated[UUID, Open]
    upload_id: Annotated[UUID, Open]
    object_id: Annotated[UUID, Open]
    state: Annotated[FileState, Open]
    attachment: Attachment


class Unkept(StrEnum):
    """Why a file that was handed over could not be kept: not there, not what its key opens, not what was announced."""

    ABSENT = "absent"
    BROKEN = "broken"
    DIFFERS = "differs"


class AttachmentNotKept(Event):
    """What was handed over is no use; intake hands the file over again (E-5)."""

    request_id: Annotated[UUID, Open]
    upload_id: Annotated[UUID, Open]
    object_id: Annotated[UUID, Open]
    reason: Annotated[Unkept, Open]


EVENTS = (HistoryViewed, HeadSigned, HistoryGapDetected, AttachmentKept, AttachmentNotKept)
