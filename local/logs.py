"""Log files of the programs, and the lines of them that are shown at the terminal, each with the name of who wrote it."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.console import coloured
from local.places import Places
from local.program import Program

LARGEST_LOG = 64 * 1024 * 1024
LONGEST_LINE = 2_000
POLL_SECONDS = 0.3
COLOURS = ("36", "35", "34", "33", "32", "96", "95", "94")
TROUBLE = re.compile(rb"\b(WARN|WARNING|ERROR|FATAL|PANIC|Traceback)\b")
USUAL_FIELDS = ("level", "logger", "event", "timestamp", "time", "at", "service", "traceparent")


def open_log(path: Path) -> IO[bytes]:
    """For appending; one that has grown too large is put aside first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


@dataclass
class Followed:
    """A log file and how far it was shown."""

    name: str
    path: Path
    colour: str
    only_trouble: bool
    position: int = 0

    def news(self) -> list[str]:
        """The whole lines written since the last look."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < self.position:  # put aside and begun anew
            self.position = 0
        if size == self.position:
            return []
        with self.path.open("rb") as file:
            file.seek(self.position)
            whole, end, _ = file.read(size - self.position).rpartition(b"\n")
        self.position += len(whole) + len(end)
        lines = whole.splitlines()
        return [readable(line) for line in lines if line and (not self.only_trouble or TROUBLE.search(line))]


class Screen:
    """Shows the news of all followed logs until it is stopped."""

    def __init__(self, places: Places, *, from_end: bool = True) -> None:
        self.places = places
        self.from_end = from_end
        self.followed: list[Followed] = []

    def follow(self, program: Program) -> Path:
        """From now on this program's lines are shown; answers its log file."""
        path = self.places.logs / f"{program.name}.log"
        self.add(path, only_trouble=program.talkative)
        return path

    def add(self, path: Path, *, only_trouble: bool = False) -> None:
        position = path.stat().st_size if self.from_end and path.exists() else 0
        colour = COLOURS[len(self.followed) % len(COLOURS)]
        self.followed.append(Followed(path.stem, path, colour, only_trouble, position))

    def tell(self, text: str) -> None:
        print(f"{coloured('supervisor'.ljust(10), '31')} {text}", flush=True)

    def show(self) -> None:
        for followed in self.followed:
            prefix = coloured(followed.name.ljust(10), followed.colour)
            for line in followed.news():
                print(f"{prefix} {line}", flush=True)

    async def run(self) -> None:
        """From now on; what Kafka and PostgreSQL complained of while starting is in their logs."""
        for followed in self.followed:
            if followed.only_trouble:
                followed.news()
        while True:
            self.show()
            await asyncio.sleep(POLL_SECONDS)


def readable(raw: bytes) -> str:
    """Our processes write JSON, which is for machines; a person gets level, event and the rest as words."""
    line = raw.decode("utf-8", "replace")[:LONGEST_LINE]
    try:
        facts = json.loads(line)
    except ValueError:
        return line
    if not isinstance(facts, dict):
        return line
    rest = " ".join(f"{name}={value}" for name, value in facts.items() if name not in USUAL_FIELDS)
    return f"{str(facts.get('level', '')).upper():<7} {facts.get('event', '')} {rest}".rstrip()


def tail(path: Path, lines: int = 20) -> str:
    """The end of a log, for the message about a failure."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 64 * 1024))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
