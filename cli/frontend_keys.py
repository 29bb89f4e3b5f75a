"""The file with the hashes of the frontends' keys: two keys of one frontend while it changes from one to the other, else one."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libs.chassis.access.frontends import read_keys

Known = dict[str, list[str]]


class NotPossible(Exception):
    """A change of keys that makes no sense; the text says what does."""


def added(known: Known, name: str, hash_of_key: str) -> Known:
    if name in known:
        raise NotPossible(f"{name} is there already: `otklik frontends rotate {name}` gives it another key")
    return known | {name: [hash_of_key]}


def rotated(known: Known, name: str, hash_of_key: str) -> Known:
    if len(_hashes(known, name)) > 1:
        raise NotPossible(f"{name} has two keys already: give it the newest, then `otklik frontends rotate {name} --finish`")
    return known | {name: [*known[name], hash_of_key]}


def finished(known: Known, name: str) -> Known:
    return known | {name: _hashes(known, name)[-1:]}


def _hashes(known: Known, name: str) -> list[str]:
    if name not in known:
        raise NotPossible(f"there is no frontend {name}: `otklik frontends add {name}` makes it")
    return known[name]


def read(path: Path) -> Known:
    try:
        return {name: [one.hex() for one in hashes] for name, hashes in read_keys(path).items()}
    except (OSError, ValueError) as error:
        raise NotPossible(f"{path} can't be read: {error}") from None


@contextmanager
def changing(path: Path) -> Iterator[Known]:
    """The file's content to be changed; written whole or not at all, one writer at a time.

    A file that is missing is no file without frontends: one begun here would shut out all others once it takes the place of the real one.
    """
    if not path.exists():
        raise NotPossible(f"{path} is not there: copy the file with the keys of today there first, or nobody else's key would be in it")
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        known = read(path)
        yield known
        _replace(path, json.dumps(known, indent=2) + "\n", folder)
    finally:
        os.close(folder)


def _replace(path: Path, text: str, folder: int) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    mode = path.stat().st_mode & 0o777
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    os.fsync(folder)
