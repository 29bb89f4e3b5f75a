"""What the person at the terminal sees while things start: one line per finished step, with the seconds since the command was given."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

STARTED = "OTKLIK_STARTED"  # kept over the change from the system's Python to the one in .venv
GREEN, RED, YELLOW, DIM, BOLD = "32", "31", "33", "2", "1"


def begin() -> None:
    """The command was given now."""
    os.environ[STARTED] = str(time.time())


def elapsed() -> float:
    """Seconds since the command was given."""
    return time.time() - float(os.environ.get(STARTED) or time.time())


def coloured(text: str, colour: str) -> str:
    plain = "NO_COLOR" in os.environ or not sys.stdout.isatty()
    return text if plain else f"\033[{colour}m{text}\033[0m"


def say(text: str, mark: str = " ") -> None:
    print(f"{elapsed():6.1f} s {mark} {text}", flush=True)


def done(text: str) -> None:
    say(text, coloured("✓", GREEN))


def warn(text: str) -> None:
    say(text, coloured("!", YELLOW))


def fail(text: str) -> None:
    say(text, coloured("✗", RED))


@contextmanager
def step(title: str) -> Iterator[None]:
    """Says what is being done, and when it is done how long it took."""
    say(f"{title} …", coloured("·", DIM))
    began = time.monotonic()
    yield
    done(f"{title} ({time.monotonic() - began:.1f} s)")
