"""The loop that signs: every few minutes the end of each shard that has moved, so that nobody can rewrite what lies before it (R-18)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import structlog
from prometheus_client import CollectorRegistry, Gauge

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import Pool
from libs.chassis.store.events import record_of
from libs.chassis.store.outbox import Outbox
from libs.events.contracts.history_events import HeadSigned
from libs.events.envelope import Actor, Envelope, lone
from libs.events.topics import HISTORY
from services.history.domain.entries import PRODUCER
from services.history.domain.heads import Signer
from services.history.heads_file import HeadsFile
from services.history.store import SQL

HEADS: Final = UUID("f2b9c1d4-7d5e-5a0c-9a6b-5f8f3f0c7a11")  # of the threads of signed heads, one a shard: on Kafka they keep their order

log = structlog.stdlib.get_logger("history")


class HeadFigures:
    """Whether everything is signed, and whether what was signed still stands."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.signed_at = Gauge(
            "otklik_history_head_signed_timestamp_seconds", "When every head of the log was last found signed", registry=registry
        )
        self.denied = Gauge(
            "otklik_history_heads_denied",
            "Shards whose log is no longer the one that was signed",
            registry=registry,
        )


@dataclass(frozen=True, kw_only=True)
class Heads:
    """Signs heads into the topic and into the file. `HeadSigned` is no entry of the log: signing would move what it signs.

    The outbox commits first, then the file is written, which is also the memory of what is signed. A crash between the two signs
    a head once more, which harms nobody; nothing is ever signed that is not committed.
    """

    pool: Pool
    outbox: Outbox
    signer: Signer
    file: HeadsFile
    clock: Clock
    ids: Ids
    authority: str
    figures: HeadFigures
    every_seconds: float
    ring: Callable[[], None]

    async def run(self, stopping: Stopping) -> None:
        """At once, then every few minutes, and once more at the end."""
        while not stopping.requested:
            await self.sign()
            await stopping.sleep(self.every_seconds)
        await self.sign()

    async def sign(self) -> list[HeadSigned]:
        """The heads that were signed now."""
        now = self.clock.now()
        last = await asyncio.to_thread(self.file.last)
        async with self.pool.acquire() as db, db.transaction():
            signed_to = [[head.shard for head in last.values()], [head.position for head in last.values()]]
            heads = await db.fetch(SQL["heads_to_sign"], *signed_to)
            denied = [head for head in heads if _denies(head, last.get(head["shard"]))]
            fresh = [self._signed(head) for head in heads if head not in denied and _moved(head, last.get(head["shard"]))]
            await self.outbox.add(db, [record_of(self._envelope(head, now), HISTORY.name, str(_thread(head)), None) for head in fresh], now)
        if fresh:
            self.ring()
            await asyncio.to_thread(self.file.append, fresh, now)
        self._tell(denied, now)
        return fresh

    def _signed(self, head: Mapping[str, Any]) -> HeadSigned:
        return self.signer.head(head["shard"], head["position"], head["hash"])

    def _tell(self, denied: list[Mapping[str, Any]], now: datetime) -> None:
        for head in denied:
            log.critical("the log is not the one that was signed: run `otklik verify`", shard=head["shard"], position=head["position"])
        self.figures.denied.set(len(denied))
        if not denied:
            self.figures.signed_at.set(now.timestamp())

    def _envelope(self, head: HeadSigned, now: datetime) -> Envelope:
        return lone(
            head,
            event_id=self.ids.new(),
            at=now,
            authority=self.authority,
            producer=PRODUCER,
            aggregate_id=f"shard-{head.shard}",
            thread_id=_thread(head),
            actor=Actor(role="system", id=PRODUCER),
        )


def _thread(head: HeadSigned) -> UUID:
    return uuid5(HEADS, f"shard {head.shard}")


def _moved(head: Mapping[str, Any], last: HeadSigned | None) -> bool:
    return bool(head["position"] > (last.position if last else 0))


def _denies(head: Mapping[str, Any], last: HeadSigned | None) -> bool:
    """Whether the row that was signed last is gone or another one."""
    return last is not None and (head["position"] < last.position or head["signed_hash"] != bytes.fromhex(last.hash))
