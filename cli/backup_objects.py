"""The bytes of attachments in a copy: for each service an archive of what the database of that moment knows, sealed as it lies."""

import asyncio
import io
import os
import re
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from pydantic_settings import SettingsConfigDict

from libs.chassis.store.database import Connection
from libs.chassis.store.objects import Shelf
from libs.chassis.store.queries import queries
from libs.chassis.store.shelves import ObjectSettings, shelf_of

SQL = queries(__file__)
NAME: Final = re.compile(r"[0-9a-f]{32}")
PIECE: Final = 1024 * 1024
ASKED_AT_ONCE: Final = 20


class HistoryObjectSettings(ObjectSettings):
    """The same of history, whose variables bear its name where both are told."""

    model_config = SettingsConfigDict(env_prefix="OTKLIK_HISTORY_")


@dataclass(frozen=True)
class Keeps:
    """A service that keeps objects: in which table it says so, by which query, and what its archive is called."""

    settings: type[ObjectSettings]
    table: str
    query: str
    archive: str

    @property
    def variable(self) -> str:
        return self.settings.variable("objects")


KEEPS: Final = {
    "intake": Keeps(ObjectSettings, "intake.uploads", "known_objects", "objects.tar"),
    "history": Keeps(HistoryObjectSettings, "history.attachments", "known_copies", "history-objects.tar"),
}
Shelves = Mapping[str, Shelf]
"""By service; of one that is not there nobody said where its objects lie."""


def shelves_here() -> dict[str, Shelf]:
    """Where they are kept, if that is reached from here; raises `WrongSettings`."""
    return {name: shelf_of(keeps.settings.read()) for name, keeps in KEEPS.items() if os.environ.get(keeps.variable)}


async def known(db: Connection) -> dict[str, list[UUID]]:
    """Those that the database knows at the moment of the caller's transaction; none before the release that made their table."""
    return {name: await _known(db, keeps) for name, keeps in KEEPS.items()}


async def _known(db: Connection, keeps: Keeps) -> list[UUID]:
    if await db.fetchval("SELECT to_regclass($1)", keeps.table) is None:
        return []
    return [row["object_id"] for row in await db.fetch(SQL[keeps.query])]


async def pack(shelf: Shelf, objects: Sequence[UUID], archive: Path) -> int:
    """Answers how many are in it; one that was swept meanwhile nobody had named. One at a time is in memory."""
    packed = 0
    with tarfile.open(archive, "w") as made:
        for object_id in objects:
            try:
                stored = b"".join([piece async for piece in shelf.get(object_id)])
            except FileNotFoundError:
                continue
            told = tarfile.TarInfo(object_id.hex)
            told.size, told.mode = len(stored), 0o600
            await asyncio.to_thread(made.addfile, told, io.BytesIO(stored))
            packed += 1
    return packed


async def unpack(archive: Path, shelf: Shelf) -> int:
    """Onto the shelf of a new installation; one that lies there whole is the same, because none is ever changed."""
    unpacked = 0
    with tarfile.open(archive, "r:") as made:
        while (member := await asyncio.to_thread(made.next)) is not None:
            file = made.extractfile(member) if NAME.fullmatch(member.name) else None
            if file is None:
                continue
            object_id = UUID(member.name)
            if await shelf.size(object_id) != member.size:
                await shelf.remove(object_id)
                await shelf.put(object_id, _pieces(file))
            unpacked += 1
    return unpacked


async def missing(shelf: Shelf | None, objects: Sequence[UUID]) -> int:
    """How many of those that the database knows are not there."""
    if shelf is None:
        return len(objects)
    count = 0
    for first in range(0, len(objects), ASKED_AT_ONCE):
        sizes = await asyncio.gather(*(shelf.size(object_id) for object_id in objects[first : first + ASKED_AT_ONCE]))
        count += sizes.count(None)
    return count


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece
