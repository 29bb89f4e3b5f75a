"""Attachments for history's own copies: put where history fetches them, and taken away again (decision 0036).

A timer hands over, in the transaction that tells history. Another one, set before the first byte is written, takes back whatever lies
there: at history's word at once, without it after fourteen days. So whoever is killed in between leaves nothing for ever.
"""

from collections.abc import Callable
from contextlib import aclosing
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry, Gauge

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.events import record_of
from libs.chassis.store.objects import Objects
from libs.chassis.store.outbox import Outbox
from libs.chassis.store.sealing import BrokenSeal, new_key
from libs.chassis.store.timers import Timer, set_timers
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept
from libs.events.envelope import lone
from libs.events.topics import ATTACHMENTS
from services.intake.domain.uploads.attachments import Unscanned, Upload
from services.intake.domain.uploads.copies import LIES_FOR, again_after, handed_over, offered
from services.intake.store import IntakeStore
from services.intake.uploads.store import UploadStore

PRODUCER: Final = "intake"
TAKE_BACK: Final = "take-back-attachment"
COUNT_SECONDS: Final = 60.0
UPLOAD: Final = "upload_id"

log = structlog.stdlib.get_logger("copies")


class CopyFigures:
    """Whether history has what it was handed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.not_kept = Gauge(
            "otklik_attachments_not_kept", "Attachments that history could not keep at least once, and still has not", registry=registry
        )


class Copies:
    """`objects` are intake's own, `between` what lies where history fetches it."""

    def __init__(
        self,
        *,
        pool: Pool,
        store: IntakeStore,
        uploads: UploadStore,
        objects: Objects,
        between: Objects,
        outbox: Outbox,
        unscanned: Unscanned | None,
        authority: str,
        clock: Clock,
        ids: Ids,
        figures: CopyFigures,
    ) -> None:
        self._pool = pool
        self._store = store
        self._uploads = uploads
        self._objects = objects
        self._between = between
        self._outbox = outbox
        self._unscanned = unscanned
        self._authority = authority
        self._clock = clock
        self._ids = ids
        self._figures = figures

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Offers what no timer may stand for, files of an earlier release among it, and counts until the process stops."""
        is_offered = False
        while not stopping.requested:
            beat()
            try:
                if not is_offered:
                    await self._offer_all()
                    is_offered = True
                await self.count()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("files for history wait for their infrastructure", error=error)
            await stopping.sleep(COUNT_SECONDS)

    async def count(self) -> None:
        """Those that history could not keep so far."""
        async with self._pool.acquire() as db:
            self._figures.not_kept.set(await self._uploads.count_not_kept(db))

    async def hand_over(self, db: Connection, timer: Timer) -> None:
        """What a timer does: nothing as long as nobody may open the file; whoever lets it be opened sets the timer anew."""
        upload = await self._uploads.to_copy(db, UUID(timer.key))
        found = await self._store.request(db, upload.request_id) if upload and upload.request_id else None
        file = offered(upload, found[0].files, found[0].drafts, self._unscanned) if upload and found else None
        if upload is None or upload.request_id is None or file is None:
            return
        object_id, key = self._ids.new(), new_key()
        await self._put(db, upload, object_id, key)
        await self._uploads.hand_over(db, UUID(upload.upload_id), object_id)
        now, fact = self._clock.now(), handed_over(file, upload.request_id, object_id, key)
        envelope = lone(fact, event_id=self._ids.new(), at=now, authority=self._authority, producer=PRODUCER, thread_id=upload.request_id)
        await self._outbox.add(db, [record_of(envelope, ATTACHMENTS.name, str(upload.request_id), None)], now)

    async def take_back(self, db: Connection, timer: Timer) -> None:
        """What a timer does: the object goes; where history never spoke of it, the file is handed over again."""
        await self._between.remove(UUID(timer.key))
        await self._hand_over_again(db, UUID(timer.payload[UPLOAD]), UUID(timer.key), "unclaimed")

    async def heard(self, db: Connection, told: AttachmentKept | AttachmentNotKept) -> None:
        """What history says. The timer first: it is locked before the upload when it runs, and two orders would deadlock."""
        await set_timers(db, [self._taking_back(told.upload_id, told.object_id, kept=True)])
        if isinstance(told, AttachmentKept):
            await self._uploads.copied(db, told.upload_id, self._clock.now())
        else:
            await self._hand_over_again(db, told.upload_id, told.object_id, told.reason)

    async def _put(self, db: Connection, upload: Upload, object_id: UUID, key: bytes) -> None:
        """Durable when it returns, with a timer that is committed before."""
        upload_id = UUID(upload.upload_id)
        own_key = await self._uploads.key(db, upload.thread)
        async with self._pool.acquire() as other:
            await set_timers(other, [self._taking_back(upload_id, object_id)])
        try:
            async with aclosing(self._objects.read(upload_id, own_key or b"")) as plain:
                await self._between.write(object_id, key, plain)
        except (FileNotFoundError, BrokenSeal) as error:
            log.error("an attachment can't be read, history gets it when it is back", upload_id=upload.upload_id, error=error)
            raise

    async def _hand_over_again(self, db: Connection, upload_id: UUID, object_id: UUID, reason: str) -> None:
        times = await self._uploads.not_kept(db, upload_id, object_id)
        if times is not None:
            log.error("history has no copy of an attachment, it is handed over again", upload_id=str(upload_id), reason=reason, times=times)
            await self._uploads.offer(db, [upload_id], self._clock.now() + again_after(times))

    async def _offer_all(self) -> None:
        async with self._pool.acquire() as db, db.transaction():
            await self._uploads.offer(db, await self._uploads.all_to_copy(db), self._clock.now())

    def _taking_back(self, upload_id: UUID, object_id: UUID, *, kept: bool = False) -> Timer:
        due_at = self._clock.now() if kept else self._clock.now() + LIES_FOR
        return Timer(kind=TAKE_BACK, key=str(object_id), due_at=due_at, payload={UPLOAD: str(upload_id)})
