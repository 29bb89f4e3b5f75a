"""The disk under PostgreSQL fills up under load and is cleared again."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bench.smtp_sink import SmtpSink
from bench.stage import Stage
from local.embedded import Part
from local.program import run
from tests.faults.town import Told, asked_for, broken, town, under_load

DISK_MB = 768
FULL_SECONDS = 30
RATE = 5.0
GOES_ON_SECONDS = 60.0
PIECE = b"\0" * (1024 * 1024)


@pytest.fixture
def disk() -> Path:
    """A small disk of its own, or no test."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk of a given size")
    place = Path(tempfile.mkdtemp(prefix="otklik-disk-"))
    place.chmod(0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)], capture_output=True, check=False)
    if mounted.returncode:
        place.rmdir()
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    return place


@pytest.mark.requirement("D-14", "D-15")
async def test_a_full_disk_under_the_database_is_waited_out_and_loses_nothing(disk: Path) -> None:
    async def prepare(stage: Stage, _: SmtpSink, stack: AsyncExitStack) -> Mapping[str, Told]:
        part = stage.parts.postgres
        await asyncio.to_thread(move, part, disk)
        stack.callback(clear, part, disk)
        return {}

    async with town("full-disk", prepare) as full:
        async with under_load(full, RATE):
            await full.goes_on("the start", within=GOES_ON_SECONDS)
            full.cuts_off_letters("postgres")
            filler = disk / "filler"
            await asyncio.to_thread(fill, filler)
            full.journal.say("the disk is full")
            await asyncio.sleep(asked_for("SECONDS", FULL_SECONDS))
            filler.unlink()
            postgres = full.part("postgres").process
            full.journal.say(f"the disk is cleared; PostgreSQL {'runs' if postgres and postgres.poll() is None else 'has stopped'}")
            if postgres is None or postgres.poll() is not None:
                await full.start("postgres")
            await full.goes_on("a full disk", within=GOES_ON_SECONDS)
        assert not broken(await full.finish(), full.journal.directory)


def move(part: Part, disk: Path) -> None:
    """PostgreSQL with its data goes on from there."""
    part.stop()
    argv = list(part.program.argv)
    place = argv.index("-D") + 1
    run(["cp", "-a", argv[place], str(disk / "data")])
    argv[place] = str(disk / "data")
    part.program = replace(part.program, argv=tuple(argv), cwd=disk)
    part.start()


def clear(part: Part, disk: Path) -> None:
    part.stop()
    run(["umount", str(disk)])
    shutil.rmtree(disk)


def fill(filler: Path) -> None:
    """To the last byte."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(PIECE)
