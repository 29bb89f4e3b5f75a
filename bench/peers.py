"""Other event stores as their users write to them in bulk: each takes our topic's records batch by batch, with none of our guarantees.

Each is given what costs it least: the record's text as it came, nothing sealed, nothing chained, nothing looked up.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

import asyncpg
import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from bench.plan import WrongRun
from libs.chassis.store.queries import queries
from local.packages import ASSETS

SQL = queries(__file__)
MESSAGE_DB = ASSETS / "@eventide" / "message-db" / "database"
SEARCH_PATH = {"search_path": "message_store,public"}
FOLDERS = ("schema", "tables", "types", "functions", "indexes")  # as its install.sh; its extension only makes ids, and ours come with them


class Store(Protocol):
    """`batch` makes of records what `write` takes: bare, that is done before the clock runs."""

    def batch(self, values: Sequence[bytes]) -> Any: ...

    async def write(self, batch: Any) -> None: ...

    async def count(self) -> int: ...

    async def close(self) -> None: ...


class MessageDb:
    """message-db has a function for one message; in bulk it is called for each row of one statement."""

    def __init__(self, db: "asyncpg.Connection[Any]") -> None:
        self._db = db

    @classmethod
    async def open(cls, dsn: str) -> Self:
        db = await asyncpg.connect(dsn, server_settings=SEARCH_PATH)
        for statements in scripts():
            await db.execute(statements)
        return cls(db)

    @staticmethod
    def batch(values: Sequence[bytes]) -> list[list[str]]:
        records = list(map(orjson.loads, values))
        streams = [f"request-{record['aggregate_id']}" for record in records]
        ids, types = ([record[name] for record in records] for name in ("event_id", "type"))
        return [ids, streams, types, [value.decode() for value in values]]

    async def write(self, batch: list[list[str]]) -> None:
        await self._db.execute(SQL["message_db_write"], *batch)

    async def count(self) -> int:
        return int(await self._db.fetchval(SQL["message_db_count"]))

    async def close(self) -> None:
        await self._db.close()


class EventSourcing:
    """The recorder of an application, which numbers all events, with its default settings."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        self._datastore = datastore
        self._recorder = PostgresApplicationRecorder(datastore)
        self._recorder.create_table()

    @classmethod
    async def open(cls, dsn: str) -> Self:
        parts = urlsplit(dsn)
        name, host, port = parts.path.strip("/"), parts.hostname or "", parts.port or 5432
        return cls(PostgresDatastore(name, host, port, parts.username or "", unquote(parts.password or "")))

    @staticmethod
    def batch(values: Sequence[bytes]) -> list[StoredEvent]:
        return [_stored(orjson.loads(value), value) for value in values]

    async def write(self, batch: list[StoredEvent]) -> None:
        """In a thread, so that the consumer fetches meanwhile."""
        await asyncio.to_thread(self._recorder.insert_events, batch)

    async def count(self) -> int:
        return await asyncio.to_thread(self._recorder.max_notification_id) or 0

    async def close(self) -> None:
        self._datastore.close()


def _stored(record: Mapping[str, Any], value: bytes) -> StoredEvent:
    return StoredEvent(UUID(record["aggregate_id"]), record["seq"], record["type"], value)


STORES: Mapping[str, type[MessageDb] | type[EventSourcing]] = {"message-db": MessageDb, "eventsourcing": EventSourcing}


def scripts() -> list[str]:
    """message-db's own SQL files, folder by folder as its installer runs them; they are never committed here."""
    if not MESSAGE_DB.is_dir():
        raise WrongRun(f"message-db is not in {ASSETS.name}/: run `make environment`")
    return [path.read_text("utf-8") for folder in FOLDERS for path in sorted((MESSAGE_DB / folder).glob("*.sql"))]
