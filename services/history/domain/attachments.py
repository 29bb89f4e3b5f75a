"""Files that history keeps copies of: what is expected, and what it says of what came. Pure."""

from typing import NamedTuple
from uuid import UUID

from libs.events.contracts import REGISTRY
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept, Unkept
from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.envelope import Envelope
from libs.events.vocabulary import Attachment, FileState

HANDED_OVER = AttachmentHandedOver.type_name()


class Expected(NamedTuple):
    """A file that is to be fetched, and opened by `key`, or that was; then `key` is nothing. `copy_id` is history's own object of it."""

    upload_id: UUID
    request_id: UUID
    thread_id: UUID
    copy_id: UUID
    object_id: UUID
    state: FileState
    attachment: Attachment
    key: str

    @property
    def kept(self) -> AttachmentKept:
        return AttachmentKept(
            request_id=self.request_id, upload_id=self.upload_id, object_id=self.object_id, state=self.state, attachment=self.attachment
        )

    def not_kept(self, reason: Unkept) -> AttachmentNotKept:
        return AttachmentNotKept(request_id=self.request_id, upload_id=self.upload_id, object_id=self.object_id, reason=reason)

    def is_as_told(self, size: int, sha256: str) -> bool:
        return (size, sha256) == (self.attachment.size, self.attachment.sha256)


def expected(envelope: Envelope) -> Expected | None:
    """What an event hands over, None for any other. Raises `Unreadable` and `NewerVersion`."""
    event = REGISTRY.read(envelope)
    if not isinstance(event, AttachmentHandedOver):
        return None
    return Expected(
        event.upload_id, event.request_id, envelope.thread_id, envelope.event_id, event.object_id, event.state, event.attachment, event.key
    )
