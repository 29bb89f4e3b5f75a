"""How a figure is measured: rounds of ours, of the floor and of peers by turns, and the processor time that each process took meanwhile."""

import math
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, kw_only=True)
class Round:
    """One measurement; `cores` tells how many processor cores each process kept busy, `marks` what else limits may be held against."""

    rate: float
    latencies_ms: Sequence[float] = ()
    marks: Mapping[str, float] = field(default_factory=dict)
    cores: Mapping[str, float] = field(default_factory=dict)


Measure = Callable[[], Awaitable[Round]]
Rounds = Mapping[str, Sequence[Round]]  # by who was measured
OURS, FLOOR = "ours", "floor"  # every other name is a peer's


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


async def by_turns(rounds: int, measures: Mapping[str, Measure], tell: Callable[[str], None]) -> Rounds:
    """Ours, floor, peers, ours, floor …: what the machine does beside it meets all alike."""
    measured: dict[str, list[Round]] = {name: [] for name in measures}
    for number in range(1, rounds + 1):
        for name, measure in measures.items():
            measured[name].append(await measure())
        tell(f"round {number} of {rounds}: " + ", ".join(_told(name, each[-1]) for name, each in measured.items()))
    return measured


def _told(name: str, measured: Round) -> str:
    told = f"{name} {measured.rate:,.0f}/s"
    return f"{told} (p99 {percentile(measured.latencies_ms, 99):,.0f} ms)" if measured.latencies_ms else told


def load_average() -> float:
    """Of the last minute: what the machine had to do, ours and others'."""
    return os.getloadavg()[0]


class Cores:
    """Filled when the watched span ends."""

    def __init__(self) -> None:
        self.busy: dict[str, float] = {}


@contextmanager
def cores_of(pids: Mapping[str, int]) -> Iterator[Cores]:
    """How many cores each process and its children keep busy while the block runs."""
    cores = Cores()
    began, before = time.monotonic(), {name: _processor_seconds(pid) for name, pid in pids.items()}
    yield cores
    passed = time.monotonic() - began
    cores.busy = {name: round((_processor_seconds(pid) - before[name]) / passed, 2) for name, pid in pids.items()}


def _processor_seconds(pid: int) -> float:
    """Of a process, of its children that live and of those that ended; of our own alone, for its children are the services."""
    if pid == os.getpid():
        return time.process_time()
    total = 0.0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        total += sum(process.cpu_times()[:4])
        for child in process.children(recursive=True):
            with suppress(psutil.Error):
                total += sum(child.cpu_times()[:2])
    return total
