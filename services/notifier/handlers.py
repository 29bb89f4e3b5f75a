"""What the notifier does with an event, with an attempt, with a frontend's report: load, decide, append."""

import random
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from libs.chassis.bus.effect_once import Received
from libs.chassis.ops.clock import Clock
from libs.chassis.store.database import Connection
from libs.events.contracts.authority_events import TrialLetterAsked
from libs.events.contracts.channel_inbound import DeliveryReported
from libs.events.contracts.intake_requests import RequestChannelsChanged
from libs.events.topics import frontend_of
from services.notifier.channels import Channel
from services.notifier.domain import (
    UNFINISHED,
    Accepted,
    Draft,
    Life,
    Notice,
    NoticeEvent,
    Outcome,
    Rejected,
    State,
    Terms,
    Told,
    address_changed,
    decide,
    evolve,
    pause_after,
    plan,
    queued,
    reported,
    trial,
)
from services.notifier.figures import Figures
from services.notifier.reach import EMAIL, STAFF
from services.notifier.store import Claimed, Planned, Settled

NO_PAUSE = timedelta()


class Store(Protocol):
    """What the handlers need of services.notifier.store.Notices."""

    async def add(self, db: Connection, planned: Sequence[Planned], at: datetime) -> set[UUID]: ...
    async def handed_over(self, db: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[Notice, Life]]: ...
    async def report(self, db: Connection, settled: Sequence[Settled], at: datetime) -> None: ...
    async def leave(self, db: Connection, changes: Mapping[str, int]) -> list[tuple[Notice, Life]]: ...
    async def finish(self, db: Connection, settled: Sequence[Settled], at: datetime) -> None: ...
    def transaction(self) -> AbstractAsyncContextManager[Connection]: ...
    async def left(self, db: Connection, ids: Sequence[UUID]) -> set[UUID]: ...
    async def settle(self, db: Connection, settled: Sequence[Settled], at: datetime) -> set[UUID]: ...


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """`at_once` are the channels that take a notice in the transaction that plans it."""

    store: Store
    at_once: Mapping[str, Channel]
    terms: Terms
    clock: Clock
    figures: Figures

    async def heard(self, db: Connection, batch: Sequence[Received]) -> None:
        """One batch of events, each for the first time."""
        at = self.clock.now()
        planned = [await self._planned(draft) for item in batch for draft in _drafts(item, at)]
        added = await self.store.add(db, planned, at)
        await self._reported(db, [item for item in batch if isinstance(item.event, DeliveryReported)], at)
        for each in planned:
            if each.notice.id in added:
                self.figures.outcome(each.notice.channel, each.life.state)
        await self._addresses_changed(db, _changes(batch), at)

    async def settle(self, done: Sequence[tuple[Claimed, Outcome]]) -> None:
        """What attempts came to; an outcome that comes after the lease ended and somebody else claimed is dropped."""
        at = self.clock.now()
        async with self.store.transaction() as db:
            left = await self._left(db, done)
            settled = [self._settled(claimed, outcome, left) for claimed, outcome in done]
            stood = await self.store.settle(db, settled, at)
        for each in settled:
            channel = each.notice.channel
            if each.notice.id not in stood:
                self.figures.settled_late(channel)
                continue
            self.figures.outcome(channel, each.life.state)
            if each.life.state is State.ACCEPTED:
                self.figures.accepted(channel, (at - each.notice.planned_at).total_seconds())

    async def _planned(self, draft: Draft) -> Planned:
        first = queued(draft.notice)
        life = evolve(Life(), first)
        outcome = await self._at_once(draft)
        if outcome is None:
            return Planned(notice=draft.notice, content=draft.content, life=life, facts=[first])
        life = life._replace(attempt=1)
        fact = decide(draft.notice, life, outcome, self.terms)
        reply = outcome.reply if isinstance(outcome, Accepted) else None
        return Planned(notice=draft.notice, content=draft.content, life=evolve(life, fact), facts=[first, fact], reply=reply)

    async def _at_once(self, draft: Draft) -> Outcome | None:
        channel = draft.notice.channel
        if channel == EMAIL or channel in STAFF:
            return None
        if channel not in self.at_once:
            return Rejected("unknown-channel")
        return await self.at_once[channel].send(draft.notice, draft.content)

    async def _left(self, db: Connection, done: Sequence[tuple[Claimed, Outcome]]) -> set[UUID]:
        """Asked only where an outcome lets another attempt follow, which a letter to an address left meanwhile must not have."""
        if all(isinstance(outcome, Accepted | Rejected) for _, outcome in done):
            return set()
        return await self.store.left(db, [claimed.notice.id for claimed, _ in done])

    def _settled(self, claimed: Claimed, outcome: Outcome, left: Container[UUID]) -> Settled:
        notice, before = claimed.notice, claimed.life._replace(address_left=claimed.notice.id in left)
        fact = decide(notice, before, outcome, self.terms)
        life = evolve(before, fact)
        pause = pause_after(before, outcome, self.terms, random.random()) if life.state in UNFINISHED else NO_PAUSE  # noqa: S311 - jitter
        return Settled(notice=notice, before=before, life=life, facts=[fact], pause=pause)

    async def _addresses_changed(self, db: Connection, changes: Mapping[str, int], at: datetime) -> None:
        if not changes:
            return
        settled = [
            Settled(notice=notice, before=life, life=_evolved(life, facts), facts=facts)
            for notice, life in await self.store.leave(db, changes)
            if (facts := address_changed(notice, life))
        ]
        await self.store.finish(db, settled, at)
        for each in settled:
            self.figures.outcome(each.notice.channel, each.life.state)

    async def _reported(self, db: Connection, reports: Sequence[Received], at: datetime) -> None:
        """Believed only of notices that were handed to that very frontend, which its topic names."""
        if not reports:
            return
        known = await self.store.handed_over(db, [notice_id for item in reports if (notice_id := _id_in(item)) is not None])
        settled = [
            Settled(notice=notice, before=life, life=_evolved(life, facts), facts=facts)
            for item, notice, life in _first_own(reports, known)
            if (facts := _facts(notice, life, item))
        ]
        await self.store.report(db, settled, at)
        self.figures.report("taken", len(settled))
        self.figures.report("ignored", len(reports) - len(settled))


def _drafts(item: Received, at: datetime) -> list[Draft]:
    if isinstance(item.event, TrialLetterAsked):
        return [trial(item.event, item.envelope, at, item.traceparent)]
    if not isinstance(item.event, Told):
        return []
    return plan(item.event, item.envelope, at, item.traceparent)


def _changes(batch: Sequence[Received]) -> dict[str, int]:
    """The seq of the last change of the address by request."""
    changes: dict[str, int] = {}
    for item in batch:
        if isinstance(item.event, RequestChannelsChanged):
            request_id = item.envelope.aggregate_id
            changes[request_id] = max(item.envelope.seq or 0, changes.get(request_id, 0))
    return changes


def _first_own(reports: Sequence[Received], known: Mapping[UUID, tuple[Notice, Life]]) -> Iterator[tuple[Received, Notice, Life]]:
    """The first report of each notice by the frontend that has it: what others say of it doesn't count, not even as the first."""
    left = dict(known)
    for item in reports:
        notice_id = _id_in(item)
        if notice_id in left and left[notice_id][0].frontend == frontend_of(item.delivery.topic):
            yield item, *left.pop(notice_id)


def _id_in(item: Received) -> UUID | None:
    try:
        return UUID(item.event.notice_id) if isinstance(item.event, DeliveryReported) else None
    except ValueError:
        return None


def _facts(notice: Notice, life: Life, item: Received) -> list[NoticeEvent]:
    return reported(notice, life, item.event.outcome) if isinstance(item.event, DeliveryReported) else []


def _evolved(life: Life, facts: Sequence[NoticeEvent]) -> Life:
    for fact in facts:
        life = evolve(life, fact)
    return life
