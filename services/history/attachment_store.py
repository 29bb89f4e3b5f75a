"""SQL of the files that history keeps copies of. Every method works in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal, unseal
from libs.chassis.store.timers import Timer, set_timers
from libs.events.contracts.history_events import Unkept
from libs.events.vocabulary import Attachment, FileState
from services.history.domain.attachments import Expected

SQL = queries(__file__)
FETCH: Final = "fetch-attachment"
UPLOAD: Final = "upload_id"
KEPT: Final = "kept"


class Found(NamedTuple):
    """A file, how far it has come, and the key of its thread."""

    file: Expected
    state: str
    key: bytes

    @property
    def is_kept(self) -> bool:
        return self.state == KEPT


class AttachmentStore:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def expect(self, db: Connection, files: Sequence[Expected], at: datetime) -> None:
        """Each is fetched by a timer of its own."""
        newest = {file.upload_id: file for file in files}
        if not newest:
            return
        keys = await self._keyring.made_for(db, {file.thread_id for file in newest.values()})
        rows = [(*file[:5], _sealed(file, keys[file.thread_id])) for _, file in sorted(newest.items())]
        await db.execute(SQL["expect_attachments"], *map(list, zip(*rows, strict=True)))
        await set_timers(
            db, [Timer(kind=FETCH, key=str(file.object_id), due_at=at, payload={UPLOAD: str(file.upload_id)}) for file in newest.values()]
        )

    async def lock(self, db: Connection, upload_id: UUID) -> None:
        """Nobody else makes a copy of it before the transaction ends."""
        await db.execute(SQL["lock_attachment"], upload_id)

    async def one(self, db: Connection, upload_id: UUID) -> Found | None:
        """None also for one whose key is gone."""
        row = await db.fetchrow(SQL["one_attachment"], upload_id)
        key = (await self._keyring.of(db, [row["thread_id"]])).get(row["thread_id"]) if row else None
        return Found(_file(row, key), row["state"], key) if row and key else None

    async def keep(self, db: Connection, found: Found) -> None:
        await db.execute(SQL["keep_attachment"], found.file.upload_id, _sealed(found.file._replace(key=""), found.key))

    async def refuse(self, db: Connection, file: Expected, reason: Unkept) -> None:
        await db.execute(SQL["refuse_attachment"], file.upload_id, file.object_id, reason.value)

    async def keyless(self, db: Connection, limit: int) -> dict[UUID, UUID]:
        """Copies of files whose threads were destroyed, by upload."""
        return {row["upload_id"]: row["copy_id"] for row in await db.fetch(SQL["keyless_attachments"], limit)}

    async def forget(self, db: Connection, upload_ids: Collection[UUID]) -> None:
        await db.execute(SQL["forget_attachments"], sorted(upload_ids))


def _sealed(file: Expected, key: bytes) -> bytes:
    told = {"state": file.state, "attachment": file.attachment.model_dump(mode="json"), "key": file.key}
    return seal(key, orjson.dumps(told), file.upload_id.bytes)


def _file(row: Mapping[str, Any], key: bytes) -> Expected:
    told = orjson.loads(unseal(key, row["sealed"], row["upload_id"].bytes))
    ids = {name: row[name] for name in Expected._fields[:5]}
    return Expected(**ids, state=FileState(told["state"]), attachment=Attachment.model_validate(told["attachment"]), key=told["key"])
