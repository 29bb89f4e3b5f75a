"""The file of signed heads: append-only, fsynced, outside the database; it is also what tells which heads are signed already."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

from libs.chassis.ops.settings import WrongSettings
from libs.events.contracts.history_events import HeadSigned
from services.history.domain.heads import NO_LINE_BEFORE, Signer, line_hash, read_line

log = structlog.stdlib.get_logger("history")


class HeadsFile:
    """One writer at a time. What another process wrote meanwhile is read before anything is added."""

    def __init__(self, path: Path, signer: Signer) -> None:
        self._path = path
        self._signer = signer
        self._read_to = 0
        self._previous = NO_LINE_BEFORE
        self._last: dict[int, HeadSigned] = {}
        try:
            with self._locked() as file:
                self._read(file)
        except OSError as error:
            raise WrongSettings(f"{path} can't be written: {error}. OTKLIK_HEADS_FILE names the file of signed heads.") from None

    def last(self) -> dict[int, HeadSigned]:
        """The newest head of each shard that has one."""
        with self._locked() as file:
            self._read(file)
        return dict(self._last)

    def append(self, heads: Sequence[HeadSigned], signed_at: datetime) -> None:
        """When it returns, the lines are on the disk."""
        with self._locked() as file:
            self._read(file)
            lines = b"" if self._ends_whole(file) else b"\n"  # a crash left half a line: it stays, and nothing hangs on it
            previous = self._previous
            for head in heads:
                line = self._signer.line(head, signed_at, previous)
                previous, lines = line_hash(line), lines + line
            if os.write(file, lines) != len(lines):
                raise OSError(f"{self._path}: the disk took only a part")
            os.fsync(file)
            self._read(file)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _read(self, file: int) -> None:
        """Only what was added since; all of it again when the file is shorter than it was."""
        size = os.fstat(file).st_size
        if size < self._read_to:
            log.critical("the file of signed heads was cut: compare it with its copies", path=str(self._path))
            self._read_to, self._previous, self._last = 0, NO_LINE_BEFORE, {}
        with os.fdopen(os.dup(file), "rb") as lines:
            lines.seek(self._read_to)
            for raw in lines:
                line = read_line(raw)
                if line is not None:
                    self._previous, self._last[line.shard] = line_hash(raw), line.head
            self._read_to = lines.tell()

    @staticmethod
    def _ends_whole(file: int) -> bool:
        size = os.fstat(file).st_size
        return size == 0 or os.pread(file, 1, size - 1) == b"\n"
