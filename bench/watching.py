"""The memory of services while something goes on: looked at each second, told now and then."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import psutil

from bench.measuring import load_average
from bench.soak_checks import MIB
from bench.stage import Service

SAMPLE_SECONDS = 1.0
TELL_SECONDS = 30.0

Sizes = dict[str, list[int]]


@asynccontextmanager
async def watched(services: Mapping[str, Service], tell: Callable[[str], None], news: Callable[[], str]) -> AsyncIterator[Sizes]:
    """Bytes of each service, sample by sample; `news` is told beside them."""
    sizes: Sizes = {name: [] for name in services}
    watching = asyncio.create_task(_watch(services, sizes, tell, news))
    try:
        yield sizes
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(services: Mapping[str, Service], sizes: Sizes, tell: Callable[[str], None], news: Callable[[], str]) -> None:
    began = told = time.monotonic()
    while True:
        for name, service in services.items():
            sizes[name].append(psutil.Process(service.pid).memory_info().rss)
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            each = ", ".join(f"{name} {samples[-1] / MIB:.0f} MiB" for name, samples in sizes.items())
            tell(f"{told - began:6.0f} s: {news()}; {each}; load {load_average():.1f}")
        await asyncio.sleep(SAMPLE_SECONDS)
