"""Attachments of a request at the desk: read, released by somebody who answers for it, and shown to the virus scanner again."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Context
from libs.chassis.store.objects import Objects
from libs.chassis.store.timers import Timer
from libs.events.contracts.intake_requests import AttachmentExamined
from libs.events.envelope import Actor
from libs.events.fact import Event
from libs.events.vocabulary import FileState, Mark
from services.intake import statuses
from services.intake.authority.book import Book
from services.intake.contexts import staff_context
from services.intake.desk import CaseNotFound
from services.intake.domain.request import Request
from services.intake.domain.telling import status_changed, telling
from services.intake.domain.uploads import attachments
from services.intake.domain.uploads.attachments import AttachmentClosed, Kept, Opening, Unscanned, Upload
from services.intake.store import REQUEST, IntakeStore
from services.intake.transitions import LEADING, OPEN
from services.intake.uploads.handlers import Uploads
from services.intake.uploads.scanner import ScannerAway
from services.intake.uploads.store import UploadStore

SCANNER = Actor(role="scanner", id="clamd")


@dataclass(frozen=True)
class Opened:
    """An attachment whose first piece is proved already; the rest is proved as it is read."""

    kept: Kept
    pieces: AsyncGenerator[bytes, None]


class Attachments:
    """By the request's id and the attachment's number in it, from 1."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: IntakeStore,
        kept_uploads: UploadStore,
        uploads: Uploads,
        objects: Objects,
        book: Book,
        unscanned: Unscanned | None,
        clock: Clock,
        ring: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._store = store
        self._kept_uploads = kept_uploads
        self._uploads = uploads
        self._objects = objects
        self._book = book
        self._unscanned = unscanned
        self._clock = clock
        self._ring = ring

    def opening(self, kept: Kept) -> Opening:
        """How it may be opened now."""
        return kept.opening(self._unscanned)

    async def find(self, request_id: UUID, number: int) -> Kept:
        """Raises `CaseNotFound`, `AttachmentNotFound`."""
        async with self._pool.acquire() as db:
            return attachments.at((await self._request(db, request_id))[0].files, number)

    async def open(self, request_id: UUID, number: int) -> Opened:
        """Raises `CaseNotFound`, `AttachmentNotFound`, `AttachmentClosed`, `AttachmentDamaged`. Whoever opens it closes `pieces`."""
        kept = await self.find(request_id, number)
        if self.opening(kept) in (Opening.CLOSED, Opening.NEVER) or kept.thread is None:
            raise AttachmentClosed
        async with self._pool.acquire() as db:
            key = await self._kept_uploads.key(db, kept.thread)
        return Opened(kept, await self._objects.opened(UUID(kept.attachment.upload_id), key))

    async def release(self, by: Staff, request_id: UUID, number: int, reason: str, traceparent: str | None) -> None:
        """Who releases it stands in the event. Raises `CaseNotFound`, `AttachmentNotFound`, `NothingToRelease`."""
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            request, client_id = await self._request(db, request_id)
            fact = attachments.release(request.files, number, reason, self._unscanned)
            context = staff_context(request_id, client_id, by, min(by.roles & LEADING), self._clock.now(), traceparent)
            await self._store.save(db, [_append(request_id, request, [fact], context)])
            await self._kept_uploads.offer(db, [UUID(fact.upload_id)], context.occurred_at)
        self._ring()

    async def rescan(self, db: Connection, timer: Timer) -> None:
        """The scanner did not answer when the file came. Raises `ScannerAway` until it does: the timer comes again."""
        found = await self._kept_uploads.waiting(db, UUID(timer.key))  # unlocked: a message that names it must not wait for a scanner
        key = await self._kept_uploads.key(db, found.thread) if found else None
        if found is None or key is None or not self._uploads.has_scanner:  # the next scanner is asked when it comes
            return
        verdict = await self._uploads.scanned(UUID(found.upload_id), key)
        if verdict.state is FileState.UNCHECKED:
            raise ScannerAway
        if verdict.state is FileState.CLEAN:  # before the register's lock: a copy that is just being made is waited for
            await self._kept_uploads.offer(db, [UUID(timer.key)], self._clock.now())
        await self._store.lock(db)
        upload = (await self._kept_uploads.named(db, [timer.key])).get(timer.key)
        if upload is None:  # swept meanwhile
            return
        upload = upload._replace(state=verdict.state, found=verdict.found)
        await self._kept_uploads.examine(db, upload)
        if upload.request_id is not None:
            await self._examined(db, upload.request_id, upload)

    async def _examined(self, db: Connection, request_id: UUID, upload: Upload) -> None:
        """Staff see it on the card; of a virus the person is told, as long as the file could still be sent anew."""
        request, client_id = await self._request(db, request_id)
        if all(kept.attachment.upload_id != upload.upload_id for kept in request.files):
            return  # a file of our own answer: who sends it is told (services/intake/answer_files.py)
        at: datetime = self._clock.now()
        facts: list[Event] = [
            AttachmentExamined(upload_id=upload.upload_id, state=upload.state, thread=upload.thread, found=upload.found),
        ]
        if upload.state is FileState.INFECTED and request.status in OPEN:
            client = await self._store.client(db, client_id)
            how = telling(request_id, request, client, self._book.rules.key)
            facts.append(status_changed(request, request.status, statuses.infected(upload.name), how, template=Mark.INFECTED))
        context = Context(thread_id=request_id, occurred_at=at, actor=SCANNER, client_id=client_id)
        await self._store.save(db, [_append(request_id, request, facts, context)])

    async def _request(self, db: Connection, request_id: UUID) -> tuple[Request, UUID | None]:
        found = await self._store.request(db, request_id)
        if found is None:
            raise CaseNotFound
        return found


def _append(request_id: UUID, request: Request, facts: list[Event], context: Context) -> Append:
    return Append(category=REQUEST, aggregate_id=str(request_id), expected_version=request.version, facts=facts, context=context)
