"""Notices in the notifier's own schema: planned with their facts, claimed by lease, settled with the fact of what became of them."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Category, Context, EventStore
from libs.chassis.store.keys import Keyring
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import BrokenSeal, seal, unseal
from libs.events.contracts import channel_outbound, notifier_deliveries, notifier_trials
from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.registry import Registry
from libs.events.topics import DELIVERIES, OUTBOUND
from libs.events.topics import TRIALS as TRIALS_TOPIC
from libs.events.vocabulary import Status
from services.notifier.domain import UNFINISHED, UNREADABLE, Content, Life, Notice, NoticeEvent, Origin, State, tried
from services.notifier.leases import Claim

SQL = queries(__file__)
NOTICES = Category(name="notice", registry=Registry(notifier_deliveries.EVENTS), topic=DELIVERIES)
TRIALS = Category(name="trial", registry=Registry(notifier_trials.EVENTS), topic=TRIALS_TOPIC)
REPLIES = Registry(channel_outbound.EVENTS)
REPLY = "reply-"


def replies_by(frontend: str) -> Category:
    """What this frontend was handed; each has a topic of its own."""
    return Category(name=f"{REPLY}{frontend}", registry=REPLIES, topic=replace(OUTBOUND, name=OUTBOUND.of(frontend)))


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A new notice, its facts so far and where they leave it."""

    notice: Notice
    content: Content
    life: Life
    facts: Sequence[NoticeEvent]
    reply: ReplyHandedOver | None = None


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A notice that only we may send while we hold its lease. No content: its key is destroyed. `again`: it may have arrived before."""

    notice: Notice
    content: Content | None
    life: Life
    again: bool

    @property
    def claim(self) -> Claim:
        return self.notice.id, self.life.attempt


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What an attempt came to; `life` is the notice after `facts`, which follow version `before.version`; `pause` is until the next one."""

    notice: Notice
    before: Life
    life: Life
    facts: Sequence[NoticeEvent]
    pause: timedelta = timedelta()


class Notices:
    """`at` is the moment of facts, from the process's clock; when a notice is due and how long a lease lasts the database's clock says.

    So a replica whose clock is wrong delays no notice and takes none out of another's hand.
    """

    def __init__(self, pool: Pool, queue_pool: Pool, keyring: Keyring, store: EventStore) -> None:
        self._pool = pool
        self._queue_pool = queue_pool
        self._keyring = keyring
        self._store = store

    async def add(self, db: Connection, planned: Sequence[Planned], at: datetime) -> set[UUID]:
        """Notices that were not there before, with their facts, in the caller's transaction; returns their ids."""
        if not planned:
            return set()
        ordered = sorted(planned, key=lambda each: each.notice.id.int)
        keys = await self._keyring.made_for(db, {each.notice.origin.thread_id for each in ordered})
        sealed = [_sealed(each, keys[each.notice.origin.thread_id]) for each in ordered]
        added = {row["notice_id"] for row in await db.fetch(SQL["add_notices"], [_row(each) for each in ordered], sealed, at)}
        fresh = [each for each in planned if each.notice.id in added]
        await self._store.append(db, [append for each in fresh for append in _appends(each, at)])
        return added

    async def claim(
        self, channel: str, limit: int, lease_seconds: float, *, in_hand: Sequence[UUID] = (), take_over: bool = True
    ) -> list[Claimed]:
        """`sending` is committed when this returns, before anything is sent; none `in_hand`, with `take_over` what others let go."""
        async with self._queue_pool.acquire() as db, db.transaction():
            rows = await db.fetch(SQL["claim_notices"], channel, lease_seconds, limit, in_hand, take_over)
            keys = await self._keyring.of(db, {row["thread_id"] for row in rows})
        return [_claimed(row, keys.get(row["thread_id"])) for row in sorted(rows, key=lambda row: row["planned_at"])]

    async def renew(self, claims: Collection[Claim], lease_seconds: float) -> list[Claim]:
        """Those that are ours for so long again: nobody else has claimed them."""
        rows = await self._pool.fetch(SQL["renew_leases"], *map(list, zip(*claims, strict=True)), lease_seconds)
        return [(row["notice_id"], row["attempt"]) for row in rows]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        async with self._pool.acquire() as db, db.transaction():
            yield db

    async def left(self, db: Connection, ids: Iterable[UUID]) -> set[UUID]:
        """Those of the notices whose address the person has left; all stay locked until the caller's transaction ends."""
        return {row["notice_id"] for row in await db.fetch(SQL["left_addresses"], sorted(ids)) if row["address_left"]}

    async def settle(self, db: Connection, settled: Sequence[Settled], at: datetime) -> set[UUID]:
        """Outcomes and their facts; returns the ids of those whose claim still stood."""
        return await self._settle(db, settled, {State.SENDING}, at)

    async def leave(self, db: Connection, changes: Mapping[str, int]) -> list[tuple[Notice, Life]]:
        """Unfinished e-mail notices from before a change of the address, whose seq stands by its request; marked and locked."""
        rows = await db.fetch(SQL["leave_address"], list(changes), list(changes.values()))
        return [(_notice(row), _life(row)) for row in rows]

    async def finish(self, db: Connection, settled: Sequence[Settled], at: datetime) -> None:
        """Notices that `leave` has locked."""
        await self._settle(db, settled, UNFINISHED, at)

    async def handed_over(self, db: Connection, ids: Iterable[UUID]) -> dict[UUID, tuple[Notice, Life]]:
        """Those of the notices that a frontend has and did not report of yet; locked until the caller's transaction ends."""
        rows = await db.fetch(SQL["handed_over"], sorted(set(ids)))
        return {row["notice_id"]: (_notice(row), _life(row)) for row in rows}

    async def report(self, db: Connection, settled: Sequence[Settled], at: datetime) -> None:
        await self._settle(db, settled, {State.ACCEPTED}, at)

    async def of_request(self, request_id: str) -> list[Mapping[str, Any]]:
        return [dict(row) for row in await self._pool.fetch(SQL["notices_of_request"], request_id)]

    async def queue(self) -> list[tuple[str, int, float]]:
        """Channel, unfinished notices, since how many seconds the oldest of them is due."""
        return [(row["channel"], row["unfinished"], row["age"]) for row in await self._pool.fetch(SQL["queue_state"])]

    async def _settle(self, db: Connection, settled: Sequence[Settled], before: Collection[State], at: datetime) -> set[UUID]:
        if not settled:
            return set()
        ordered = sorted(settled, key=lambda each: each.notice.id.int)
        ids = [each.notice.id for each in ordered]
        rows = await db.fetch(SQL["settle_notices"], [_outcome(each) for each in ordered], at, list(before), ids)
        stood = {row["notice_id"] for row in rows}
        told = [each for each in await self._tellable(db, ordered) if each.notice.id in stood]
        appends = [_append(each.notice, each.before.version, each.facts, at) for each in told]
        await self._store.append(db, [*appends, *_trials(told, at)])
        return stood

    async def _tellable(self, db: Connection, settled: Sequence[Settled]) -> list[Settled]:
        """Without those whose key is damaged: it can seal no fact, so their row alone tells that they failed."""
        unreadable = {each.notice.origin.thread_id for each in settled if each.life.reason == UNREADABLE}
        damaged = await self._keyring.damaged(db, unreadable) if unreadable else set()
        return [each for each in settled if each.notice.origin.thread_id not in damaged]


def _append(notice: Notice, version: int, facts: Sequence[NoticeEvent], at: datetime) -> Append:
    return Append(
        category=NOTICES,
        aggregate_id=str(notice.id),
        expected_version=version,
        facts=facts,
        context=_context(notice.origin, at),
        key=notice.request_id,
    )


def _trials(settled: Sequence[Settled], at: datetime) -> Iterable[Append]:
    """What those who asked for trial letters are told, in the transaction that ends them."""
    for each in settled:
        fact = tried(each.notice, each.life)
        if fact is not None:
            context = _context(each.notice.origin, at)
            yield Append(category=TRIALS, aggregate_id=str(each.notice.id), expected_version=0, facts=[fact], context=context)


def _appends(planned: Planned, at: datetime) -> Iterable[Append]:
    notice = planned.notice
    yield _append(notice, 0, planned.facts, at)
    if planned.reply is not None:
        frontend, key = notice.frontend or "", planned.content.target.dialogue_key
        context = _context(notice.origin, at)
        yield Append(
            category=replies_by(frontend), aggregate_id=str(notice.id), expected_version=0, facts=[planned.reply], context=context, key=key
        )


def _context(origin: Origin, at: datetime) -> Context:
    return Context(
        thread_id=origin.thread_id,
        occurred_at=at,
        client_id=origin.client_id,
        point=origin.point,
        correlation_id=origin.correlation_id,
        causation_id=origin.cause,
        traceparent=origin.traceparent,
    )


def _row(planned: Planned) -> dict[str, Any]:
    """As JSON: asyncpg looks at each element of an array twice, which costs more than all the rest of it."""
    notice, life, origin = planned.notice, planned.life, planned.notice.origin
    return {
        "notice_id": notice.id,
        "request_id": notice.request_id,
        "seq": notice.seq,
        "role": notice.role,
        "channel": notice.channel,
        "frontend": notice.frontend,
        "status": notice.status,
        "template": notice.template,
        "duplicate_of": notice.duplicate_of,
        "thread_id": origin.thread_id,
        "cause": origin.cause,
        "correlation_id": origin.correlation_id,
        "client_id": origin.client_id,
        "point": origin.point,
        "traceparent": origin.traceparent,
        "state": life.state,
        "reason": life.reason,
        "provider_ref": life.provider_ref,
        "attempt": life.attempt,
        "version": life.version,
        "finished": _finished(planned),
    }


def _finished(planned: Planned) -> bool:
    return planned.life.state in (State.ACCEPTED, State.FAILED)


def _sealed(planned: Planned, key: bytes) -> bytes | None:
    return None if _finished(planned) else seal(key, planned.content.model_dump_json().encode(), planned.notice.id.bytes)


def _outcome(settled: Settled) -> dict[str, Any]:
    life = settled.life
    return {
        "notice_id": settled.notice.id,
        "attempt": settled.before.attempt,
        "state": life.state,
        "reason": life.reason,
        "provider_ref": life.provider_ref,
        "version": life.version,
        "pause": settled.pause.total_seconds(),
        "finished": life.state not in UNFINISHED,
    }


def _claimed(row: Mapping[str, Any], key: bytes | None) -> Claimed:
    again = row["before"] in (State.SENDING, State.UNKNOWN)
    return Claimed(notice=_notice(row), content=_opened(row, key), life=_life(row)._replace(tried_for=row["tried_for"]), again=again)


def _opened(row: Mapping[str, Any], key: bytes | None) -> Content | None:
    if key is None or row["sealed"] is None:
        return None
    try:
        return Content.model_validate_json(unseal(key, row["sealed"], row["notice_id"].bytes))
    except (BrokenSeal, ValidationError):
        return None


def _notice(row: Mapping[str, Any]) -> Notice:
    return Notice(
        id=row["notice_id"],
        request_id=row["request_id"],
        seq=row["seq"],
        role=row["role"],
        channel=row["channel"],
        frontend=row["frontend"],
        status=Status(row["status"]),
        template=row["template"],
        duplicate_of=row["duplicate_of"],
        planned_at=row["planned_at"],
        origin=Origin(
            thread_id=row["thread_id"],
            cause=row["cause"],
            correlation_id=row["correlation_id"],
            client_id=row["client_id"],
            point=row["point"],
            traceparent=row["traceparent"],
        ),
    )


def _life(row: Mapping[str, Any]) -> Life:
    return Life(
        state=State(row["state"]),
        attempt=row["attempt"],
        version=row["version"],
        reason=row["reason"],
        provider_ref=row["provider_ref"],
        address_left=row["address_left"],
    )
