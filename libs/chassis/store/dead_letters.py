"""Dead letters: a record that a consumer can't handle is kept, sealed, in the consumer's own table (R-7)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal

SQL = queries(__file__)


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A record set aside, where it lay, and the stable code of why; its time tells it from one of a topic made again."""

    consumer: str
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    event_id: UUID | None
    reason: str


class DeadLetters:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def set_aside(self, db: Connection, letter: DeadLetter, at: datetime) -> bool:
        """False when this very record had been set aside before."""
        key = await self._keyring.for_dead_letters(db, at.date())
        added = await db.fetchval(
            SQL["add_dead_letter"],
            letter.consumer,
            letter.topic,
            letter.partition,
            letter.offset,
            letter.timestamp_ms,
            None if letter.key is None else seal(key, letter.key, letter.topic.encode()),  # a stranger's key may be a name
            letter.event_id,
            letter.reason,
            at.date(),
            None if letter.value is None else seal(key, letter.value, letter.topic.encode()),
            at,
        )
        return added is not None
