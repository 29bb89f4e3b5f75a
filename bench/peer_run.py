"""Another store at work, in a process of its own as history is: `python -m bench.peer_run` takes an order on stdin, answers on stdout.

Fed, it consumes our topic with the client that history uses and commits its offsets after each batch; bare, its batches lie in memory.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TypeVar

import uvloop
from aiokafka import AIOKafkaConsumer
from pydantic import BaseModel

from bench import records
from bench.measuring import Round, cores_of
from bench.peers import STORES, Store
from bench.plan import WrongRun
from libs.chassis.bus.subscriber import BATCH_TIMEOUT_MS
from libs.events.topics import REQUESTS
from local.places import ROOT
from services.history.consumers import MAX_RECORDS

AT_ONCE = 1_000  # what a store is given in one go
PATIENCE_SECONDS = 180.0
T = TypeVar("T")


def in_batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As much at once as peers and the floor are given."""
    return (values[first : first + AT_ONCE] for first in range(0, len(values), AT_ONCE))


class PeerOrder(BaseModel):
    """`group` names the consumer group of who is fed; bare without one. `watch` names processes whose processor time is told."""

    store: str
    dsn: str
    requests: int
    bootstrap: str = ""
    group: str | None = None
    watch: dict[str, int] = {}


class PeerReport(BaseModel):
    events: int
    seconds: float
    cores: dict[str, float]


async def run(order: PeerOrder) -> PeerReport:
    store = await STORES[order.store].open(order.dsn)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            report = await (_bare(store, order) if order.group is None else _fed(store, order, order.group))
        if (there := await store.count()) != order.requests * records.EVENTS_OF_A_REQUEST:
            raise WrongRun(f"{there} events in {order.store}, not those of {order.requests} requests")
        return report
    finally:
        await store.close()


async def _bare(store: Store, order: PeerOrder) -> PeerReport:
    batches = [store.batch(some) for some in in_batches([value for _, _, value in records.of_requests(order.requests)])]
    with cores_of(order.watch | {order.store: os.getpid()}) as cores:
        began = time.perf_counter()
        for batch in batches:
            await store.write(batch)
        seconds = time.perf_counter() - began
    return PeerReport(events=order.requests * records.EVENTS_OF_A_REQUEST, seconds=seconds, cores=cores.busy)


async def _fed(store: Store, order: PeerOrder, group: str) -> PeerReport:
    """From the first batch in the store to the last, as ours is measured: the start of the process does not count."""
    events = order.requests * records.EVENTS_OF_A_REQUEST
    batches = _batches(store, order.bootstrap, group)
    before = there = await anext(batches)
    with cores_of(order.watch | {order.store: os.getpid()}) as cores:
        began = time.perf_counter()
        while there < events:
            there += await anext(batches)
        seconds = time.perf_counter() - began
    await batches.aclose()
    return PeerReport(events=there - before, seconds=seconds, cores=cores.busy)


async def _batches(store: Store, bootstrap: str, group: str) -> AsyncGenerator[int, None]:
    """Sizes of the batches that are in the store and whose offsets are committed."""
    consumer = AIOKafkaConsumer(REQUESTS.name, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        while True:
            found = await consumer.getmany(timeout_ms=BATCH_TIMEOUT_MS, max_records=MAX_RECORDS)
            if values := [record.value for each in found.values() for record in each]:
                for some in in_batches(values):
                    await store.write(store.batch(some))
                await consumer.commit()
                yield len(values)
    finally:
        await consumer.stop()


async def measured(order: PeerOrder) -> Round:
    """A round of the store in a process of its own; raises `RuntimeError` with what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.peer_run"), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, failed = await process.communicate(order.model_dump_json().encode())
    if process.returncode:
        raise RuntimeError(failed.decode()[-2000:])
    report = PeerReport.model_validate_json(said)
    return Round(rate=report.events / report.seconds, cores=report.cores)


def main() -> None:
    order = PeerOrder.model_validate_json(sys.stdin.buffer.read())
    sys.stdout.write(uvloop.run(run(order)).model_dump_json())


if __name__ == "__main__":
    main()
