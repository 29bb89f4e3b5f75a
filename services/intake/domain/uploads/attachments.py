"""Attachments of a request: what was sent, what is known of its bytes, and who may open it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar, NamedTuple
from uuid import UUID

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import AttachmentExamined, AttachmentReleased
from libs.events.vocabulary import Attachment, FileState
from services.intake.domain.uploads.file_kinds import KINDS, clean_name, ending_of

DOUBTFUL = frozenset((FileState.UNSURE, FileState.UNCHECKED))


class Unscanned(StrEnum):
    """What an authority without a virus scanner wants: nothing is opened before somebody answers for it, or everything with a warning."""

    QUARANTINE = "quarantine"
    WARN = "warn"


class Opening(StrEnum):
    """How an attachment may be opened now."""

    FREELY = "freely"
    WARNED = "warned"
    CLOSED = "closed"  # until somebody answers for it
    NEVER = "never"


class AttachmentNotFound(Refusal):
    """The request has no attachment of this number."""

    code: ClassVar[str] = "attachment-not-found"
    status: ClassVar[int] = 404
    says: ClassVar[str] = "Такого файла у запроса нет. Проверьте ссылку."


class AttachmentClosed(Refusal):
    """The scanner found a virus, has not spoken yet, or the bytes are not there."""

    code: ClassVar[str] = "attachment-closed"
    status: ClassVar[int] = 403
    says: ClassVar[str] = "Этот файл открыть нельзя: он не прошёл проверку на вирусы или не сохранился."


class NothingToRelease(Refusal):
    """Only what the scanner left in doubt can be released, and only once."""

    code: ClassVar[str] = "nothing-to-release"
    says: ClassVar[str] = "Разрешать нечего: файл уже можно открывать, или в нём нашли вирус."


class Kept(NamedTuple):
    """One attachment; `thread` is what the key of its bytes belongs to."""

    attachment: Attachment
    state: FileState = FileState.UNCHECKED
    thread: UUID | None = None
    found: str | None = None
    released: bool = False

    def opening(self, unscanned: Unscanned | None) -> Opening:
        """`unscanned`: what holds where there is no scanner, None where there is one."""
        if self.state is FileState.CLEAN:
            return Opening.FREELY
        if self.state not in DOUBTFUL:
            return Opening.NEVER
        is_free = unscanned is Unscanned.WARN and self.state is FileState.UNCHECKED
        return Opening.WARNED if self.released or is_free else Opening.CLOSED


Files = tuple[Kept, ...]


class Upload(NamedTuple):
    """Bytes that came by the upload door, as they were measured there; `request_id`: the request that they belong to by now."""

    upload_id: str
    frontend: str
    thread: UUID
    name: str
    type: str
    size: int
    sha256: str
    state: FileState
    found: str | None = None
    request_id: UUID | None = None

    def is_of(self, attachment: Attachment, frontend: str, request_id: UUID) -> bool:
        """Whether this is what a message of the frontend means, and no other request has it."""
        same = (self.frontend, self.size, self.sha256) == (frontend, attachment.size, attachment.sha256)
        return same and self.request_id in (None, request_id)


def examination(attachment: Attachment, upload: Upload | None, frontend: str, request_id: UUID) -> AttachmentExamined:
    """What is known of it when its message comes."""
    if upload is None or not upload.is_of(attachment, frontend, request_id):
        return AttachmentExamined(upload_id=attachment.upload_id, state=FileState.MISSING)
    return AttachmentExamined(upload_id=upload.upload_id, state=upload.state, thread=upload.thread, found=upload.found)


def added(files: Files, new: Sequence[Attachment]) -> Files:
    """In the order of their coming; one that a later message names again is the same."""
    known = {kept.attachment.upload_id for kept in files}
    fresh = {attachment.upload_id: attachment for attachment in new if attachment.upload_id not in known}
    return (*files, *(Kept(attachment) for attachment in fresh.values())) if fresh else files


def known_more(files: Files, event: AttachmentExamined | AttachmentReleased) -> Files:
    """After what was found out, or decided, about one of them."""
    return tuple(_known_more(kept, event) if kept.attachment.upload_id == event.upload_id else kept for kept in files)


def _known_more(kept: Kept, event: AttachmentExamined | AttachmentReleased) -> Kept:
    if isinstance(event, AttachmentReleased):
        return kept._replace(released=True)
    return kept._replace(state=event.state, thread=event.thread or kept.thread, found=event.found)


def name_of(attachment: Attachment, number: int) -> str:
    """As the person named it, without signs that deceive; its ending is that of its content."""
    clean = clean_name(attachment.name) or f"файл {number}"
    kind = next((one for one in KINDS if one.type == attachment.type), None)
    return clean if kind is None or ending_of(clean) in kind.endings else f"{clean}.{kind.endings[0]}"


def at(files: Files, number: int) -> Kept:
    """By its number, from 1; raises `AttachmentNotFound`."""
    if not 1 <= number <= len(files):
        raise AttachmentNotFound
    return files[number - 1]


def release(files: Files, number: int, reason: str, unscanned: Unscanned | None) -> AttachmentReleased:
    """Raises `AttachmentNotFound`, `NothingToRelease`."""
    kept = at(files, number)
    if kept.opening(unscanned) is not Opening.CLOSED:
        raise NothingToRelease
    return AttachmentReleased(upload_id=kept.attachment.upload_id, reason=reason)
