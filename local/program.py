"""What it takes to run something: used by the supervisor and by the tests' own Kafka and PostgreSQL alike."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from local.places import ROOT

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@dataclass(frozen=True)
class Program:
    """A command, what it needs around it, and the question whether it answers yet."""

    name: str
    argv: tuple[str, ...]
    answers: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    start_seconds: float = 60.0
    talkative: bool = False  # its log lines go to the file only, warnings to the screen too


class Identity(TypedDict):
    """Who runs it. Root's groups stay behind: what is closed to them would be closed to the other user, whatever it may do."""

    user: str | None
    group: int | None
    extra_groups: list[int] | None


class Spawn(Identity):
    """The part of a process's start that subprocess and asyncio share."""

    cwd: Path
    env: dict[str, str]
    start_new_session: bool


def identity(user: str | None) -> Identity:
    if user is None:
        return Identity(user=None, group=None, extra_groups=None)
    return Identity(user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[])


def spawn(program: Program) -> Spawn:
    """The keyword arguments that start this program in a session of its own, so that Ctrl-C reaches the supervisor alone."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **program.env}
    return Spawn(cwd=program.cwd, env=environment, start_new_session=True, **identity(program.user))


class Failed(Exception):
    """A command ended with something else than 0; the text is what it said."""


def run(command: Sequence[str], *, cwd: Path = ROOT, user: str | None = None, **variables: str) -> str:
    """What the command printed, or `Failed` with what it said. The variables are added to our own environment."""
    environment = {**os.environ, **variables}
    finished = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **identity(user)
    )
    if finished.returncode:
        said = (finished.stderr.strip() or finished.stdout.strip())[-3000:]
        raise Failed(f"{Path(command[0]).name} {' '.join(command[1:4])} … ended with {finished.returncode}:\n{said}")
    return finished.stdout


def other_user() -> str | None:
    """The OS user for programs that refuse root; None when we are not root."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def let_in(user: str, *targets: Path) -> list[Path]:
    """Make every folder above the targets passable (not readable) for the user; answers which had to be changed."""
    owner = pwd.getpwnam(user).pw_uid
    changed = []
    for folder in sorted({parent for target in targets for parent in target.resolve().parents}):
        status = folder.stat()
        if status.st_uid != owner and not status.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            changed.append(folder)
    return changed
