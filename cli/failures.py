"""What goes wrong around a command, said in one sentence to whoever runs it; a bug stays an exception."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from libs.chassis.bus.topics import WrongPartitions
from libs.chassis.ops.settings import WrongSettings
from libs.chassis.store.bucket import BucketAway
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.keys import WrongMasterKey
from local.places import WrongOffset

UNUSABLE = 2  # a setting or an argument is wrong
UNREACHABLE = 3  # PostgreSQL or Kafka does not answer, or not as it should

SILENT_KAFKA = (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError)
SILENT_POSTGRES = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
NOT_PREPARED = (asyncpg.InvalidCatalogNameError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)


@dataclass(frozen=True)
class Said:
    """What the command ends with."""

    text: str
    code: int


def sentence_for(error: BaseException, environ: Mapping[str, str]) -> Said | None:
    """None for a bug."""
    match error:
        case WrongOffset() | WrongSettings() | WrongMasterKey() | asyncpg.ClientConfigurationError() | InvalidReplicationFactorError():
            return Said(_setting(error), UNUSABLE)
        case KafkaError() | WrongPartitions():
            return Said(_kafka(error, environ.get("OTKLIK_KAFKA_BOOTSTRAP", "")), UNREACHABLE)
        case BucketAway():
            return Said(
                f"the bucket of attachments (OTKLIK_OBJECTS, OTKLIK_HISTORY_OBJECTS) can't be worked with: {error.code}", UNREACHABLE
            )
        case BrokenPipeError():
            return None  # whoever read our output has gone: the command line ends quietly by itself
        case OSError() if error.filename is not None:
            return Said(f"{error.filename} can't be used: {error.strerror}", UNUSABLE)
        case _ if isinstance(error, INFRASTRUCTURE_ERRORS):
            place = _place(environ.get("OTKLIK_POSTGRES_DSN") or environ.get("OTKLIK_ADMIN_DSN") or "")
            return Said(_postgres(error, place), UNREACHABLE)
        case _:
            return None


def _setting(error: BaseException) -> str:
    match error:
        case WrongMasterKey():
            return "the database knows another master key: check OTKLIK_MASTER_KEY and OTKLIK_MASTER_KEY_ID"
        case asyncpg.ClientConfigurationError():
            return "the address of the database is wrong: write postgresql://role:password@host:port/database"
        case InvalidReplicationFactorError():
            return "Kafka has fewer brokers than the copies that --replication asks for: ask for fewer, or add brokers"
        case _:
            return str(error)


def _kafka(error: BaseException, place: str) -> str:
    if isinstance(error, SILENT_KAFKA):
        return f"Kafka does not answer at {place}: does `make up` run?"
    return f"Kafka at {place} refused: {type(error).__name__}: {error}"


def _postgres(error: BaseException, place: str) -> str:
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return f"PostgreSQL at {place} lets nobody in by this role and password: check both"
        case asyncpg.InsufficientPrivilegeError():
            return f"PostgreSQL at {place} refused: the role lacks a right"
        case _ if isinstance(error, NOT_PREPARED):
            return f"the database at {place} is not prepared for this version: run `otklik database prepare`"
        case _ if isinstance(error, asyncpg.PostgresError) and not isinstance(error, SILENT_POSTGRES):
            return f"PostgreSQL at {place} refused: {type(error).__name__}"
        case _:
            return f"PostgreSQL does not answer at {place}: does `make up` run?"


def _place(dsn: str) -> str:
    """Host and port alone: the rest of it is secret."""
    return urlsplit(dsn).netloc.rpartition("@")[2]
