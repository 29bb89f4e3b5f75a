"""A batch in history goes stretch by stretch, in lanes: what fails takes what follows it in its lane with it, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from libs.chassis.bus.deliveries import Delivery
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.telemetry import Telemetry
from libs.chassis.store.database import Pool
from libs.events.envelope import encode
from services.history.domain.chain import shard_of
from services.history.domain.entries import Entry
from services.history.handlers import LANE, MOST_LANES, STRETCH, Keeper
from services.history.store import Appended
from tests.unit.history.told import AUTHORITY, delivery, envelope

STRETCHES = 3


class Connections:
    """As much of a pool as a transaction needs."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        yield


class Written:
    """A log that keeps what it is given in order; `before` may hold a transaction up or let it fail."""

    def __init__(self, before: Callable[[Sequence[Entry]], Awaitable[None]]) -> None:
        self.entries: list[Entry] = []
        self.at_once = 0
        self._open = 0
        self._before = before

    async def append(self, _db: object, entries: Sequence[Entry], _at: datetime) -> Appended:
        self._open += 1
        self.at_once = max(self.at_once, self._open)
        try:
            await self._before(entries)
            await asyncio.sleep(0)
        finally:
            self._open -= 1
        self.entries += entries
        return Appended(list(entries), 0, [])

    def offsets(self) -> list[int | None]:
        return [entry.kafka_offset for entry in self.entries]


async def nobody(_db: object, _told: object) -> None:
    """No event of these tests takes anybody's rights."""


async def nothing_to_fetch(_db: object, files: object, _at: datetime) -> None:
    """No event of these tests hands a file over."""
    assert not files


def keeper(log: Written) -> Keeper:
    clock = SystemClock()
    return Keeper(
        log=cast(Any, log),
        deny=nobody,
        expect=nothing_to_fetch,
        pool=cast(Pool, Connections()),
        clock=clock,
        authority=AUTHORITY,
        metrics=Metrics(CollectorRegistry(), clock),
        telemetry=Telemetry(),
    )


def batch(threads: Iterable[UUID]) -> list[Delivery]:
    return [delivery(encode(envelope(thread_id=thread)), offset=offset) for offset, thread in enumerate(threads)]


def thread_in(shard: int) -> UUID:
    return next(thread for thread in (UUID(int=n) for n in range(10_000)) if shard_of(thread) == shard)


@pytest.mark.requirement("R-16")
async def test_a_large_batch_is_written_by_several_lanes_at_once_each_in_order() -> None:
    async def nothing(_entries: Sequence[Entry]) -> None:
        return

    log = Written(nothing)
    threads = [thread_in(shard) for shard in range(MOST_LANES)]
    deliveries = batch(threads[n % MOST_LANES] for n in range(STRETCHES * STRETCH))
    await keeper(log).take(deliveries)
    assert sorted(log.offsets(), key=lambda offset: offset or 0) == list(range(len(deliveries)))
    assert log.at_once == MOST_LANES
    for thread in threads:
        mine = [entry.kafka_offset for entry in log.entries if entry.thread_id == thread]
        assert mine == sorted(mine, key=lambda offset: offset or 0)


@pytest.mark.requirement("R-16")
async def test_a_small_batch_is_one_transaction() -> None:
    calls = 0

    async def counted(_entries: Sequence[Entry]) -> None:
        nonlocal calls
        calls += 1

    await keeper(Written(counted)).take(batch(thread_in(n % MOST_LANES) for n in range(LANE - 1)))
    assert calls == 1


@pytest.mark.requirement("R-6", "R-16")
async def test_nothing_overtakes_a_stretch_that_the_database_did_not_take() -> None:
    """What leaves is the database's error, so that the whole batch comes again; what was written by then is recognised."""
    unlucky = thread_in(1)
    failed = False

    async def once_away(entries: Sequence[Entry]) -> None:
        nonlocal failed
        if entries[0].thread_id == unlucky and entries[0].kafka_offset == 0:
            for _ in range(100):  # long enough for what follows to be written, if it did not wait
                await asyncio.sleep(0)
            failed = True
            raise ConnectionResetError

    log = Written(once_away)
    deliveries = batch((unlucky, thread_in(0))[n % 2] for n in range(STRETCHES * STRETCH))
    with pytest.raises(ConnectionResetError):
        await keeper(log).take(deliveries)
    assert failed
    assert all(entry.thread_id != unlucky for entry in log.entries)


@pytest.mark.requirement("R-6", "R-16")
async def test_who_is_stopped_in_mid_batch_leaves_nothing_running() -> None:
    begun = asyncio.Event()

    async def for_ever(_entries: Sequence[Entry]) -> None:
        begun.set()
        await asyncio.Event().wait()

    log = Written(for_ever)
    taking = asyncio.create_task(keeper(log).take(batch(thread_in(n % MOST_LANES) for n in range(STRETCHES * STRETCH))))
    await begun.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert not log.entries
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.requirement("R-6", "R-16")
async def test_a_lane_that_ends_without_a_word_is_no_success() -> None:
    async def given_up(_entries: Sequence[Entry]) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await keeper(Written(given_up)).take(batch([thread_in(0)]))


@pytest.mark.requirement("R-6", "R-16")
async def test_the_other_lanes_end_their_work_when_one_fails() -> None:
    unlucky, lucky = thread_in(1), thread_in(0)

    async def away(entries: Sequence[Entry]) -> None:
        if entries[0].thread_id == unlucky:
            raise ConnectionResetError
        for _ in range(100):
            await asyncio.sleep(0)

    log = Written(away)
    with pytest.raises(ConnectionResetError):
        await keeper(log).take(batch((unlucky, lucky)[n % 2] for n in range(STRETCHES * STRETCH)))
    assert {entry.thread_id for entry in log.entries} == {lucky}
    assert len(log.entries) == STRETCHES * STRETCH // 2
