"""Connections to a service's own schema."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

# What the outside does to us, not what a record holds: the work is tried again, the record is no poison.
# A schema that is behind the code is the outside, too: were it poison, a migration that is late would set every record aside.
INFRASTRUCTURE_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InsufficientResourcesError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InternalClientError,  # asyncpg's word for a connection that broke off in the middle of a reply, and for a changed schema
    asyncpg.InvalidCachedStatementError,
)


# A service finds its rows by index. A plan made while a table was empty, and kept, would read all of it for a few rows later.
BY_INDEX: Mapping[str, str] = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
# For what waits: the planner knows nothing of a day that has just begun, and would sort all that is due to find the next few.
IN_ORDER_OF_INDEX: Mapping[str, str] = {**BY_INDEX, "enable_bitmapscan": "off", "enable_sort": "off"}
JSONB_VERSION = b"\x01"  # the first byte of a jsonb value in PostgreSQL's binary format, which COPY needs


def _dump(value: Any) -> bytes:
    return JSONB_VERSION + orjson.dumps(value, default=str)  # the driver's own ids are a subclass that orjson does not know


def _load(raw: bytes) -> Any:
    return orjson.loads(raw[1:])


async def prepare_connection(connection: "asyncpg.Connection[Any]") -> None:
    """JSON columns are Python values on our side."""
    await connection.set_type_codec("jsonb", encoder=_dump, decoder=_load, schema="pg_catalog", format="binary")


async def open_pool(dsn: str, *, size: int = 10, settings: Mapping[str, str] = BY_INDEX) -> Pool:
    """A pool of connections; it opens lazily, so that a service starts while its database is still coming up."""
    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=prepare_connection,
        command_timeout=60,
        server_settings={"application_name": "otklik", "timezone": "UTC", **settings},
    )


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, object]) -> AsyncIterator[None]:
    """Begins this work and ends with it. The block needs no connection: while PostgreSQL writes some rows, the next are made ready."""
    task = asyncio.create_task(work)
    try:
        await asyncio.sleep(0)
        yield
    except BaseException:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):  # the block's own exception is the one that counts
            await task
        raise
    await task
