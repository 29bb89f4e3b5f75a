"""Sends the notices of one channel: claims what is due, hands over side by side, settles together, as often as there is something."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from libs.chassis.bus.bell import Bell
from libs.chassis.ops.stop import Stopping
from libs.chassis.ops.telemetry import Kind, Telemetry
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from services.notifier.breaker import Breaker
from services.notifier.channels import Channel
from services.notifier.domain import ADDRESS_CHANGED, UNREADABLE, Content, Deferred, Notice, Outcome, Rejected, Unanswered, Unreachable
from services.notifier.figures import Figures
from services.notifier.handlers import Handlers
from services.notifier.leases import RENEW_SECONDS, SECONDS, Leases
from services.notifier.store import Claimed, Notices

WAITING_PER_WORKER = 8  # claimed and not yet settled, for each connection: none waits for the database
GATHER_SECONDS = 0.01  # outcomes of so long are settled together, and while they are few, of three times as long
GATHER_TIMES = 3
WATCH_SECONDS = 5.0
INFRASTRUCTURE_PAUSE_SECONDS = 1.0

log = structlog.stdlib.get_logger("sender")


class Closes(Protocol):
    async def close(self) -> None: ...


class Sender:
    def __init__(
        self,
        *,
        name: str,
        span: str,
        channel: Channel,
        notices: Notices,
        handlers: Handlers,
        breaker: Breaker,
        workers: int,
        poll_seconds: float,
        now: Callable[[], float],
        figures: Figures,
        telemetry: Telemetry,
        bell: Bell,
        beat: Callable[[], None],
        may_send: Callable[[], bool],
    ) -> None:
        self._name = name
        self._span = span
        self._channel = channel
        self._notices = notices
        self._handlers = handlers
        self._breaker = breaker
        self._workers = workers
        self._poll_seconds = poll_seconds
        self._now = now
        self._figures = figures
        self._telemetry = telemetry
        self._bell = bell
        self._beat = beat
        self._may_send = may_send
        self._window = workers * WAITING_PER_WORKER
        self._leases = Leases()

    async def run(self, stopping: Stopping) -> None:
        """Until the process stops; what was claimed by then is still sent and settled."""
        todo: asyncio.Queue[Claimed | None] = asyncio.Queue()
        done: asyncio.Queue[tuple[Claimed, Outcome] | None] = asyncio.Queue()
        self._leases = Leases()
        async with asyncio.TaskGroup() as tasks:
            settling = tasks.create_task(self._settle(done))
            renewing = tasks.create_task(self._renew())
            workers = [tasks.create_task(self._work(todo, done)) for _ in range(self._workers)]
            while not stopping.requested:
                self._beat()
                if not await self._claim(todo):
                    await self._bell.wait(self._poll_seconds)
            for _ in workers:
                todo.put_nowait(None)
            await asyncio.wait(workers)
            done.put_nowait(None)
            await settling
            renewing.cancel()

    async def watch(self, stopping: Stopping) -> None:
        """Tells how long the queue is and how old."""
        while not stopping.requested:
            try:
                self._figures.queue(await self._notices.queue())
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("the queue can't be looked at", error=error)
            self._figures.breaker(self._name, is_open=self._breaker.open)
            await stopping.sleep(WATCH_SECONDS)

    async def _claim(self, todo: "asyncio.Queue[Claimed | None]") -> bool:
        """Whether anything was claimed. Small claims are left until more can be had at once."""
        room = self._window - len(self._leases)
        if room < self._window // 2:
            return False
        room = self._breaker.room(room, self._now()) if self._may_send() else 0
        if not room:
            return False
        asked = self._now()
        try:
            in_hand, take_over = self._leases.notices, self._leases.may_take_over(asked)
            claimed = await self._notices.claim(self._name, room, SECONDS, in_hand=in_hand, take_over=take_over)
        except INFRASTRUCTURE_ERRORS as error:
            self._leases.blind(self._now())
            log.warning("notices can't be claimed", name=self._name, error=error)
            return False
        self._breaker.took(len(claimed))
        self._leases.took((each.claim for each in claimed), asked)
        for each in claimed:
            todo.put_nowait(each)
        return bool(claimed)

    async def _renew(self) -> None:
        """However long a relay thinks, nobody else sends meanwhile what this process has in hand."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            asked = self._now()
            if not (claims := self._leases.ageing(asked)):
                continue
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    self._leases.renewed(await self._notices.renew(claims, SECONDS), asked)
            except INFRASTRUCTURE_ERRORS as error:
                self._leases.blind(self._now())
                log.warning("leases can't be renewed", name=self._name, records=len(claims), error=error)

    async def _work(self, todo: "asyncio.Queue[Claimed | None]", done: "asyncio.Queue[tuple[Claimed, Outcome] | None]") -> None:
        while (claimed := await todo.get()) is not None:
            if self._leases.holds(claimed.claim, self._now()):
                done.put_nowait((claimed, await self._outcome(claimed)))
            else:
                self._leases.let_go([claimed.claim])  # somebody else may send it by now
                self._breaker.took(0)

    async def _outcome(self, claimed: Claimed) -> Outcome:
        if claimed.content is None or claimed.life.address_left:
            self._breaker.took(0)  # nothing is offered, so nothing is learned of the channel
            return Rejected(UNREADABLE if claimed.content is None else ADDRESS_CHANGED)
        if claimed.again:
            self._figures.sent_again(self._name)
        outcome = await self._attempt(claimed.notice, claimed.content)
        self._heed(outcome)
        return outcome

    async def _attempt(self, notice: Notice, content: Content) -> Outcome:
        try:
            parent = notice.origin.traceparent
            if parent is None:
                return await self._channel.send(notice, content)
            with self._telemetry.span(self._span, parent, Kind.CLIENT, {"otklik.notice_id": str(notice.id)}):
                return await self._channel.send(notice, content)
        except Exception as error:  # a mistake of ours must not lose the notice: it comes again until it is given up
            log.error("a notice can't be sent", name=self._name, event_id=notice.id, error=error)
            return Deferred("internal-error")

    def _heed(self, outcome: Outcome) -> None:
        was_open = self._breaker.open
        if isinstance(outcome, Unreachable | Unanswered):
            self._breaker.failed(self._now())
        else:
            self._breaker.worked()
        if self._breaker.open != was_open:
            log.warning("a channel is taken for down" if self._breaker.open else "a channel is back", name=self._name)
            self._figures.breaker(self._name, is_open=self._breaker.open)

    async def _settle(self, done: "asyncio.Queue[tuple[Claimed, Outcome] | None]") -> None:
        """All that came meanwhile in one transaction."""
        while (first := await done.get()) is not None:
            await self._gather(done)
            batch = [first]
            while not done.empty():
                if (more := done.get_nowait()) is None:
                    done.put_nowait(None)
                    break
                batch.append(more)
            await self._settled(batch)
            self._leases.let_go(claimed.claim for claimed, _ in batch)
            self._bell.ring()  # the next notices of these requests are due now; the outbox's relay looks by itself, nobody waits for it

    async def _gather(self, done: "asyncio.Queue[tuple[Claimed, Outcome] | None]") -> None:
        """A transaction costs as much as some ten letters; nobody waits for it but a later letter of the same request."""
        for _ in range(GATHER_TIMES):
            await asyncio.sleep(GATHER_SECONDS)
            if done.qsize() >= self._window // 4:
                return

    async def _settled(self, batch: list[tuple[Claimed, Outcome]]) -> None:
        """An outcome is kept until the database has it; one that can't be written harms no neighbour and is claimed again."""
        while True:
            try:
                return await self._handlers.settle(batch)
            except INFRASTRUCTURE_ERRORS as error:
                log.warning("outcomes wait for the database", name=self._name, records=len(batch), error=error)
                await asyncio.sleep(INFRASTRUCTURE_PAUSE_SECONDS)
            except Exception as error:
                log.error("outcomes can't be written", name=self._name, records=len(batch), error=error)
                if len(batch) > 1:
                    for each in batch:
                        await self._settled([each])
                return None
