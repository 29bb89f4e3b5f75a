"""The HTTP door's waiting room: messages that wait together are registered in one transaction (R-2)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from libs.chassis.ops.refusals import Busy, Refusal, Unavailable
from libs.chassis.ops.stop import Stopping
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound

BATCH = 100
RETRY_AFTER_SECONDS = 2
WAKE_SECONDS = 0.5
GATHER_SECONDS = 0.005  # who is on the way comes along: a transaction costs nearly the same for one and for many

Register = Callable[[Sequence[Inbound]], Awaitable[list[Accepted | Refusal]]]
Waiting = tuple[Inbound, "asyncio.Future[Accepted]"]


class Queue:
    """Bounded: a full queue is told at once, so that a frontend sends again later instead of waiting for nothing."""

    def __init__(self, register: Register, *, limit: int) -> None:
        self._register = register
        self._limit = limit
        self._waiting: list[Waiting] = []
        self._filled = asyncio.Event()
        self._closed = False

    async def put(self, inbound: Inbound) -> Accepted:
        """What became of the message, once it is durable; raises its refusal, `Busy`, or what broke."""
        if self._closed or len(self._waiting) >= self._limit:
            raise Busy(RETRY_AFTER_SECONDS)
        outcome: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._waiting.append((inbound, outcome))
        self._filled.set()
        return await outcome

    async def run(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        """Until the process stops and nobody waits any more; whoever comes later is told to come again."""
        self._closed = False
        try:
            await self._take_turns(stopping, beat)
        finally:
            self._closed = True
            _fail(self._waiting, Busy(RETRY_AFTER_SECONDS))
            self._waiting.clear()

    async def _take_turns(self, stopping: Stopping, beat: Callable[[], None]) -> None:
        while self._waiting or not stopping.requested:
            beat()
            if not self._waiting:
                await self._wait_for_some()
                continue
            if len(self._waiting) < BATCH:
                await asyncio.sleep(GATHER_SECONDS)
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            await self._handle(batch)

    async def _wait_for_some(self) -> None:
        self._filled.clear()
        try:
            async with asyncio.timeout(WAKE_SECONDS):
                await self._filled.wait()
        except TimeoutError:
            return

    async def _handle(self, batch: Sequence[Waiting]) -> None:
        """One transaction; when a single message breaks it, the others must not pay: the batch is halved until it is found."""
        try:
            outcomes = await self._register([inbound for inbound, _ in batch])
        except INFRASTRUCTURE_ERRORS as error:
            _fail(batch, error)
        except asyncio.CancelledError:
            _fail(batch, Unavailable())
            raise
        except Exception as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._handle(batch[:middle])
                await self._handle(batch[middle:])
            else:
                _fail(batch, error)
        else:
            for one, outcome in zip(batch, outcomes, strict=True):
                _tell(one, outcome)


def _tell(one: Waiting, outcome: Accepted | Refusal) -> None:
    if isinstance(outcome, Refusal):
        _fail([one], outcome)
    elif not one[1].done():
        one[1].set_result(outcome)


def _fail(batch: Sequence[Waiting], error: Exception) -> None:
    for _, waiting in batch:
        if not waiting.done():  # the client may have gone meanwhile
            waiting.set_exception(error)
