"""A load of messages at an HTTP door, in a process of its own: `python -m bench.load` takes an order on stdin and answers on stdout.

Without a rate each connection asks again as soon as it has its answer. With one, messages leave on time whatever became of those before,
and their latency counts from the moment when they were due: a slow server can't slow down who measures it.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import uvloop
from pydantic import BaseModel

from bench import messages
from bench.http_client import Connection, connect, request
from bench.measuring import cores_of
from local.places import ROOT

HOST = "127.0.0.1"
PATH = "/v1/messages"
CREATED, THERE_ALREADY = 201, 200


class Order(BaseModel):
    """What to send: messages with external ids that begin with `prefix`. `watch` names processes whose processor time is told."""

    port: int
    key: str
    prefix: str
    seconds: float
    connections: int = 32
    rate: float | None = None
    watch: dict[str, int] = {}


class Report(BaseModel):
    """What came back. `sent_at` is when each message was due, by number, for a load with a rate."""

    answers: dict[int, int]
    seconds: float
    cores: dict[str, float]
    latencies_ms: list[float]
    sent_at: dict[int, float]

    @property
    def created(self) -> int:
        """What was sent again because its answer was lost may have been there already."""
        return self.answers.get(CREATED, 0) + self.answers.get(THERE_ALREADY, 0)

    @property
    def rate(self) -> float:
        return self.created / self.seconds


class Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._numbers = count()
        self._answers: Counter[int] = Counter()
        self._latencies: list[float] = []
        self._sent_at: dict[int, float] = {}

    async def run(self) -> Report:
        connections = [await connect(HOST, self._order.port) for _ in range(self._order.connections)]
        with cores_of(self._order.watch | {"generator": os.getpid()}) as cores:
            began = time.perf_counter()
            if self._order.rate is None:
                await asyncio.gather(*(self._without_pause(connection, began + self._order.seconds) for connection in connections))
            else:
                await self._on_time(connections, self._order.rate)
            seconds = time.perf_counter() - began
        return Report(answers=dict(self._answers), seconds=seconds, cores=cores.busy, latencies_ms=self._latencies, sent_at=self._sent_at)

    async def _without_pause(self, connection: Connection, until: float) -> None:
        while time.perf_counter() < until:
            connection = await self._ask(connection, next(self._numbers), time.perf_counter())
        connection.close()

    async def _on_time(self, connections: list[Connection], rate: float) -> None:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            free.put_nowait(connection)
        began, began_at = time.perf_counter(), time.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * self._order.seconds)):
                due = number / rate
                await asyncio.sleep(began + due - time.perf_counter())
                self._sent_at[number] = began_at + due
                tasks.create_task(self._ask_when_free(free, number, began + due))
        while not free.empty():
            free.get_nowait().close()

    async def _ask_when_free(self, free: "asyncio.Queue[Connection]", number: int, due: float) -> None:
        free.put_nowait(await self._ask(await free.get(), number, due))

    async def _ask(self, connection: Connection, number: int, since: float) -> Connection:
        """The connection for the next one: a server closes what was idle, and then the message goes again under the same id."""
        raw = request(HOST, PATH, self._order.key, orjson.dumps(messages.body(self._order.prefix, number, datetime.now(UTC))))
        try:
            status = await connection.ask(raw)
        except ConnectionError:
            connection = await connect(HOST, self._order.port)
            status = await connection.ask(raw)
        self._answers[status] += 1
        self._latencies.append(round((time.perf_counter() - since) * 1000, 3))
        return connection


async def send(order: Order) -> Report:
    """The load from a process of its own; raises `RuntimeError` with what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load"), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    said, failed = await process.communicate(order.model_dump_json().encode())
    if process.returncode:
        raise RuntimeError(failed.decode()[-2000:])
    return Report.model_validate_json(said)


def main() -> None:
    order = Order.model_validate_json(sys.stdin.buffer.read())
    report: Any = uvloop.run(Load(order).run())
    sys.stdout.write(report.model_dump_json())


if __name__ == "__main__":
    main()
