"""The probe of an event loop beside the work, and what it found while something else went on."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from bench.desk.ledger import Wait
from local.places import ROOT


@dataclass
class Probed:
    """(when, milliseconds) of each look; filled when the probe ends."""

    looks: list[tuple[float, float]] = field(default_factory=list)

    def during(self, waits: Sequence[Wait]) -> list[float]:
        """While somebody waited for one of these pages."""
        return [ms for at, ms in self.looks if any(wait.at <= at <= wait.at + wait.ms / 1000 for wait in waits)]


@asynccontextmanager
async def probing(port: int) -> AsyncIterator[Probed]:
    probed = Probed()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.desk.probe", str(port)), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield probed
    finally:
        said, _ = await process.communicate(b"")  # which ends its stdin
        if process.returncode == 0:
            probed.looks = [(at, ms) for at, ms in orjson.loads(said)]
