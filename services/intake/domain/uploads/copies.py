"""Which attachments history may have, and when one that it could not keep is handed over again. Pure."""

from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.vocabulary import Attachment, FileState
from services.intake.domain.answer.draft import Drafts
from services.intake.domain.uploads.attachments import Files, Opening, Unscanned, Upload, name_of

OPENED: Final = frozenset((Opening.FREELY, Opening.WARNED))
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(days=1)
LIES_FOR: Final = timedelta(days=14)  # as long as the record that speaks of it is in Kafka


class Offered(NamedTuple):
    """A file as the desk gives it, and what the scanner said of it."""

    attachment: Attachment
    state: FileState


def offered(upload: Upload, files: Files, drafts: Drafts, unscanned: Unscanned | None) -> Offered | None:
    """Once anybody may open what a person sent, or the head approved what goes to a person; None until then."""
    for number, kept in enumerate(files, 1):
        if kept.attachment.upload_id == upload.upload_id and kept.opening(unscanned) in OPENED:
            return Offered(_shown(upload, kept.attachment.name, number), kept.state)
    approved = (file for draft in drafts if draft.head is not None for file in enumerate(draft.content.given, 1))
    found = next((_shown(upload, file.name, number) for number, file in approved if file.upload_id == upload.upload_id), None)
    return Offered(found, upload.state) if found else None


def _shown(upload: Upload, name: str, number: int) -> Attachment:
    """As it was measured, under the name that the desk gives it."""
    told = {field: getattr(upload, field) for field in ("upload_id", "type", "size", "sha256")}
    said = Attachment(name=name, **told)
    return said.model_copy(update={"name": name_of(said, number)})


def handed_over(file: Offered, request_id: UUID, object_id: UUID, key: bytes) -> AttachmentHandedOver:
    return AttachmentHandedOver(
        request_id=request_id,
        upload_id=UUID(file.attachment.upload_id),
        object_id=object_id,
        state=file.state,
        attachment=file.attachment,
        key=key.hex(),
    )


def again_after(times: int) -> timedelta:
    """Before it is handed over again, when so many tries were no use: a copy that is lost for good costs one record a day."""
    return min(FIRST_PAUSE * (1 << 2 * min(times - 1, 10)), LONGEST_PAUSE)
