"""Events from Kafka into the log by the real history process or processes.

The floor is a COPY of what it wrote, in batches of the size that the peers write; these take the same records into stores of their own.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from bench import indexes, records
from bench.figures import STORES, Peer
from bench.measuring import FLOOR, OURS, Round, by_turns, cores_of
from bench.peer_run import PeerOrder, in_batches, measured
from bench.plan import Measured, Plan, WrongRun
from bench.stage import Offsets, Service, Stage
from bench.waiting import until
from libs.chassis.store.queries import queries

SQL = queries(__file__)
EVENTS_A_SECOND = 15_000  # of the plan's seconds: enough that the first batch, which does not count, is a small part
LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 180.0

Batch = list[tuple[Any, ...]]


class _Run:
    def __init__(self, stage: Stage, requests: int, processes: int) -> None:
        self._stage = stage
        self._requests = requests
        self._events = requests * records.EVENTS_OF_A_REQUEST
        self._processes = processes
        self._round = 0
        self.start: Offsets = {}
        self.written: list[Batch] = []
        self.columns: tuple[str, ...] = ()

    async def ours(self) -> Round:
        """From the first batch in the log to the last."""
        database = await self._stage.new_database()
        group = await self._group()
        db = await asyncpg.connect(database)
        try:
            async with self._running(db, database, group) as services:
                with cores_of(self._stage.pids(**services)) as cores:
                    began, before = await self._reached(db, 1)
                    ended, after = await self._reached(db, self._events)
                if after != self._events:
                    raise WrongRun(f"{after} entries of {self._events} events")
            if not self.written:
                rows = await db.fetch(SQL["log_rows"])
                self.columns, self.written = tuple(rows[0].keys()), _batches(rows)
        finally:
            await db.close()
        return Round(rate=(after - before) / (ended - began), cores=cores.busy)

    async def floor(self) -> Round:
        database = await self._stage.new_database()
        db = await asyncpg.connect(self._stage.dsn(database, "history"))
        try:
            with cores_of(self._stage.pids()) as cores:
                began = time.perf_counter()
                for batch in self.written:
                    async with db.transaction():
                        await db.copy_records_to_table("log", records=batch, columns=self.columns)
                seconds = time.perf_counter() - began
        finally:
            await db.close()
        return Round(rate=self._events / seconds, cores=cores.busy)

    async def peer(self, peer: Peer) -> Round:
        order = PeerOrder(
            store=peer.name.split()[0],
            dsn=await self._stage.new_database(),
            requests=self._requests,
            bootstrap=self._stage.parts.kafka_bootstrap,
            group=await self._group() if peer.fed else None,
            watch=self._stage.pids(),
        )
        return await measured(order)

    async def _group(self) -> str:
        """A new one that stands before the first record."""
        self._round += 1
        group = f"bench-history-{self._processes}-{self._round}"
        await self._stage.begin([group], self.start)
        return group

    @asynccontextmanager
    async def _running(self, db: "asyncpg.Connection[Any]", database: str, group: str) -> AsyncIterator[dict[str, Service]]:
        async with AsyncExitStack() as stack:
            start = partial(self._started, stack, database, group)
            yield await (start() if self._processes == 1 else self._divided(db, group, start))

    async def _started(self, stack: AsyncExitStack, database: str, group: str) -> dict[str, Service]:
        services = {}
        for replica in range(1, self._processes + 1):
            name = f"history-{replica}"
            services[name] = await stack.enter_async_context(
                self._stage.running("history", database, group, name=name, replica=replica),
            )
        return services

    async def _divided(
        self, db: "asyncpg.Connection[Any]", group: str, start: Callable[[], Awaitable[dict[str, Service]]]
    ) -> dict[str, Service]:
        """The log is held shut until each process has its share of the partitions; the first records they fetch meanwhile for nothing."""
        async with db.transaction():
            await db.execute(SQL["hold_log"])
            services = await start()
            shared = partial(_shared, self._stage.parts.kafka_bootstrap, group, self._processes)
            await until(shared, PATIENCE_SECONDS, f"{self._processes} processes have not shared the partitions")
        return services

    async def _reached(self, db: "asyncpg.Connection[Any]", length: int) -> tuple[float, int]:
        """When the log was at least so long, and how long it was then."""
        there = 0

        async def long_enough() -> bool:
            nonlocal there
            there = int(await db.fetchval(SQL["log_length"]))
            return there >= length

        await until(long_enough, PATIENCE_SECONDS, f"the log has not {length} entries", every=LOOK_SECONDS)
        return time.perf_counter(), there


async def measure(stage: Stage, plan: Plan, *, processes: int = 1) -> Measured:
    requests = max(1, int(plan.seconds * EVENTS_A_SECOND) // records.EVENTS_OF_A_REQUEST)
    run = _Run(stage, requests, processes)
    await indexes.check(await stage.new_database(), "history")
    run.start = await stage.fill(records.of_requests(requests))
    measures: dict[str, Callable[[], Awaitable[Round]]] = {OURS: run.ours, FLOOR: run.floor}
    rounds = await by_turns(plan.rounds, measures | {peer.name: partial(run.peer, peer) for peer in STORES}, plan.tell)
    return Measured(rounds=rounds, notes={"events": requests * records.EVENTS_OF_A_REQUEST})


def _batches(rows: Sequence[Any]) -> list[Batch]:
    """As large as those that the peers write: with the many small ones of our lanes the floor would be slower than it need be."""
    return [list(map(tuple, some)) for some in in_batches(rows)]


async def _shared(bootstrap: str, group: str, members: int) -> bool:
    """Whether the group has so many members and each has partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
    finally:
        await admin.close()
    _, _, state, _, _, joined, *_ = answer.groups[0]
    return bool(state == "Stable" and len(joined) == members)
