"""`otklik frontends`: who may bring messages in. A key is shown once; the file keeps its hash alone, and Kafka what SCRAM makes of it."""

import asyncio
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli import conformance, frontend_keys, this_machine
from cli.frontend_keys import Known, NotPossible
from libs.chassis.access.frontends import hash_of
from libs.chassis.bus.acls import frontend_of_user, kafka_user, of_frontend
from libs.chassis.bus.credentials import MECHANISM, NoAuthorizer, let_in, shut_out, users_with_rights
from libs.chassis.bus.entry import told
from libs.chassis.bus.topics import apply
from libs.events.topics import DESK, INBOUND, wanted

app = typer.Typer(no_args_is_help=True, help=__doc__)
app.command()(conformance.check)
app.command()(conformance.watch)

KEY_BYTES = 32
KEYS_FILE, KAFKA, KAFKA_OF_FRONTENDS = "OTKLIK_FRONTEND_KEYS_FILE", "OTKLIK_KAFKA_BOOTSTRAP", "OTKLIK_KAFKA_FRONTENDS"
Name = Annotated[str, typer.Argument(help="lower-case latin letters, digits and dashes; it becomes a part of topic names")]
HttpOnly = Annotated[bool, typer.Option("--http-only", help="no entry to Kafka: it uses the HTTP door alone")]


@app.callback()
def _group() -> None:
    """Who may bring messages in: their keys, their topics and their rights on Kafka."""


@app.command()
def add(name: Name, replication: Annotated[int, typer.Option(help="3 in production (R-15)")] = 1, http_only: HttpOnly = False) -> None:
    """Make a frontend's topics, its key for both doors and its rights on Kafka. The key is printed once and kept nowhere."""
    path, bootstrap = _told(KEYS_FILE, KAFKA)
    key = _new_key()
    with _changing(path) as known:
        _fits(name)
        changed = frontend_keys.added(known, name, hash_of(key))
        asyncio.run(apply(bootstrap, wanted((name,)), replication=replication))
        if not http_only:
            _let_in(bootstrap, name, key)
        known.update(changed)
    _show(name, key, http_only=http_only)


@app.command()
def rotate(
    name: Name,
    finish: Annotated[bool, typer.Option("--finish", help="no new key: from now on only the newest one is taken")] = False,
    http_only: HttpOnly = False,
) -> None:
    """Give a frontend another key; the one before stays valid at both doors until `--finish`, so that nothing is refused meanwhile.

    A second rotation waits for that: which of the keys the running program has is not known here.
    """
    path, bootstrap = _told(KEYS_FILE, KAFKA)
    if finish:
        with _changing(path) as known:
            known.update(frontend_keys.finished(known, name))
        _keep_on_kafka(bootstrap, name, known[name])
        typer.echo(f"{name}: only its newest key is taken now")
        return
    key = _new_key()
    with _changing(path) as known:
        changed = frontend_keys.rotated(known, name, hash_of(key))
        if not http_only:
            _let_in(bootstrap, name, key)
        known.update(changed)
    _show(name, key, http_only=http_only)
    typer.echo(f"its key of before is taken too, until `otklik frontends rotate {name} --finish`")


@app.command()
def revoke(name: Name, sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Take a frontend's keys and rights away, at once and after asking; its topics stay, with what is in them.

    The HTTP door comes first, so it is shut also when Kafka does not answer; then the same command again shuts Kafka.
    """
    path, bootstrap = _told(KEYS_FILE, KAFKA)
    _fits(name)
    if not sure:
        typer.confirm(f"From now on every message of {name} is refused, and there is no way back to its key. Go on?", abort=True)
    with _changing(path) as known:
        keys = known.pop(name, [])
    if not keys and not _users(bootstrap, name):
        _stop(f"there is no frontend {name}")
    _keep_on_kafka(bootstrap, name, [])
    typer.echo(f"{name}: no key of it is taken any more")


def _let_in(bootstrap: str, name: str, key: str) -> None:
    user = kafka_user(name, hash_of(key))
    try:
        asyncio.run(let_in(bootstrap, user, key, of_frontend(name, user)))
    except NoAuthorizer:
        _stop(f"Kafka at {bootstrap} checks no rights (authorizer.class.name): see deploy/kafka, or use --http-only")


def _keep_on_kafka(bootstrap: str, name: str, hashes: list[str]) -> None:
    """Whatever else of this frontend is let in there is shut out."""
    others = _users(bootstrap, name) - {kafka_user(name, one) for one in hashes}
    if others:
        asyncio.run(shut_out(bootstrap, others))


def _users(bootstrap: str, name: str) -> set[str]:
    try:
        return {user for user in asyncio.run(users_with_rights(bootstrap)) if frontend_of_user(user) == name}
    except NoAuthorizer:
        return set()


def _told(*variables: str) -> list[str]:
    this_machine.lend_administration()
    missing = [name for name in variables if not os.environ.get(name)]
    if missing:
        _stop(f"not set: {', '.join(missing)}")
    return [told(os.environ) if name == KAFKA else os.environ[name] for name in variables]


def _fits(name: str) -> None:
    try:
        INBOUND.of(name)
        if name == DESK:
            raise ValueError(f"{name} is taken: it is what staff type in at the desk")
    except ValueError as error:
        _stop(str(error))


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


def _show(name: str, key: str, *, http_only: bool) -> None:
    typer.echo(f"key of {name}, shown this once: {key}")
    typer.echo("HTTP   Authorization: Bearer <key>")
    if not http_only:
        place = os.environ.get(KAFKA_OF_FRONTENDS) or "the listener for frontends (deploy/kafka)"
        typer.echo(f"Kafka  {place}, SASL {MECHANISM}, user {kafka_user(name, hash_of(key))}, password <key>; groups begin with {name}.")


@contextmanager
def _changing(path: str) -> Iterator[Known]:
    try:
        with frontend_keys.changing(Path(path)) as known:
            yield known
    except NotPossible as reason:
        _stop(str(reason))


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(2)
