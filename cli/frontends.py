"""`otklik frontends`: who may bring messages in. A key is shown once; the file keeps its hash alone."""

import asyncio
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import this_machine
from libs.chassis.access.frontends import hash_of, read_keys
from libs.chassis.bus.topics import apply
from libs.events.topics import INBOUND, wanted

app = typer.Typer(no_args_is_help=True, help=__doc__)

KEY_BYTES = 32
Known = dict[str, list[str]]
Name = Annotated[str, typer.Argument(help="lower-case latin letters, digits and dashes; it becomes a part of topic names")]


@app.callback()
def _group() -> None:
    """Who may bring messages in: their keys and their topics."""


@app.command()
def add(name: Name, replication: Annotated[int, typer.Option(help="3 in production (R-15)")] = 1) -> None:
    """Make a frontend's topics and its key. The key is printed once and kept nowhere."""
    path, bootstrap = _told("OTKLIK_FRONTEND_KEYS_FILE", "OTKLIK_KAFKA_BOOTSTRAP")
    _fits(name)
    if name in _read(Path(path)):
        _stop(f"{name} is there already: `otklik frontends rotate {name}` gives it another key")
    asyncio.run(apply(bootstrap, wanted((name,)), replication=replication))
    key = _new_key()
    with _changed(Path(path)) as known:
        if name in known:
            _stop(f"{name} is there already")
        known[name] = [hash_of(key)]
    _show(name, key)


@app.command()
def rotate(
    name: Name,
    finish: Annotated[bool, typer.Option("--finish", help="no new key: from now on only the newest one is taken")] = False,
) -> None:
    """Give a frontend another key; the one before stays valid until `--finish`, so that nothing is refused meanwhile.

    A second rotation waits for that: which of the keys the running program has is not known here.
    """
    (path,) = _told("OTKLIK_FRONTEND_KEYS_FILE")
    key = None if finish else _new_key()
    with _changed(Path(path)) as known:
        if name not in known:
            _stop(f"there is no frontend {name}: `otklik frontends add {name}` makes it")
        if key and len(known[name]) > 1:
            _stop(f"{name} has two keys already: give it the newest, then `otklik frontends rotate {name} --finish`")
        known[name] = known[name][-1:] + ([hash_of(key)] if key else [])
    if key is None:
        typer.echo(f"{name}: only its newest key is taken now")
    else:
        _show(name, key)
        typer.echo(f"its key of before is taken too, until `otklik frontends rotate {name} --finish`")


@app.command()
def revoke(name: Name, sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Take a frontend's keys away, at once and after asking; its topics stay, with what is in them."""
    (path,) = _told("OTKLIK_FRONTEND_KEYS_FILE")
    if name in _read(Path(path)) and not sure:
        typer.confirm(f"From now on every message of {name} is refused, and there is no way back to its key. Go on?", abort=True)
    with _changed(Path(path)) as known:
        if known.pop(name, None) is None:
            _stop(f"there is no frontend {name}")
    typer.echo(f"{name}: no key of it is taken any more")


def _told(*variables: str) -> list[str]:
    this_machine.lend_administration()
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        _stop(f"not set: {', '.join(missing)}")
    return [os.environ[name] for name in variables]


def _fits(name: str) -> None:
    try:
        INBOUND.of(name)
    except ValueError as error:
        _stop(str(error))


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def _show(name: str, key: str) -> None:
    typer.echo(f"key of {name}, shown this once: {key}")


def _read(path: Path) -> Known:
    if not path.exists():
        return {}
    try:
        return {name: [one.hex() for one in hashes] for name, hashes in read_keys(path).items()}
    except (OSError, ValueError) as error:
        _stop(f"{path} can't be read: {error}")


@contextmanager
def _changed(path: Path) -> Iterator[Known]:
    """The file's content to be changed; written whole or not at all, one writer at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        known = _read(path)
        yield known
        _replace(path, json.dumps(known, indent=2) + "\n", folder)
    finally:
        os.close(folder)


def _replace(path: Path, text: str, folder: int) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    os.fsync(folder)


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
