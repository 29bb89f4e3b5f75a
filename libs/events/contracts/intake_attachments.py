"""intake.attachments.v1: files that history may fetch. History alone reads it, because a key travels on it. Key: request id."""

from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open, Secret
from libs.events.vocabulary import Attachment, FileState


class AttachmentHandedOver(Event):
    """A file of a request lies on the shelf between intake and history, sealed under a key of its own that opens nothing else (E-5).

    `attachment` is what intake measured, under the name that the desk gives it; `state` is what the scanner said so far, `key` is in hex.
    """

    request_id: Annotated[UUID, Open]
    upload_id: Annotated[UUID, Open]
    object_id: Annotated[UUID, Open]
    state: Annotated[FileState, Open]
    attachment: Attachment
    key: Annotated[str, Secret]


EVENTS = (AttachmentHandedOver,)
