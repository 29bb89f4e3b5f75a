"""Runs programs: starts them, waits until each answers, starts one that ended again, stops all in reverse order.

A program writes straight into its log file, so it outlives a supervisor that was killed; the next `make up` or `make down` finds it by the
record in `.local/run/` and stops it in the usual way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import psutil

from local.logs import Screen, open_log, tail
from local.places import Places
from local.program import Program, spawn

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # after which a crash is a new one
POLL_SECONDS = 0.1


class State(StrEnum):
    STARTING = "starting"
    READY = "ready"
    CRASHED = "crashed"
    STOPPED = "stopped"


class DidNotStart(Exception):
    """A program was given its time and does not answer."""

    def __init__(self, program: Program, log: Path) -> None:
        super().__init__(f"{program.name} does not answer after {program.start_seconds:.0f} s; the end of {log}:\n{tail(log)}")


class Watched:
    """One program and whatever happens to it."""

    def __init__(self, program: Program, log: Path, changed: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.program = program
        self.log = log
        self.changed = changed
        self.tell = tell
        self.state = State.STOPPED
        self.process: Process | None = None
        self.task: asyncio.Task[None] | None = None
        self.starts = 0
        self.ready = asyncio.Event()
        self.stopping = False

    async def start(self) -> None:
        """Answers when the program does."""
        self.task = asyncio.create_task(self.keep_running())
        try:
            await asyncio.wait_for(self.ready.wait(), self.program.start_seconds)
        except TimeoutError:
            raise DidNotStart(self.program, self.log) from None

    async def keep_running(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = await self.run_once()
            self.enter(State.CRASHED)
            if self.stopping:
                return
            pause = FIRST_PAUSE_SECONDS if time.monotonic() - began > STEADY_SECONDS else pause
            reason = f"; the end of {self.log}:\n{tail(self.log, 8)}" if self.starts == 1 else ""  # once is enough to read
            self.tell(f"{self.program.name} ended with {code}, starts again in {pause:.1f} s{reason}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def run_once(self) -> int:
        with open_log(self.log) as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.program.argv, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, **spawn(self.program)
            )
        self.starts += 1
        self.enter(State.STARTING)
        answering = asyncio.create_task(self.wait_until_it_answers())
        try:
            return await self.process.wait()
        finally:
            answering.cancel()

    async def wait_until_it_answers(self) -> None:
        while not await asyncio.to_thread(self.program.answers):
            await asyncio.sleep(POLL_SECONDS)
        self.enter(State.READY)
        self.ready.set()

    def enter(self, state: State) -> None:
        self.state = state
        self.changed()

    async def stop(self) -> None:
        self.stopping = True
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        if self.process is not None and self.process.returncode is None:
            await end(self.process, self.program)
        self.enter(State.STOPPED)

    def described(self) -> dict[str, object]:
        pid = self.process.pid if self.process is not None and self.process.returncode is None else None
        return {
            "name": self.program.name,
            "state": self.state,
            "pid": pid,
            "born": born(pid) if pid else None,
            "starts": self.starts,
            "stop_signal": int(self.program.stop_signal),
            "stop_seconds": self.program.stop_seconds,
        }


class Supervisor:
    """All watched programs, in the order of their start."""

    def __init__(self, places: Places, screen: Screen) -> None:
        self.places = places
        self.screen = screen
        self.waves: list[list[Watched]] = []
        self.killed = False
        places.run.mkdir(parents=True, exist_ok=True)

    async def start(self, programs: list[Program]) -> list[DidNotStart]:
        """Start these side by side; answers who did not make it, each of which is still tried again."""
        wave = [Watched(program, self.screen.follow(program), self.record, self.screen.tell) for program in programs]
        self.waves.append(wave)
        outcomes = await asyncio.gather(*(watched.start() for watched in wave), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, DidNotStart):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, DidNotStart)]

    async def stop(self) -> None:
        """The last first, those of one wave side by side."""
        while self.waves:
            await asyncio.gather(*(watched.stop() for watched in self.waves[-1]))
            self.waves.pop()
            self.record()

    def kill(self) -> None:
        """For the impatient: a second Ctrl-C. Nothing starts again."""
        self.killed = True
        for watched in self.all():
            watched.stopping = True
            if watched.process is not None and watched.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(watched.process.pid, signal.SIGKILL)

    def all(self) -> list[Watched]:
        return [watched for wave in self.waves for watched in wave]

    def record(self) -> None:
        """What runs now, for `make status`, `make down` and whoever comes after a crash."""
        path = record_file(self.places)
        unfinished = path.with_suffix(".unfinished")
        programs = [watched.described() for watched in self.all()]
        own = {"supervisor": os.getpid(), "born": born(os.getpid()), "port_offset": self.places.port_offset}
        unfinished.write_text(json.dumps(own | {"programs": programs}), "utf-8")
        unfinished.replace(path)


async def end(process: Process, program: Program) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(program.stop_signal)
    try:
        await asyncio.wait_for(process.wait(), program.stop_seconds)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def record_file(places: Places) -> Path:
    return places.run / "programs.json"


def born(pid: int) -> float | None:
    """When the process began, for a number that came round again belongs to another one; None when it has ended."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
