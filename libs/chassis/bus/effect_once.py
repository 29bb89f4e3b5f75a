"""Every effect once: ids and work in one transaction a batch; on a failure the batch is halved until the one culprit is found."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import structlog

from libs.chassis.bus.aside import Aside
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.races import past_races
from libs.chassis.bus.received import Handler as Handler
from libs.chassis.bus.received import OnSetAside as OnSetAside
from libs.chassis.bus.received import Passed, Reader, Rejected, first_of_each, reason_of
from libs.chassis.bus.received import Poison as Poison
from libs.chassis.bus.received import Received as Received
from libs.chassis.bus.replay import Replay
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.dead_letters import DeadLetters
from libs.chassis.store.inbox import Inbox
from libs.chassis.store.outbox import Outbox
from libs.events.fact import Event
from libs.events.registry import Registry

log = structlog.stdlib.get_logger("bus")


class EffectOnce:
    """Takes batches for one consumer. `hears` limits the types that are handled; others are counted and passed over.

    `on_set_aside` is told of each dead letter and its reason, in the transaction that keeps it. `replay` is the loop that handles those
    that somebody asked for, and what waits behind them.
    """

    def __init__(
        self,
        *,
        consumer: str,
        authority: str,
        pool: Pool,
        registry: Registry,
        hears: Iterable[type[Event]],
        handler: Handler,
        dead_letters: DeadLetters,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
        metrics: Metrics,
        telemetry: Telemetry,
        on_set_aside: OnSetAside | None = None,
    ) -> None:
        self._consumer = consumer
        self._pool = pool
        self._reader = Reader(registry, hears, dead_letters.lane_of)
        self._handler = handler
        self._inbox = Inbox(consumer)
        self._metrics = metrics
        self._telemetry = telemetry
        self._aside = Aside(
            consumer=consumer,
            authority=authority,
            pool=pool,
            dead_letters=dead_letters,
            outbox=outbox,
            clock=clock,
            ids=ids,
            metrics=metrics,
            on_set_aside=on_set_aside,
        )
        self.replay = Replay(
            consumer=consumer,
            pool=pool,
            dead_letters=dead_letters,
            read=self._reader.read,
            have_effect=self._have_effect,
            aside=self._aside,
            clock=clock,
            metrics=metrics,
        )

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """One batch; when it returns, every record of it has had its effect once, was passed over, waits behind another or is set aside."""
        readable: list[Received] = []
        passed = Counter[str]()
        for delivery in deliveries:
            match self._reader.read(delivery):
                case Received() as item:
                    readable.append(item)
                case Passed(outcome):
                    passed[outcome] += 1
                case Rejected() as bad:
                    if bad.has_lane:  # what came before it under its key goes first, what comes after it waits
                        await self._handle(readable)
                        readable = []
                    await self._aside.put(bad, bad.reason)
        await self._handle(readable)
        for outcome, records in passed.items():
            self._metrics.handled(self._consumer, outcome, records)

    async def _handle(self, batch: Sequence[Received]) -> None:
        if not batch:
            return
        try:
            await self._attempt(batch)
        except INFRASTRUCTURE_ERRORS:
            raise
        except Exception as error:
            if len(batch) == 1:
                await self._aside.put(batch[0], reason_of(error), error)
                return
            log.warning("a batch is halved to find its culprit", consumer=self._consumer, records=len(batch), error=error)
            middle = len(batch) // 2
            await self._handle(batch[:middle])
            await self._handle(batch[middle:])

    async def _attempt(self, batch: Sequence[Received]) -> None:
        async def once() -> tuple[int, int]:
            async with self._pool.acquire() as db, db.transaction():
                free, kept = await self._aside.split(db, batch)
                return await self._have_effect(db, free), kept

        done, kept = await past_races(once)
        self._metrics.handled(self._consumer, "done", done)
        self._metrics.handled(self._consumer, "waits", kept)
        self._metrics.handled(self._consumer, "seen-before", len(batch) - done - kept)

    async def _have_effect(self, db: Connection, batch: Sequence[Received]) -> int:
        """In the caller's transaction; how many of them had not had it before."""
        fresh = await self._inbox.first_time(db, {item.identity for item in batch}) if batch else set()
        once = first_of_each(batch, fresh)
        if once:
            with ExitStack() as spans:
                await self._handler(db, [self._traced(spans, item) for item in once])
        return len(once)

    def _traced(self, spans: ExitStack, item: Received) -> Received:
        """A span of its own for each record, under the trace that its producer started (R-13)."""
        parent = item.delivery.traceparent
        if parent is None:
            return item
        attributes = {"messaging.destination.name": item.delivery.topic, "messaging.consumer.group.name": self._consumer}
        spans.enter_context(self._telemetry.span(f"{item.delivery.topic} process", parent, Kind.CONSUMER, attributes))
        return replace(item, traceparent=self._telemetry.current_traceparent() or parent)
