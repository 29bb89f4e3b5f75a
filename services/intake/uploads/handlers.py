"""The upload door's use case: bytes are measured, known by their content, sealed, on the disk, scanned, and then wait for a message.

The order matters: first a row says that an object may come, then the object is written, then the row says that it is there. Whatever breaks
off in between leaves a row that the sweep finds; no message can name what is not on the disk.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

import structlog

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Pool
from libs.chassis.store.objects import Objects
from libs.chassis.store.timers import Timer, set_timers
from libs.events.vocabulary import FileState
from services.intake.domain.uploads.attachments import Upload
from services.intake.domain.uploads.file_kinds import Sample, check, kind_of
from services.intake.uploads.scanner import Scanner, ScannerAway, Verdict
from services.intake.uploads.store import Begun, CameBefore, UploadStore

RESCAN: Final = "rescan-upload"
RESCAN_AFTER: Final = timedelta(minutes=1)
LOOSE_FOR: Final = timedelta(days=1)
BROKEN_FOR: Final = timedelta(hours=1)
SWEEP_SECONDS: Final = 600.0
SWEPT_AT_ONCE: Final = 100

log = structlog.stdlib.get_logger("uploads")


class FileTooLarge(Refusal):
    """The file is over the limit of one file; `limit_bytes` tells it. The connection is closed before the rest of it comes."""

    code: ClassVar[str] = "file-too-large"
    status: ClassVar[int] = 413
    says: ClassVar[str] = "Файл слишком большой. Уменьшите его, например сохраните снимки с меньшим разрешением, или разделите на части."

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}

    def extras(self) -> dict[str, object]:
        return {"limit_bytes": self._limit}


class TooManyFiles(Refusal):
    """The dialogue has sent as many files, or as many bytes, as one message may bring, and no message has named them yet."""

    code: ClassVar[str] = "too-many-files"
    status: ClassVar[int] = 413
    says: ClassVar[str] = "Файлов слишком много. Отправьте запрос с теми, что уже загружены, а остальные пришлите следующим сообщением."

    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


class UploadDiffers(Refusal):
    """Another file was uploaded under this `external_id` before."""

    code: ClassVar[str] = "upload-differs"
    says: ClassVar[str] = "Под этим номером уже загружен другой файл. Загрузите этот под новым номером."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one file, and of what one dialogue may leave lying until a message names it."""

    file_bytes: int
    files: int
    total_bytes: int


@dataclass(frozen=True, kw_only=True)
class Announced:
    """What is said of a file before its bytes come; `length` None: not said."""

    frontend: str
    external_id: str
    thread_id: UUID
    name: str
    type: str
    length: int | None


@dataclass(frozen=True)
class Received:
    """`again`: this very file had come before."""

    upload: Upload
    again: bool


class Uploads:
    """Every method takes connections of its own and holds none while bytes come."""

    def __init__(
        self, *, pool: Pool, store: UploadStore, objects: Objects, scanner: Scanner | None, limits: Limits, clock: Clock, ids: Ids
    ) -> None:
        self._pool = pool
        self._store = store
        self._objects = objects
        self._scanner = scanner
        self._limits = limits
        self._clock = clock
        self._ids = ids

    async def receive(self, said: Announced, body: AsyncIterator[bytes]) -> Received:
        """Durable when it returns. Raises the refusals of this module and of `file_kinds`; then nothing is kept."""
        if (said.length or 0) > self._limits.file_bytes:
            raise FileTooLarge(self._limits.file_bytes)
        before = await self._known(said)
        if before is not None:
            return await self._same(before, self._measured(body, Sample(), hashlib.sha256()))
        begun, key = await self._begin(said)
        try:
            return await self._written(said, begun, key, body)
        except BaseException:
            async with self._pool.acquire() as db:
                await self._store.drop(db, begun.upload_id)
            raise

    @property
    def has_scanner(self) -> bool:
        return self._scanner is not None

    async def scanned(self, upload_id: UUID, key: bytes) -> Verdict:
        """Unchecked where there is no scanner, or none that answers."""
        if self._scanner is None:
            return Verdict(FileState.UNCHECKED)
        try:
            async with aclosing(self._objects.read(upload_id, key)) as plain:
                return await self._scanner.scan(plain)
        except ScannerAway as error:
            log.warning("the virus scanner does not answer", error=error)
            return Verdict(FileState.UNCHECKED)

    async def run(self, stopping: Stopping, beat: Callable[[], None] = lambda: None) -> None:
        """Sweeps until the process stops; what came while there was no scanner is shown to the one that there is now."""
        is_asked = self._scanner is None
        while not stopping.requested:
            beat()
            try:
                if not is_asked:
                    await self._ask_about_all()
                    is_asked = True
                await self.sweep()
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the sweep of uploads waits for its infrastructure", error=error)
            await stopping.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Removes what no message will name any more, and what has lost its key; answers how many went."""
        now, count = self._clock.now(), 0
        async with self._pool.acquire() as db:
            await self._store.doom(db, now - LOOSE_FOR, now - BROKEN_FOR)
            while going := await self._store.going(db, SWEPT_AT_ONCE):
                for upload_id in going:
                    await self._objects.remove(upload_id)
                await self._store.forget(db, going)
                count += len(going)
        return count

    async def _ask_about_all(self) -> None:
        async with self._pool.acquire() as db, db.transaction():
            waiting = await self._store.unchecked(db)
            await set_timers(db, [Timer(kind=RESCAN, key=str(upload_id), due_at=self._clock.now()) for upload_id in waiting])

    async def _known(self, said: Announced) -> Upload | None:
        async with self._pool.acquire() as db:
            return await self._store.by_external_id(db, said.frontend, said.external_id)

    async def _begin(self, said: Announced) -> tuple[Begun, bytes]:
        size = self._limits.file_bytes if said.length is None else said.length
        begun = Begun(
            upload_id=self._ids.new(),
            frontend=said.frontend,
            external_id=said.external_id,
            thread_id=said.thread_id,
            size=size,
            at=self._clock.now(),
        )
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db, said.thread_id)
            loose = await self._store.loose(db, said.thread_id)
            if loose.files >= self._limits.files or loose.bytes + size > self._limits.total_bytes:
                raise TooManyFiles
            return begun, await self._store.begin(db, begun)

    async def _written(self, said: Announced, begun: Begun, key: bytes, body: AsyncIterator[bytes]) -> Received:
        sample, digest = Sample(), hashlib.sha256()

        async def proved() -> AsyncIterator[bytes]:
            """A refusal here leaves nothing on the disk: the object is not finished yet."""
            async for piece in self._measured(body, sample, digest):
                yield piece
            check(kind_of(sample), said.name, said.type)

        await self._objects.write(begun.upload_id, key, proved())
        verdict = await self.scanned(begun.upload_id, key)
        upload = Upload(
            upload_id=str(begun.upload_id),
            frontend=said.frontend,
            thread=said.thread_id,
            name=said.name,
            type=kind_of(sample).type,
            size=sample.size,
            sha256=digest.hexdigest(),
            state=verdict.state,
            found=verdict.found,
        )
        try:
            async with self._pool.acquire() as db, db.transaction():
                await self._store.keep(db, upload, key)
                if self._scanner is not None and upload.state is FileState.UNCHECKED:
                    await set_timers(db, [Timer(kind=RESCAN, key=upload.upload_id, due_at=self._clock.now() + RESCAN_AFTER)])
        except CameBefore:
            return await self._lost(said, begun, upload)
        return Received(upload, again=False)

    async def _lost(self, said: Announced, begun: Begun, mine: Upload) -> Received:
        """The same came twice at once, and the other was first."""
        async with self._pool.acquire() as db:
            await self._store.drop(db, begun.upload_id)
        other = await self._known(said)
        if other is None or other.sha256 != mine.sha256:
            raise UploadDiffers
        return Received(other, again=True)

    async def _same(self, before: Upload, body: AsyncIterator[bytes]) -> Received:
        digest = hashlib.sha256()
        async for piece in body:
            digest.update(piece)
        if digest.hexdigest() != before.sha256:
            raise UploadDiffers
        return Received(before, again=True)

    async def _measured(self, body: AsyncIterator[bytes], sample: Sample, digest: "hashlib._Hash") -> AsyncIterator[bytes]:
        """Counts while it passes; raises `FileTooLarge` at the first byte over the limit."""
        async for piece in body:
            sample.add(piece)
            digest.update(piece)
            if sample.size > self._limits.file_bytes:
                raise FileTooLarge(self._limits.file_bytes)
            yield piece
