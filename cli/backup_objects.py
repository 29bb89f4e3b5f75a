"""The bytes of attachments in a copy: one archive of what the database of that moment knows, sealed as it lies on the disk."""

import os
import re
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.objects import Directory, durable_folder
from libs.chassis.store.queries import queries

SQL = queries(__file__)
ARCHIVE: Final = "objects.tar"
VARIABLE: Final = "OTKLIK_OBJECTS_DIRECTORY"
NAME: Final = re.compile(r"[0-9a-f]{32}")
AT_ONCE: Final = 1024 * 1024


def directory_of(environ: Mapping[str, str]) -> Path | None:
    """Where intake keeps them, if that is reached from here."""
    told = environ.get(VARIABLE)
    return Path(told) if told else None


async def known(db: Connection) -> list[UUID]:
    """Those that the database knows at the moment of the caller's transaction; none before the release that made their table."""
    if await db.fetchval("SELECT to_regclass('intake.uploads')") is None:
        return []
    return [row["upload_id"] for row in await db.fetch(SQL["known_objects"])]


def pack(folder: Path, objects: Sequence[UUID], archive: Path) -> int:
    """Answers how many are in it; one that was swept meanwhile nobody had named."""
    place, packed = Directory(folder), 0
    with tarfile.open(archive, "w") as made:
        for object_id in objects:
            try:
                with place.path(object_id).open("rb") as file:
                    told = made.gettarinfo(arcname=object_id.hex, fileobj=file)
                    told.uname = told.gname = ""
                    made.addfile(told, file)
            except FileNotFoundError:
                continue
            packed += 1
    return packed


def unpack(archive: Path, folder: Path) -> int:
    """Into the folder of a new installation, durable; one that is there already is the same, because none is ever changed."""
    place, unpacked = Directory(folder), 0
    with tarfile.open(archive, "r:") as made:
        for member in made:
            file = made.extractfile(member) if NAME.fullmatch(member.name) else None
            if file is None:
                continue
            final = place.path(UUID(member.name))
            final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = final.with_suffix(".unfinished")
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
                while piece := file.read(AT_ONCE):
                    written.write(piece)
                written.flush()
                os.fsync(written.fileno())
            unfinished.rename(final)
            durable_folder(final.parent)
            unpacked += 1
    return unpacked


def missing(folder: Path | None, objects: Sequence[UUID]) -> int:
    """How many of those that the database knows are not there."""
    return len(objects) if folder is None else sum(not Directory(folder).path(object_id).is_file() for object_id in objects)
