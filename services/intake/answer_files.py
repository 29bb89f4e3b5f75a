"""Files of answers: named by a version while it is written, proved before it leaves, read by staff and by whose answer it is."""

import hashlib
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import ClassVar, NamedTuple
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.objects import AttachmentDamaged, Objects
from libs.chassis.store.sealing import BrokenSeal
from libs.events.topics import DESK
from libs.events.vocabulary import AnswerFile, FileState
from services.intake.domain.answer.draft import enclosed
from services.intake.domain.request import Request
from services.intake.domain.uploads.attachments import AttachmentNotFound, Upload, name_of
from services.intake.uploads.store import UploadStore


class FileNotHere(Refusal):
    """A version names a file that was not uploaded under its request, or was removed because no version named it for a day."""

    code: ClassVar[str] = "file-not-here"
    says: ClassVar[str] = "Одного из файлов ответа уже нет. Приложите его ещё раз."


class FileNotClean(Refusal):
    """The virus scanner has not spoken of it yet, or found something. `file`: its number in the answer."""

    code: ClassVar[str] = "answer-file-not-clean"
    says: ClassVar[str] = "Файл ответа ещё не проверен на вирусы или не прошёл проверку, поэтому ничего не отправлено."

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def extras(self) -> dict[str, object]:
        return {"file": self._number}


class FileChanged(FileNotClean):
    """What is kept is not what was approved. `file`: its number in the answer."""

    code: ClassVar[str] = "answer-file-changed"
    says: ClassVar[str] = (
        "Файл ответа в хранилище отличается от согласованного или пропал, поэтому ничего не отправлено. "
        "Сообщите администратору и подготовьте проект заново."
    )


class OpenedFile(NamedTuple):
    """The first piece is proved already; whoever reads it closes it."""

    file: AnswerFile
    number: int
    pieces: AsyncGenerator[bytes, None]

    @property
    def name(self) -> str:
        return name_of(self.file, self.number)


class AnswerFiles:
    """`has_scanner`: each file must have been found clean before it leaves."""

    def __init__(self, *, pool: Pool, store: UploadStore, objects: Objects, has_scanner: bool, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._objects = objects
        self._clock = clock
        self._has_scanner = has_scanner

    async def claim(self, db: Connection, request_id: UUID, files: Collection[AnswerFile]) -> None:
        """From now on they live as long as the request. In the transaction that names them. Raises `FileNotHere`."""
        if not files:
            return
        uploads = await self._store.named(db, [file.upload_id for file in files])
        if not all(_is(uploads.get(file.upload_id), file, request_id) for file in files):
            raise FileNotHere
        await self._store.bind(db, {file.upload_id: request_id for file in files}, self._clock.now())

    async def offer(self, db: Connection, request: Request) -> None:
        """To history: they have left. In the transaction that sends them."""
        sent = enclosed(request.drafts, request.letter)
        await self._store.offer(db, [UUID(file.upload_id) for file in sent], self._clock.now())

    async def prove(self, request_id: UUID, request: Request) -> None:
        """What leaves with the last version is, byte by byte, what was approved. Raises `FileChanged`, `FileNotClean`."""
        given = request.drafts[-1].content.given if request.drafts else ()
        if not given:
            return
        async with self._pool.acquire() as db:
            uploads = await self._store.named(db, [file.upload_id for file in given])
        for number, file in enumerate(given, 1):
            upload = uploads.get(file.upload_id)
            if upload is None or not _is(upload, file, request_id) or await self._digest(file, upload.thread) != file.sha256:
                raise FileChanged(number)
            if upload.state is FileState.INFECTED or (self._has_scanner and upload.state is not FileState.CLEAN):
                raise FileNotClean(number)

    async def open(self, request_id: UUID, files: Sequence[AnswerFile], number: int) -> OpenedFile:
        """Counted from 1. Raises `AttachmentNotFound`, `AttachmentDamaged`."""
        if not 1 <= number <= len(files):
            raise AttachmentNotFound
        file = files[number - 1]
        return OpenedFile(file, number, await self._opened(file, request_id))

    async def _digest(self, file: AnswerFile, thread: UUID) -> str | None:
        """None: it is gone or broken."""
        digest = hashlib.sha256()
        try:
            async with aclosing(await self._opened(file, thread)) as pieces:
                async for piece in pieces:
                    digest.update(piece)
        except (AttachmentDamaged, BrokenSeal):
            return None
        return digest.hexdigest()

    async def _opened(self, file: AnswerFile, thread: UUID) -> AsyncGenerator[bytes, None]:
        """Holds no connection while it is read. Raises `AttachmentDamaged`."""
        async with self._pool.acquire() as db:
            key = await self._store.key(db, thread)
        return await self._objects.opened(UUID(file.upload_id), key)


def _is(upload: Upload | None, file: AnswerFile, request_id: UUID) -> bool:
    """It came to the desk, under the key of this very request."""
    return upload is not None and upload.thread == request_id and upload.is_of(file, DESK, request_id)
