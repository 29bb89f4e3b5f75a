"""What is done to a running system from another terminal: status, logs, down, fresh."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from local import processes
from local.console import BOLD, DIM, GREEN, RED, coloured, done, say, warn
from local.logs import Screen
from local.places import DOWNLOADS, PORTS, ROOT, Places
from local.supervisor import born, record_file

PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Recorded:
    """One program of the supervisor's record."""

    name: str
    state: str
    pid: int | None
    born: float | None
    starts: int
    stop_signal: int
    stop_seconds: float

    @property
    def alive(self) -> bool:
        return self.pid is not None and self.born is not None and born(self.pid) == self.born


@dataclass(frozen=True)
class Record:
    supervisor: int
    supervisor_born: float | None
    port_offset: int
    programs: list[Recorded]

    @property
    def running(self) -> bool:
        return self.supervisor_born is not None and born(self.supervisor) == self.supervisor_born

    @property
    def left_over(self) -> list[Recorded]:
        """Programs whose supervisor was killed, in the order of their start."""
        return [] if self.running else [program for program in self.programs if program.alive]


def read(places: Places) -> Record:
    """The last record; an empty one when nothing ever ran here."""
    try:
        facts = json.loads(record_file(places).read_text("utf-8"))
    except (OSError, ValueError):
        return Record(0, None, places.port_offset, [])
    return Record(
        facts["supervisor"],
        facts["born"],
        facts.get("port_offset", places.port_offset),
        [Recorded(**program) for program in facts["programs"]],
    )


def status(places: Places) -> int:
    record = read(places)
    if record.left_over:
        warn(f"the supervisor was killed; still there: {names(record.left_over)}; make down stops them")
    if not record.running:
        say("nothing runs: make up")
        return 1
    there = replace(places, port_offset=record.port_offset)  # as they were started, whatever this terminal says
    healths = {program.name: health(program.name, there) for program in record.programs}
    for program in record.programs:
        port = f"port {there.port(program.name)}" if program.name in PORTS else ""
        again = f"started {program.starts} times" if program.starts > 1 else ""
        state = coloured(program.state.ljust(9), GREEN if program.state == "ready" else RED)
        print(f"  {program.name:<10} {state} pid {program.pid or '–':<8} {port:<10} {said(healths[program.name]):<22} {again}".rstrip())
    return 0 if all(program.state == "ready" and all(healths[program.name]) for program in record.programs) else 1


def health(name: str, places: Places) -> tuple[bool, ...]:
    """Whether the process itself says that it is live and that it is ready; nothing for those that can't be asked."""
    if name not in {"mail", *(process.name for process in processes.TABLE)}:
        return ()
    address = processes.address(name, places)
    return tuple(processes.healthy(f"{address}/health/{question}") for question in ("live", "ready"))


def said(answers: tuple[bool, ...]) -> str:
    return ", ".join(word if right else f"NOT {word.upper()}" for word, right in zip(("live", "ready"), answers, strict=False))


def names(programs: list[Recorded]) -> str:
    return ", ".join(program.name for program in programs)


def logs(places: Places, name: str | None) -> int:
    """All logs as they grow, or one of them whole and then as it grows."""
    files = sorted(places.logs.glob(f"{name or '*'}.log"))
    if not files:
        known = ", ".join(sorted(path.stem for path in places.logs.glob("*.log")))
        warn(f"no log of {name or 'anything'}; there are: {known or 'none'}")
        return 1
    screen = Screen(places, from_end=name is None)
    for path in files:
        screen.add(path)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(screen.run())
    return 0


def down(places: Places, *, erasing: bool = False) -> int:
    """Ask the supervisor to stop everything; stop what a killed one left."""
    record = read(places)
    if record.running:
        os.kill(record.supervisor, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while read(places).running and time.monotonic() < deadline:
            time.sleep(0.1)
    if read(places).running:
        warn(f"still stopping after {PATIENCE_SECONDS:.0f} s: make status")
        return 1
    stop_left_over(places)
    done("stopped" if erasing else "stopped; the data is kept")
    return 0


def stop_left_over(places: Places) -> None:
    """In reverse order and in the usual way, as their supervisor would have done."""
    left = read(places).left_over
    if left:
        warn(f"the last supervisor was killed; stopping what it left: {names(left)}")
    for program in reversed(left):
        stop(program)


def stop(program: Recorded) -> None:
    if program.pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(program.pid, program.stop_signal)
        deadline = time.monotonic() + program.stop_seconds
        while program.alive and time.monotonic() < deadline:
            time.sleep(0.05)
        if program.alive:
            os.killpg(program.pid, signal.SIGKILL)


def fresh(places: Places, *, sure: bool) -> int:
    """Erase the state, after asking; what was downloaded stays."""
    if not places.state.exists():
        done(f"{places.state} is not there")
        return 0
    if not sure and not agreed(f"Erase all data in {places.state} (requests, letters, keys)? Type yes: "):
        say(coloured("nothing was erased", DIM))
        return 1
    if down(places, erasing=True):
        return 1
    for path in places.state.iterdir():
        if path != DOWNLOADS:
            erase(path)
    done(f"erased; {coloured('make up', BOLD)} begins anew")
    return 0


def agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"yes", "y"}
    except EOFError:
        return False


def erase(path: Path) -> None:
    if path.resolve() in {ROOT, Path.home(), Path("/")}:
        raise ValueError(f"will not erase {path}")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
