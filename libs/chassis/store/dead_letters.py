"""Dead letters: a record that a consumer can't handle is kept, sealed, in a table of its own, and so is what waits behind it (R-7)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal, unseal

SQL = queries(__file__)
WAITS = "waits"  # the reason of a record with which nothing is wrong but what lies before it
LANE_BYTES = 16
LIFETIME = timedelta(days=30)


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
    lane: bytes | None = None
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A dead letter as it lies in the table; `DeadLetters.opened` reads it."""

    id: int
    letter: DeadLetter
    asked: bool
    set_aside_at: datetime
    row: Mapping[str, Any] = field(repr=False)

    @property
    def waits(self) -> bool:
        return self.letter.reason == WAITS


def lane_key(master: bytes) -> bytes:
    """The key of the lanes' fingerprints, derived from the master key."""
    return hashlib.blake2b(b"lanes of dead letters", key=master, digest_size=32).digest()


class DeadLetters:
    """Adds to the table. Who adds to a lane holds it."""

    def __init__(self, keyring: Keyring, lane_key: bytes) -> None:
        self._keyring = keyring
        self._lane_key = lane_key

    def lane_of(self, topic: str, key: bytes | None) -> bytes | None:
        """Records of one lane wait for each other. A fingerprint, because a stranger's Kafka key may be a name."""
        if key is None:
            return None
        return hashlib.blake2b(topic.encode() + b"\n" + key, key=self._lane_key, digest_size=LANE_BYTES).digest()

    async def waiting(self, db: Connection, consumer: str, lanes: Collection[bytes]) -> set[bytes]:
        """Those of the lanes that wait; the caller holds them until its transaction ends."""
        rows = await db.fetch(SQL["waiting_lanes"], consumer, list(lanes)) if lanes else []
        return {row["lane"] for row in rows}

    async def set_aside(self, db: Connection, letter: DeadLetter, at: datetime) -> bool:
        """Its lane waits from now on. False when this very record had been set aside before: then its lane is empty and soon closed."""
        key = await self._keyring.for_dead_letters(db, at.date())
        if letter.lane is not None:
            await db.execute(SQL["open_lane"], letter.consumer, letter.lane, at)
        added = await db.fetchval(
            SQL["add_dead_letter"],
            letter.consumer,
            letter.topic,
            letter.partition,
            letter.offset,
            letter.timestamp_ms,
            _sealed(key, letter.key, letter.topic),
            letter.event_id,
            letter.reason,
            at.date(),
            _sealed(key, letter.value, letter.topic),
            at,
            letter.lane,
            letter.traceparent,
        )
        return added is not None

    async def wait_behind(self, db: Connection, consumer: str, waiting: Sequence[tuple[UUID, DeadLetter]], at: datetime) -> int:
        """Keeps records whose lanes wait, each with what the inbox would note it as; how many were not here yet."""
        key = await self._keyring.for_dead_letters(db, at.date())
        letters = [letter for _, letter in waiting]
        rows = await db.fetch(
            SQL["add_waiting_letters"],
            consumer,
            WAITS,
            at.date(),
            at,
            [letter.topic for letter in letters],
            [letter.partition for letter in letters],
            [letter.offset for letter in letters],
            [letter.timestamp_ms for letter in letters],
            [_sealed(key, letter.key, letter.topic) for letter in letters],
            [letter.event_id for letter in letters],
            [_sealed(key, letter.value, letter.topic) for letter in letters],
            [letter.lane for letter in letters],
            [letter.traceparent for letter in letters],
            [noted_as for noted_as, _ in waiting],
        )
        return len(rows)

    async def opened(self, db: Connection, kept: Kept) -> DeadLetter:
        """With key and value; raises `BrokenSeal`."""
        row, topic = kept.row, kept.letter.topic
        key = await self._keyring.for_dead_letters(db, row["day"])
        return _letter(row, _unsealed(key, row["sealed_key"], topic), _unsealed(key, row["sealed"], topic))


def kept(row: Mapping[str, Any]) -> Kept:
    """A row of the table, still sealed."""
    letter = _letter(row, None, None)
    return Kept(id=row["id"], letter=letter, asked=row["asked_at"] is not None, set_aside_at=row["set_aside_at"], row=row)


def _letter(row: Mapping[str, Any], key: bytes | None, value: bytes | None) -> DeadLetter:
    return DeadLetter(
        consumer=row["consumer"],
        topic=row["topic"],
        partition=row["kafka_partition"],
        offset=row["kafka_offset"],
        timestamp_ms=row["record_timestamp_ms"],
        key=key,
        value=value,
        event_id=row["event_id"],
        reason=row["reason"],
        lane=row["lane"],
        traceparent=row["traceparent"],
    )


def _sealed(key: bytes, plaintext: bytes | None, topic: str) -> bytes | None:
    return None if plaintext is None else seal(key, plaintext, topic.encode())


def _unsealed(key: bytes, sealed: bytes | None, topic: str) -> bytes | None:
    return None if sealed is None else unseal(key, sealed, topic.encode())
