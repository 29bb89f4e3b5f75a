"""Programs that must not outlive us: when this process ends in whatever way, even by SIGKILL, they are killed too."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

# Reads the leaders of process groups until its input ends: by our "end" when all is stopped already, or because we are no more.
WATCH = 'while read -r group; do [ "$group" = end ] && exit; set -- "$@" "-$group"; done; kill -s KILL -- "$@"'


class Leash:
    def __init__(self, watcher: subprocess.Popen[str]) -> None:
        self.watcher = watcher

    def hold(self, group: int) -> None:
        """From now on this process group ends with us."""
        self.write(str(group))

    def write(self, line: str) -> None:
        if self.watcher.stdin is not None:
            self.watcher.stdin.write(f"{line}\n")
            self.watcher.stdin.flush()


@contextmanager
def leash() -> Iterator[Leash]:
    """Holds nobody any more once the block ends in the usual way."""
    command = ["/bin/sh", "-c", WATCH, "leash"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True, text=True) as watcher:
        made = Leash(watcher)
        yield made
        made.write("end")
