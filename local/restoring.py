"""`make restore`: a backup into this machine's own PostgreSQL and Kafka, which run for that alone; what is due after it is told."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping

from local import control, keys, processes
from local.console import fail, say
from local.logs import Screen
from local.places import ROOT, Places
from local.start import PUBLISHERS, Start, together
from local.supervisor import Supervisor
from local.up import FAILURES

RESTORED = (0, 1)  # the second: a part that is named is nowhere
SINCE = re.compile(r"otklik recover --since (\S+)")


def restore(places: Places, environ: Mapping[str, str], data: str, keys_from: str) -> int:
    """The exit code of `otklik restore`, or of `otklik recover` after it."""
    if not places.secrets.exists():
        fail(f"{places.secrets} is missing: without the master keys in it no backup opens; put it back first")
        return 2
    with places.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fail("it runs: make down, then move the old .local/postgres away")
            return 2
        control.stop_left_over(places)
        return asyncio.run(_restore(Start(places, environ, Supervisor(places, Screen(places))), data, keys_from))


async def _restore(start: Start, data: str, keys_from: str) -> int:
    try:
        start.arrange()
        new_kafka = start.kafka is not None and not (start.kafka.directory / "formatted").exists()
        await together((start.start_kafka(), start.start_database()))
        around = start.around
        masters = {keys.master_key_of(name): around.secrets[keys.master_key_of(name)] for name in processes.services()}
        code, said = await _otklik(processes.administration(around) | masters, "restore", data, "--keys-from", keys_from)
        since = SINCE.search(said)
        if code or since is None:
            return code
        intake = next(process for process in processes.existing() if process.name == "intake")
        code, _ = await _otklik(processes.environment(intake, around), "recover", "--since", since[1])
        if code in RESTORED:
            say("\n  ".join(due(start.places, since[1], new_kafka=new_kafka)))
        return code
    except FAILURES as failure:
        fail(str(failure))
        return 1
    finally:
        await start.supervisor.stop()


def due(places: Places, since: str, *, new_kafka: bool) -> list[str]:
    """The rest of docs/operations/backup.md, as commands for this machine."""
    lines = [f"mv {places.heads} /elsewhere/heads-of-the-lost-log.jsonl"] if places.heads.exists() else []
    lines += ["make up", *(f"./otklik republish {name} --since {since}" for name in PUBLISHERS)]
    if new_kafka:
        lines += [f"./otklik topics resume {name}" for name in processes.services()]
        others = json.loads(places.frontend_keys.read_text("utf-8")).keys() - set(processes.frontends())
        lines += [f"./otklik frontends rotate {name}  # if it enters Kafka: hand it over, then --finish" for name in sorted(others)]
    return ["now, the commands after `make up` in another terminal (docs/operations/backup.md):", *lines]


async def _otklik(told: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """A command of ours; what it says is shown as it comes, and handed back."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", *arguments),
        cwd=ROOT,
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    said = ""
    assert process.stdout is not None  # noqa: S101 - asked for above
    async for line in process.stdout:
        said += line.decode("utf-8", "replace")
        print(line.decode("utf-8", "replace"), end="", flush=True)
    return await process.wait(), said
