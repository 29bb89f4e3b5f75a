"""`make up`: one supervisor for a state directory, until Ctrl-C."""

from __future__ import annotations

import asyncio
import fcntl
import signal
from collections.abc import Mapping

from local import checks, clean_stop, control, installation, jars
from local.addresses import show_addresses
from local.console import DIM, coloured, done, elapsed, fail, warn
from local.embedded import free_ports
from local.kafka import Kafka, train
from local.logs import Screen
from local.places import Places
from local.program import Failed
from local.start import NotStarted, Start
from local.supervisor import DidNotStart, Supervisor

FAILURES = (NotStarted, DidNotStart, Failed, jars.NoJar, OSError)


async def run(places: Places, environ: Mapping[str, str]) -> int:
    """Until Ctrl-C or SIGTERM; a second one kills."""
    screen = Screen(places)
    supervisor = Supervisor(places, screen)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, lambda: supervisor.kill() if stopping.is_set() else stopping.set())
    start = Start(places, environ, supervisor)
    work = asyncio.create_task(start.all())
    asked = asyncio.create_task(stopping.wait(), name="asked to stop")
    tasks: list[asyncio.Task[bool] | asyncio.Task[None]] = [work]
    try:
        await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return 130
        all_ready = work.result()
        show_addresses(start.around, control.read(places), all_ready=all_ready)
        tasks += [asyncio.create_task(screen.run()), asyncio.create_task(afterwards(start))]
        await asked
    except FAILURES as failure:
        fail(str(failure))
        return 1
    finally:
        stopping.set()
        await stop(supervisor, [asked, *tasks])
        if start.made_good and not supervisor.killed:
            clean_stop.end(places)
    return 0


async def stop(supervisor: Supervisor, tasks: list[asyncio.Task[bool] | asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    began = elapsed()
    print(coloured("\nstopping …", DIM), flush=True)
    await supervisor.stop()
    done(f"stopped in {elapsed() - began:.1f} s; the data is kept")


async def afterwards(start: Start) -> None:
    """What a first start need not wait for. A failure of it is told and changes nothing else."""
    try:
        await start.load_sample()
        await train_kafka(start)
    except FAILURES as failure:
        fail(str(failure))


async def train_kafka(start: Start) -> None:
    """The archive from which the next start of Kafka is quicker."""
    broker = start.kafka
    if broker is not None and not broker.archive.exists():
        port, frontends_port, controller_port = free_ports(3)
        await train(Kafka(start.places.run / "training", port, frontends_port, controller_port, broker.java))


def up(places: Places, environ: Mapping[str, str]) -> int:
    """One supervisor for a state directory; a second `make up` says that there is one."""
    places.state.mkdir(parents=True, exist_ok=True)
    with places.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            warn("it runs already, in another terminal: make status, make logs, make down")
            return 0
        control.stop_left_over(places)
        taken = [finding for finding in checks.ports(places, checks.wanted_ports(environ)) if not finding.right]
        for finding in taken:
            fail(f"{finding.what}: {finding.advice}")
        if taken:
            return 1
        try:
            installation.settle(places, environ)
        except installation.Refused as refusal:
            fail(str(refusal))
            return 1
        return asyncio.run(run(places, environ))
