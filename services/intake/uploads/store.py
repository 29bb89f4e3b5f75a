"""SQL of the uploads: bytes that came and wait for the message that names them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal, unseal
from libs.chassis.store.timers import Timer, set_timers
from libs.events.vocabulary import FileState
from services import intake
from services.intake.domain.uploads.attachments import Upload

SQL = queries(intake.__file__)
ONCE = "uploads_once"
HAND_OVER: Final = "hand-over-attachment"


class CameBefore(Exception):
    """Another upload has the same id of its frontend."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """An upload on its way; `size` is what was announced, or the most that it may be."""

    upload_id: UUID
    frontend: str
    external_id: str
    thread_id: UUID
    size: int
    at: datetime


@dataclass(frozen=True)
class Loose:
    """What a dialogue sent and no message named yet."""

    files: int
    bytes: int


class UploadStore:
    """Every method works in the caller's transaction."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def lock(self, db: Connection, thread_id: UUID) -> None:
        await db.execute(SQL["lock_uploads_of_thread"], thread_id)

    async def loose(self, db: Connection, thread_id: UUID) -> Loose:
        row = await db.fetchrow(SQL["loose_uploads"], thread_id)
        return Loose(row["files"], row["bytes"]) if row else Loose(0, 0)

    async def begin(self, db: Connection, begun: Begun) -> bytes:
        """The key of its thread, made if there is none."""
        keys = await self._keyring.made_for(db, [begun.thread_id])
        told = (begun.upload_id, begun.frontend, begun.external_id, begun.thread_id, begun.at, begun.size)
        await db.execute(SQL["add_upload"], *told)
        return keys[begun.thread_id]

    async def keep(self, db: Connection, upload: Upload, key: bytes) -> None:
        """Raises `CameBefore`, and then the transaction must be rolled back."""
        try:
            await db.execute(SQL["keep_upload"], UUID(upload.upload_id), upload.state.value, upload.size, _sealed(upload, key))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONCE:
                raise
            raise CameBefore from error

    async def drop(self, db: Connection, upload_id: UUID) -> None:
        await db.execute(SQL["drop_upload"], upload_id)

    async def by_external_id(self, db: Connection, frontend: str, external_id: str) -> Upload | None:
        """None also for one whose key is gone."""
        row = await db.fetchrow(SQL["upload_by_external_id"], frontend, external_id)
        return next(iter((await self._opened(db, [row])).values()), None) if row else None

    async def waiting(self, db: Connection, upload_id: UUID) -> Upload | None:
        """The upload if the scanner has not spoken of it yet."""
        row = await db.fetchrow(SQL["unchecked_upload"], upload_id)
        return next(iter((await self._opened(db, [row])).values()), None) if row else None

    async def unchecked(self, db: Connection) -> list[UUID]:
        return [row["upload_id"] for row in await db.fetch(SQL["unchecked_uploads"])]

    async def named(self, db: Connection, upload_ids: Collection[str]) -> dict[str, Upload]:
        """Those that are there, by id; nobody removes them before the transaction ends."""
        ids = sorted({known for known in map(_id, upload_ids) if known})
        return await self._opened(db, await db.fetch(SQL["uploads_by_id"], ids)) if ids else {}

    async def bind(self, db: Connection, bound: Mapping[str, UUID], at: datetime) -> None:
        """To requests, by id; history may have what is bound."""
        if bound:
            rows = await db.fetch(SQL["bind_uploads"], [UUID(upload_id) for upload_id in bound], list(bound.values()))
            await self.offer(db, [row["upload_id"] for row in rows], at)

    async def offer(self, db: Connection, upload_ids: Collection[UUID], at: datetime) -> None:
        """To history, if they may be opened by then."""
        await set_timers(db, [Timer(kind=HAND_OVER, key=str(upload_id), due_at=at) for upload_id in upload_ids])

    async def examine(self, db: Connection, upload: Upload) -> None:
        """What the scanner said, as it stands in `upload`."""
        key = (await self.key(db, upload.thread)) or b""
        await db.execute(SQL["examine_upload"], UUID(upload.upload_id), upload.state.value, _sealed(upload, key))

    async def key(self, db: Connection, thread_id: UUID) -> bytes | None:
        """None when it is gone or damaged."""
        return (await self._keyring.of(db, [thread_id])).get(thread_id)

    async def to_copy(self, db: Connection, upload_id: UUID) -> Upload | None:
        """The upload of a request, if history has no copy of it and none lies ready."""
        rows = await db.fetch(SQL["uploads_to_copy"], upload_id)
        return next(iter((await self._opened(db, rows)).values()), None)

    async def all_to_copy(self, db: Connection) -> list[UUID]:
        return [row["upload_id"] for row in await db.fetch(SQL["uploads_to_copy"], None)]

    async def hand_over(self, db: Connection, upload_id: UUID, object_id: UUID) -> None:
        """This object lies ready for history."""
        await db.execute(SQL["hand_over_upload"], upload_id, object_id)

    async def copied(self, db: Connection, upload_id: UUID, at: datetime) -> None:
        await db.execute(SQL["upload_copied"], upload_id, at)

    async def not_kept(self, db: Connection, upload_id: UUID, object_id: UUID) -> int | None:
        """How often what lay ready was no use; None where something else lies there by now."""
        times: int | None = await db.fetchval(SQL["upload_not_kept"], upload_id, object_id)
        return times

    async def count_not_kept(self, db: Connection) -> int:
        return int(await db.fetchval(SQL["uploads_not_kept"]))

    async def doom(self, db: Connection, loose_before: datetime, broken_before: datetime) -> None:
        """Whatever nobody will name any more is to be removed."""
        await db.execute(SQL["doom_uploads"], loose_before, broken_before)

    async def going(self, db: Connection, limit: int) -> list[UUID]:
        return [row["upload_id"] for row in await db.fetch(SQL["going_uploads"], limit)]

    async def forget(self, db: Connection, upload_ids: Collection[UUID]) -> None:
        await db.execute(SQL["forget_uploads"], sorted(upload_ids))

    async def _opened(self, db: Connection, rows: Collection[Mapping[str, Any]]) -> dict[str, Upload]:
        keys = await self._keyring.of(db, {row["thread_id"] for row in rows})
        return {str(row["upload_id"]): _upload(row, keys[row["thread_id"]]) for row in rows if row["thread_id"] in keys}


def _id(told: str) -> UUID | None:
    """A frontend may name anything."""
    try:
        return UUID(told)
    except ValueError:
        return None


def _sealed(upload: Upload, key: bytes) -> bytes:
    told = {"name": upload.name, "type": upload.type, "sha256": upload.sha256, "found": upload.found}
    return seal(key, orjson.dumps(told), UUID(upload.upload_id).bytes)


def _upload(row: Mapping[str, Any], key: bytes) -> Upload:
    return Upload(
        upload_id=str(row["upload_id"]),
        frontend=row["frontend"],
        thread=row["thread_id"],
        size=row["size"],
        state=FileState(row["state"]),
        request_id=row["request_id"],
        **orjson.loads(unseal(key, row["sealed"], row["upload_id"].bytes)),
    )
