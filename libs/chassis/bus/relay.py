"""The relay: what waits in the outbox goes to Kafka, in order per key, and leaves the outbox once acknowledged (R-3)."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiokafka.errors import KafkaError

from libs.chassis.bus.bell import Bell as Bell
from libs.chassis.bus.sending import Batch, Fate, Sending
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.outbox import OutboxShard, Waiting

BATCH = 500
ROTATE_SECONDS = 600.0
RELEASE_SECONDS = 2.0

log = structlog.stdlib.get_logger("bus")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long the relay waits for what, in seconds.

    The lease is short, so that the shard of a killed process is sent by the next one soon; it is renewed while the broker takes its time.
    Order does not rest on it: who sends, sends each key from its first row on, so two at once repeat records and overtake none.
    """

    lease: float = 6.0
    renew: float = 1.5
    send: float = 20.0
    poll: float = 0.5  # the fall-back; a commit in this process wakes the relay at once
    gather: float = 0.02  # between two rounds that found little: a few larger batches cost the broker and its readers much less
    from_zero: float = 30.0
    again: float = 2.0  # after a failure


class LeaseLost(Exception):
    """Another relay sends this shard now."""


class Relay:
    """Sends one shard. Rows that were not acknowledged stay, so a crash sends again and never skips."""

    def __init__(
        self,
        *,
        shard: OutboxShard,
        bootstrap: str,
        client_id: str,
        bell: Bell,
        clock: Clock,
        metrics: Metrics,
        telemetry: Telemetry,
        beat: Callable[[], None],
        pace: Pace | None = None,
    ) -> None:
        self._shard = shard
        self._pace = pace or Pace()
        self._sending = Sending(bootstrap=bootstrap, client_id=client_id, seconds=self._pace.send, telemetry=telemetry)
        self._bell = bell.ear()
        self._clock = clock
        self._metrics = metrics
        self._beat = beat
        self._after = 0
        self._from_zero_at = 0.0
        self._rotate_at = 0.0
        self._held_until = 0.0
        self._stuck_topics: set[str] = set()

    async def run(self, stopping: Stopping) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        self._from_zero_at = self._held_until = 0.0
        try:
            while not stopping.requested:
                self._beat()
                await self._turn(stopping)
        finally:
            await self._sending.drop()
            with suppress(*INFRASTRUCTURE_ERRORS):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._shard.release()

    async def _turn(self, stopping: Stopping) -> None:
        try:
            await self._hold()
            found = await self.round()
            if not found:
                await self._bell.wait(self._pace.poll)
            elif found < BATCH:
                await stopping.sleep(self._pace.gather)
        except LeaseLost:
            await stopping.sleep(min(1.0, self._pace.lease / 4))
        except (*INFRASTRUCTURE_ERRORS, KafkaError) as error:
            log.warning("the outbox waits for its infrastructure", shard=self._shard.shard, error=error)
            await self._failed()
            await stopping.sleep(min(1.0, self._pace.again))

    async def round(self) -> int:
        """One look at what waits; how many rows there were."""
        if time.monotonic() >= self._from_zero_at:
            await self._from_zero()
        rows = await self._shard.pending(self._after, BATCH, sorted(self._stuck_topics))
        if rows and await self._deliver(await self._openable(rows)) == len(rows):
            self._after = rows[-1].id
        return len(rows)

    async def _hold(self) -> None:
        now = time.monotonic()
        if now < self._held_until - self._pace.lease + self._pace.renew:
            return
        if not await self._shard.lease(self._pace.lease):
            self._held_until = 0.0
            raise LeaseLost
        self._held_until = now + self._pace.lease

    async def _from_zero(self) -> None:
        """A slow transaction's rows have lower ids than what was sent meanwhile: look for them from the start."""
        now = time.monotonic()
        self._after, self._from_zero_at = 0, now + self._pace.from_zero
        self._stuck_topics.clear()
        self._sending.forget_topics()
        if now >= self._rotate_at:
            self._rotate_at = now + ROTATE_SECONDS
            await self._shard.rotate(self._clock.now().date())
        await self._tell()

    async def _tell(self) -> None:
        state = await self._shard.state()
        self._metrics.outbox(pending=state.pending, oldest=state.oldest, shard=self._shard.shard)
        self._metrics.parked_keys("outbox", state.parked)

    async def _openable(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """A row that can't be opened is parked with its key; the others go on."""
        broken = [row for row in rows if row.broken]
        for row in broken:
            await self._park(row, row.broken or "")
        parked = {_lane(row) for row in broken}
        return [row for row in rows if _lane(row) not in parked]

    async def _deliver(self, rows: Sequence[Waiting]) -> int:
        """How many rows were acknowledged; those of a missing topic wait, and so does what follows a failure."""
        known = await self._sending.known({row.record.topic for row in rows})
        for topic in {row.record.topic for row in rows} - known:
            self._stuck_topics.add(topic)
            log.error("a topic is missing, its records wait: run `otklik topics apply`", topic=topic)
        left = [row for row in rows if row.record.topic in known]
        done = 0
        while left:
            await self._sending.ready()
            await self._hold()
            batches, left = await self._sending.batches(left)
            await self._send(batches)
            done += await self._settle(batches)
            if any(batch.fate is not Fate.ACKNOWLEDGED for batch in batches):
                break
        return done

    async def _send(self, batches: Sequence[Batch]) -> None:
        """The lease is kept meanwhile. Who can't keep it waits for the answer all the same, and sends nothing after it."""
        sending = asyncio.ensure_future(self._sending.send(batches))
        try:
            while not (await asyncio.wait({sending}, timeout=self._pace.renew))[0]:
                with suppress(LeaseLost, *INFRASTRUCTURE_ERRORS):
                    async with asyncio.timeout(self._pace.lease):
                        await self._hold()
            await sending
        finally:
            sending.cancel()

    async def _settle(self, batches: Sequence[Batch]) -> int:
        acknowledged = [row for batch in batches if batch.fate is Fate.ACKNOWLEDGED for row in batch.rows]
        if acknowledged:
            await self._shard.sent(acknowledged)
        refused = [batch for batch in batches if batch.fate is Fate.REFUSED]
        unknown = [batch for batch in batches if batch.fate is Fate.UNKNOWN]
        if refused or unknown:
            await self._sending.drop()  # one refused record poisons the idempotent producer
        for batch in unknown:
            await self._leave(batch)
        return len(acknowledged) + sum([await self._one_by_one(batch) for batch in refused])

    async def _one_by_one(self, refused: Batch) -> int:
        """Who is it that the broker does not take? Its key waits from now on, the others of the batch go."""
        if len(refused.rows) == 1:
            await self._park(refused.rows[0], type(refused.error).__name__)
            return 0
        done, parked = 0, set[tuple[str, str]]()
        for row in refused.rows:
            if _lane(row) in parked:
                continue
            self._beat()
            await self._sending.ready()
            await self._hold()
            [batch], _ = await self._sending.batches([row])
            await self._send([batch])
            done += await self._settle([batch])
            if batch.fate is Fate.UNKNOWN:
                break
            if batch.fate is Fate.REFUSED:
                parked.add(_lane(row))
        return done

    async def _park(self, row: Waiting, reason: str) -> None:
        await self._shard.park(row, reason)
        await self._tell()
        log.error("a record can't be sent; its key is parked", topic=row.record.topic, event_id=str(row.record.event_id), reason=reason)

    async def _leave(self, batch: Batch) -> None:
        """Its topic is tried again soon, from the start, so that the others need not wait for it."""
        place = {"topic": batch.topic, "partition": batch.partition, "records": len(batch.rows)}
        log.warning("a batch was not acknowledged", error=batch.error, **place)
        self._stuck_topics.add(batch.topic)
        self._again_soon()

    async def _failed(self) -> None:
        await self._sending.drop()
        self._again_soon()

    def _again_soon(self) -> None:
        self._from_zero_at = min(self._from_zero_at, time.monotonic() + self._pace.again)


def _lane(row: Waiting) -> tuple[str, str]:
    return row.record.topic, row.record.key
