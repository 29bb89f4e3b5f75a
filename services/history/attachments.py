"""History's own copies of attachments: fetched, proved, sealed under the thread's key, given to staff who ask (decision 0036).

A timer fetches. The object of a copy has a fixed id and is written anew by every try, so whoever is killed in between leaves nothing else;
the row, the entry of the log and the word to intake are one transaction after it.
"""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from libs.chassis.access.roles import Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.objects import Objects
from libs.chassis.store.outbox import Outbox
from libs.chassis.store.timers import Timer
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept, Unkept
from libs.events.contracts.intake_requests import AttachmentExamined
from libs.events.envelope import lone
from libs.events.vocabulary import Attachment, FileState
from services.history.attachment_store import UPLOAD, AttachmentStore, Found
from services.history.domain.attachments import Expected
from services.history.domain.entries import PRODUCER
from services.history.domain.questions import AttachmentInfected, AttachmentNotFound, Question, Sight
from services.history.handlers import Log, Looks, tell

SWEEP_SECONDS: Final = 600.0
SILENT_SECONDS: Final = 1800.0
SWEPT_AT_ONCE: Final = 100
MOST_EXAMINED: Final = 1_000  # words of the scanner on files of one request
EXAMINED: Final = AttachmentExamined.type_name()
COPY_SECONDS: Final = 300.0  # the largest file from one store into another, over a slow line

log = structlog.stdlib.get_logger("history")


class _NotAsTold(Exception):
    def __init__(self, reason: Unkept) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A file whose first piece is proved already; the rest is proved as it is read."""

    attachment: Attachment
    pieces: AsyncGenerator[bytes, None]


@dataclass(frozen=True, kw_only=True)
class Attachments:
    """`objects` are history's own, `between` what intake put where they are fetched from."""

    pool: Pool
    store: AttachmentStore
    log: Log
    outbox: Outbox
    objects: Objects
    between: Objects
    looks: Looks
    clock: Clock
    ids: Ids
    authority: str

    async def fetch(self, db: Connection, timer: Timer) -> None:
        """What a timer does. Where a store is away it fails, and is tried again; a file that is no use is told to intake."""
        upload_id = UUID(timer.payload[UPLOAD])
        await self.store.lock(db, upload_id)
        found = await self.store.one(db, upload_id)
        if found is None or found.file.object_id != UUID(timer.key):  # destroyed meanwhile, or handed over again
            return
        reason = None if found.is_kept else await self._copied(found)
        if reason is None:
            await self._say(db, found.file, found.file.kept)
            await self.store.keep(db, found)
            return
        log.error("a file that was handed over can't be kept", upload_id=str(upload_id), reason=reason.value)
        await self._say(db, found.file, found.file.not_kept(reason))
        await self.store.refuse(db, found.file, reason)

    async def open(self, staff: Staff, upload_id: UUID) -> Opened:
        """The look is written down first. Raises `AttachmentNotFound`, `AttachmentInfected`, `AttachmentDamaged`.

        Whoever opens it closes `pieces`.
        """
        async with self.pool.acquire() as db, db.transaction():
            found = await self.store.one(db, upload_id)
            found = found if found and found.is_kept else None
            is_infected = found is not None and await self._is_infected(db, found.file)
            await self.looks.write_down(db, staff, {"attachment": str(upload_id)}, 1 if found and not is_infected else 0)
        self.looks.ring()
        if found is None:
            raise AttachmentNotFound
        if is_infected:
            raise AttachmentInfected
        return Opened(found.file.attachment, await self.objects.opened(found.file.copy_id, found.key))

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Sweeps until the process stops."""
        while not stopping.requested:
            beat()
            try:
                await self.sweep()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the sweep of attachments waits for its infrastructure", error=error)
            await stopping.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes the copies whose threads were destroyed; answers how many went."""
        count = 0
        async with self.pool.acquire() as db:
            while going := await self.store.keyless(db, SWEPT_AT_ONCE):
                for copy_id in going.values():
                    await self.objects.remove(copy_id)
                await self.store.forget(db, going)
                count += len(going)
        return count

    async def _is_infected(self, db: Connection, file: Expected) -> bool:
        """By the scanner's last word, which may have come after the copy was made."""
        asked = Question(sight=Sight.HISTORY, thread=file.thread_id, type=EXAMINED, limit=MOST_EXAMINED)
        said = [one.payload.get("state") for one in await self.log.find(db, asked) if one.payload.get("upload_id") == str(file.upload_id)]
        return said[-1:] == [FileState.INFECTED]

    async def _copied(self, found: Found) -> Unkept | None:
        """Durable when it returns; why not, where what lies there is no use."""
        await self.objects.remove(found.file.copy_id)  # what a try left that was killed
        try:
            await self.objects.write(found.file.copy_id, found.key, self._proved(found.file))
        except _NotAsTold as refused:
            return refused.reason
        return None

    async def _proved(self, file: Expected) -> AsyncIterator[bytes]:
        size, digest = 0, hashlib.sha256()
        try:
            async with aclosing(self.between.read(file.object_id, bytes.fromhex(file.key))) as plain:
                async for piece in plain:
                    size += len(piece)
                    digest.update(piece)
                    yield piece
        except FileNotFoundError:
            raise _NotAsTold(Unkept.ABSENT) from None
        except ValueError:  # a broken seal is one, and so is a key that is none
            raise _NotAsTold(Unkept.BROKEN) from None
        if not file.is_as_told(size, digest.hexdigest()):
            raise _NotAsTold(Unkept.DIFFERS)

    async def _say(self, db: Connection, file: Expected, fact: AttachmentKept | AttachmentNotKept) -> None:
        now = self.clock.now()
        told = lone(fact, event_id=self.ids.new(), at=now, authority=self.authority, producer=PRODUCER, thread_id=file.thread_id)
        await tell(db, self.log, self.outbox, [told], now)
