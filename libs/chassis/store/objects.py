"""Bytes too large for events, sealed (decision 0028): one interface, and a folder for them to lie in."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import ClassVar, Final, Protocol
from uuid import UUID

import structlog

from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.sealed_stream import CHUNK_BYTES, sealed, unsealed
from libs.chassis.store.sealing import BrokenSeal

READ_BYTES: Final = 4 * CHUNK_BYTES
UNFINISHED: Final = ".unfinished"

log = structlog.stdlib.get_logger("objects")


class AttachmentDamaged(Refusal):
    """The bytes are gone, or are not those that were sealed."""

    code: ClassVar[str] = "attachment-damaged"
    status: ClassVar[int] = 410
    says: ClassVar[str] = "Файл не сохранился или повреждён. Сообщите об этом администратору: файл могут вернуть из копии."


class Shelf(Protocol):
    """Where sealed objects lie: put once, whole or not at all, never changed."""

    async def put(self, object_id: UUID, stored: AsyncIterator[bytes]) -> None:
        """Durable when it returns. Raises FileExistsError, OSError, and whatever `stored` raises; then nothing of it is kept."""
        ...

    def get(self, object_id: UUID) -> AsyncGenerator[bytes, None]:
        """Close it when it is not read to its end. Raises FileNotFoundError and OSError."""
        ...

    async def remove(self, object_id: UUID) -> None:
        """With all that an attempt left that broke off; one that is not there is no mistake."""
        ...

    async def size(self, object_id: UUID) -> int | None:
        """In bytes as they are stored; None when it is not there."""
        ...


class Objects:
    """What lies on a shelf, sealed on its way there and proved on its way back."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def write(self, object_id: UUID, key: bytes, plain: AsyncIterator[bytes]) -> None:
        """As `Shelf.put`."""
        await self._shelf.put(object_id, sealed(key, object_id, plain))

    async def read(self, object_id: UUID, key: bytes) -> AsyncGenerator[bytes, None]:
        """As `Shelf.get`; raises also `BrokenSeal`."""
        async with aclosing(self._shelf.get(object_id)) as stored:
            async for piece in unsealed(key, object_id, stored):
                yield piece

    async def opened(self, object_id: UUID, key: bytes | None) -> AsyncGenerator[bytes, None]:
        """For somebody who waits for it: its first piece is proved already, the rest is proved as it is read. Whoever opens it closes it.

        Raises `AttachmentDamaged`, for a key that is gone, too.
        """
        if key is None:
            raise AttachmentDamaged
        pieces = self.read(object_id, key)
        try:
            first = await anext(pieces)
        except (FileNotFoundError, BrokenSeal) as error:
            log.error("an attachment can't be read", object_id=str(object_id), error=error)
            raise AttachmentDamaged from None
        return _from(first, pieces)

    async def remove(self, object_id: UUID) -> None:
        await self._shelf.remove(object_id)


async def _from(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        await rest.aclose()


class Directory:
    """A folder that this service alone may read; 256 folders inside, by the id's last two digits."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, object_id: UUID, stored: AsyncIterator[bytes]) -> None:
        final = self.path(object_id)
        unfinished = final.with_name(final.name + UNFINISHED)
        handle = await asyncio.to_thread(_begun, unfinished)
        try:
            if await asyncio.to_thread(final.exists):  # nobody else makes it meanwhile: the unfinished one is ours alone
                raise FileExistsError(final)
            async for piece in stored:
                await asyncio.to_thread(_all_written, handle, piece)
            await asyncio.to_thread(_finished, handle, unfinished, final)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)

    async def get(self, object_id: UUID) -> AsyncGenerator[bytes, None]:
        file = await asyncio.to_thread(self.path(object_id).open, "rb")
        try:
            while piece := await asyncio.to_thread(file.read, READ_BYTES):
                yield piece
        finally:
            file.close()

    async def remove(self, object_id: UUID) -> None:
        path = self.path(object_id)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await asyncio.to_thread(path.with_name(path.name + UNFINISHED).unlink, missing_ok=True)

    async def size(self, object_id: UUID) -> int | None:
        try:
            return (await asyncio.to_thread(self.path(object_id).stat)).st_size
        except FileNotFoundError:
            return None

    def path(self, object_id: UUID) -> Path:
        name = object_id.hex
        return self._root / name[-2:] / name


def _begun(path: Path) -> int:
    """The folders that are made on the way are made durable with the first file in them."""
    for folder in (path.parent.parent, path.parent):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable_folder(folder.parent)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _all_written(handle: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(handle, left) :]


def _finished(handle: int, unfinished: Path, final: Path) -> None:
    """On the disk under its name, before anything may speak of it."""
    os.fsync(handle)
    unfinished.rename(final)
    durable_folder(final.parent)


def durable_folder(path: Path) -> None:
    """What was made or renamed in it outlives a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
