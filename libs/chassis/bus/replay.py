"""Dead letters that somebody asked for are handled again, then what waits behind them: in order, each effect once (R-7)."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile

import structlog

from libs.chassis.bus.aside import Aside
from libs.chassis.bus.deliveries import Delivery
from libs.chassis.bus.races import past_races
from libs.chassis.bus.received import NEWER_VERSION, Passed, Poison, Received, Rejected, reason_of
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS, Connection, Pool
from libs.chassis.store.dead_letters import DeadLetter, DeadLetters, Kept
from libs.chassis.store.events import LostRace
from libs.chassis.store.lanes import Lanes, failed_again, hold_letter, replayed, state
from libs.chassis.store.sealing import BrokenSeal

AT_ONCE = 100  # records of a lane in one transaction: so long does a live batch with that key wait
POLL_SECONDS = 1.0
AGAIN_SECONDS = 5.0  # after a failure of what stands around us
TELL_SECONDS = 10.0
NEWER_SECONDS = 3600.0  # while versions are mixed, a replica that can't read them yet may be the first to try

log = structlog.stdlib.get_logger("bus")


class Unmended(Exception):
    """These could not be handled this time either; the transaction that tried is rolled back."""

    def __init__(self, letters: Sequence[Kept], error: Exception) -> None:
        super().__init__()
        self.letters = letters
        self.error = error


class LostAgain(Unmended, LostRace):
    """The same, for a race that was lost: it is run again before anybody is blamed."""


class Replay:
    """One consumer's loop, beside its live records and through the same handler and inbox."""

    def __init__(
        self,
        *,
        consumer: str,
        pool: Pool,
        dead_letters: DeadLetters,
        read: Callable[[Delivery], Received | Rejected | Passed],
        have_effect: Callable[[Connection, Sequence[Received]], Awaitable[int]],
        aside: Aside,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._consumer = consumer
        self._pool = pool
        self._lanes = Lanes(consumer)
        self._dead_letters = dead_letters
        self._read = read
        self._have_effect = have_effect
        self._aside = aside
        self._clock = clock
        self._metrics = metrics

    async def run(self, stopping: Stopping) -> None:
        """Until the process stops; what infrastructure does to it is waited out."""
        start_at = tell_at = 0.0
        while not stopping.requested:
            try:
                if time.monotonic() >= start_at:
                    await self.start()
                    start_at = time.monotonic() + NEWER_SECONDS
                await self.round(stopping)
                if time.monotonic() >= tell_at:
                    await self.tell()
                    tell_at = time.monotonic() + TELL_SECONDS
                await stopping.sleep(POLL_SECONDS)
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("dead letters wait for their infrastructure", consumer=self._consumer, error=error)
                await stopping.sleep(AGAIN_SECONDS)

    async def start(self) -> None:
        """What an upgrade mends needs nobody to ask for it."""
        async with self._pool.acquire() as db:
            await self._lanes.ask_for(db, NEWER_VERSION, self._clock.now())

    async def tell(self) -> None:
        """The figures, of all consumers of the service."""
        async with self._pool.acquire() as db:
            now = await state(db)
        self._metrics.parked_keys("dead-letters", now.lanes)
        self._metrics.unsettled(now.unsettled, now.oldest)

    async def round(self, stopping: Stopping) -> None:
        """Everything that may go on now."""
        async with self._pool.acquire() as db:
            lanes, lone = await self._lanes.ready(db), await self._lanes.lone(db)
        for lane in lanes:
            await self._drain(lane, stopping)
        for letter_id in lone:
            try:
                await past_races(partial(self._lone, letter_id))
            except Unmended as unmended:
                await self._leave(unmended)

    async def _drain(self, lane: bytes, stopping: Stopping) -> None:
        """Until the lane is empty, or its first record can't be handled; a culprit is found by halving what is tried at once."""
        size = AT_ONCE
        while not stopping.requested:
            try:
                if not await past_races(partial(self._step, lane, size)):
                    return
                size = min(size * 2, AT_ONCE)
            except Unmended as unmended:
                if len(unmended.letters) == 1:
                    await self._leave(unmended)
                    return
                size = len(unmended.letters) // 2

    async def _step(self, lane: bytes, size: int) -> int:
        async with self._pool.acquire() as db, db.transaction():
            if not await self._lanes.hold(db, lane):
                return 0
            letters = await self._lanes.first(db, lane, size)
            if not letters:
                await self._lanes.close(db, lane)
            ready = list(takewhile(lambda letter: letter.waits or letter.asked, letters))
            await self._handle(db, ready)
            return len(ready)

    async def _lone(self, letter_id: int) -> None:
        async with self._pool.acquire() as db, db.transaction():
            letter = await hold_letter(db, letter_id)
            if letter is not None and letter.asked:
                await self._handle(db, [letter])

    async def _handle(self, db: Connection, letters: Sequence[Kept]) -> None:
        try:
            items = [self._read(_delivery(await self._dead_letters.opened(db, letter))) for letter in letters]
            for item in items:
                if isinstance(item, Rejected):
                    raise Poison(item.reason)
            await self._have_effect(db, [item for item in items if isinstance(item, Received)])
        except INFRASTRUCTURE_ERRORS:
            raise
        except LostRace as error:
            raise LostAgain(letters, error) from error
        except Exception as error:
            raise Unmended(letters, error) from error
        if letters:
            await replayed(db, letters, self._clock.now())
            self._metrics.handled(self._consumer, "replayed", len(letters))
            log.info("dead letters are handled", consumer=self._consumer, records=len(letters))

    async def _leave(self, unmended: Unmended) -> None:
        """It stays with its new reason, and its key waits on; one that only waited until now is told as any other."""
        [letter], reason = unmended.letters, reason_of(unmended.error)
        async with self._pool.acquire() as db, db.transaction():
            only_waited = await failed_again(db, letter, reason)
            if only_waited:
                opened = letter.letter if isinstance(unmended.error, BrokenSeal) else await self._dead_letters.opened(db, letter)
                await self._aside.tell(db, replace(opened, reason=reason), _delivery(opened))
        if only_waited:
            self._aside.alarm(replace(letter.letter, reason=reason), unmended.error)
        else:
            log.error("a dead letter can't be handled yet", consumer=self._consumer, id=letter.id, reason=reason, error=unmended.error)


def _delivery(letter: DeadLetter) -> Delivery:
    """The record as it came."""
    return Delivery(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        timestamp_ms=letter.timestamp_ms,
        key=letter.key,
        value=letter.value,
        traceparent=letter.traceparent,
    )
