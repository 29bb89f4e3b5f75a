"""`otklik dlq`: records that a service set aside. A person looks at them, has them tried again, or decides that one is never handled."""

import asyncio
import base64
import binascii
import os
import re
import time
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, NoReturn
from uuid import UUID

import asyncpg
import orjson
import typer

from cli import this_machine
from cli.services import SCHEMAS
from libs.chassis.bus.received import identity_of
from libs.chassis.ops.settings import KEY_BYTES
from libs.chassis.store.database import Connection, prepare_connection
from libs.chassis.store.dead_letters import DeadLetter, DeadLetters, lane_key
from libs.chassis.store.keys import Keyring
from libs.chassis.store.sealing import BrokenSeal
from libs.chassis.store.settling import Outcome, Seen, ask_for, drop, one, outcomes, topics, unsettled
from libs.events.envelope import Unreadable, decode

NOT_ALL = 1
UNUSABLE = 2
DSN = "OTKLIK_POSTGRES_DSN"
SERVICES = tuple(schema.name for schema in SCHEMAS)
LETTER = re.compile(rf"({'|'.join(SERVICES)})-(\d{{1,18}})")
POLL_SECONDS = 0.3

app = typer.Typer(no_args_is_help=True, help=__doc__)
Id = Annotated[str, typer.Argument(metavar="ID", help="as `otklik dlq list` tells it: intake-17")]


@app.callback()
def _group() -> None:
    """Records that a service set aside: look at them, have them tried again, or decide that one is never handled."""


@dataclass(frozen=True)
class Store:
    """One service's dead letters."""

    service: str
    db: Connection
    letters: DeadLetters

    def name(self, letter_id: int) -> str:
        return f"{self.service}-{letter_id}"


@app.command("list")
def show_all(
    service: Annotated[str | None, typer.Argument(metavar="SERVICE", help=f"absent: all of {', '.join(SERVICES)}")] = None,
    reason: Annotated[str | None, typer.Option(help="only those set aside for this reason")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many of each service")] = 100,
) -> None:
    """What was set aside and waits for a decision, oldest first, and how many records of its key wait behind it."""
    asyncio.run(_list(_wanted(service), reason, limit))


@app.command()
def show(letter: Id) -> None:
    """One record: where it lay, why it was set aside, and what it says. It is opened: mind who reads along."""
    service, number = _parsed(letter)
    asyncio.run(_show(service, number))


@app.command()
def replay(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help=" | ".join(SERVICES))],
    letter: Annotated[str | None, typer.Argument(metavar="[ID]", help="one record")] = None,
    key: Annotated[str | None, typer.Option(help="those of this Kafka key")] = None,
    reason: Annotated[str | None, typer.Option(help="those set aside for this reason")] = None,
    every: Annotated[bool, typer.Option("--all", help="all of the service")] = False,
    wait: Annotated[float, typer.Option(min=0, help="seconds to wait for the running service")] = 60,
) -> None:
    """Have records handled again, and in order what waits behind them; the running service does it, with the same handler and inbox.

    Ends with 1 when some could not be handled this time either: they stay, with the new reason.
    """
    if sum((letter is not None, key is not None, reason is not None, every)) != 1:
        _stop("say which: an ID, --key, --reason or --all")
    named, number = _parsed(letter) if letter else (service, None)
    if service not in SERVICES or named != service:
        _stop(f"{letter or service} is none of {service}'s: services are {', '.join(SERVICES)}")
    raise typer.Exit(asyncio.run(_replay(service, number, key, reason, wait)))


@app.command("drop")
def never(
    letter: Id,
    reason: Annotated[str, typer.Option(help="why it is never handled; kept with it, so no personal data")],
    sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Decide that a record is never handled; its key goes on without it. It is kept with the reason until its thirty days are over."""
    service, number = _parsed(letter)
    if not reason.strip():
        _stop("--reason says why: whoever looks later has to understand it")
    if not sure:
        typer.confirm(f"{letter} will never have its effect. Go on?", abort=True)
    asyncio.run(_drop(service, number, reason.strip()))


async def _list(services: Sequence[str | None], reason: str | None, limit: int) -> None:
    found = 0
    for service in services:
        async with opened(service, os.environ if service is None else dict(os.environ)) as store:
            for seen in await unsettled(store.db, reason, limit):
                found += 1
                typer.echo(_line(store, seen))
    if not found:
        typer.echo("nothing is set aside")


def _line(store: Store, seen: Seen) -> str:
    letter = seen.kept.letter
    behind = f", {seen.behind} behind it" if seen.behind else ""
    asked = ", asked for" if seen.kept.asked else ""
    place = f"{letter.topic} {letter.partition}/{letter.offset}"
    return f"{store.name(seen.kept.id)}  {seen.kept.set_aside_at:%Y-%m-%d %H:%M:%S}Z  {letter.reason}  {place}{behind}{asked}"


async def _show(service: str, number: int) -> None:
    async with opened(service) as store:
        seen = await _found(store, number)
        try:
            letter = await store.letters.opened(store.db, seen.kept)
        except BrokenSeal:
            _stop(f"{store.name(number)} does not open with its day's key: it was changed, and can only be dropped")
    sent = datetime.fromtimestamp(letter.timestamp_ms / 1000, UTC)
    typer.echo(f"{store.name(number)}: {letter.reason}")
    typer.echo(f"state: {_state(seen)}")
    typer.echo(f"place: {letter.topic}, partition {letter.partition}, offset {letter.offset}, sent {sent:%Y-%m-%d %H:%M:%S}Z")
    typer.echo(f"consumer: {letter.consumer}, set aside {seen.kept.set_aside_at:%Y-%m-%d %H:%M:%S}Z, {seen.behind} behind it")
    typer.echo(f"key: {'none' if letter.key is None else letter.key.decode(errors='backslashreplace')}")
    typer.echo(f"event: {_event(letter)}")
    typer.echo(f"record: {_pretty(letter.value)}")


def _state(seen: Seen) -> str:
    if seen.outcome:
        return f"{seen.outcome} {seen.settled_at:%Y-%m-%d %H:%M:%S}Z" + (f": {seen.dropped_because}" if seen.dropped_because else "")
    if seen.kept.waits:
        return "nothing is wrong with it, it waits for one before it"
    return "asked for" if seen.kept.asked else "waits for a decision"


def _event(letter: DeadLetter) -> str:
    try:
        envelope = decode(letter.value)
    except Unreadable as error:
        return f"can't be read: {error}"
    return f"{envelope.type} v{envelope.version}, {envelope.event_id}, by {envelope.producer}"


def _pretty(value: bytes | None) -> str:
    if value is None:
        return "null"
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return value.decode(errors="backslashreplace")


async def _replay(service: str, number: int | None, key: str | None, reason: str | None, wait: float) -> int:
    async with opened(service) as store:
        lanes = None if key is None else await _lanes_of(store, key)
        asked = await ask_for(store.db, datetime.now(UTC), letter_id=number, reason=reason, lanes=lanes)
        if not asked:
            _stop("nothing like that waits for a decision: `otklik dlq list` shows what does")
        typer.echo(f"asked for: {len(asked)}")
        became = await _awaited(store, asked, wait)
    for outcome in became:
        typer.echo(f"{store.name(outcome.id)}: {_became(store, outcome)}")
    if any(outcome.moves for outcome in became):
        typer.echo(f"not done within {wait:g} s: does {service} run? What was asked for stays asked for.", err=True)
    return 0 if all(outcome.replayed and outcome.first is None for outcome in became) else NOT_ALL


async def _lanes_of(store: Store, key: str) -> list[bytes]:
    lanes = [store.letters.lane_of(topic, key.encode()) for topic in await topics(store.db)]
    return [lane for lane in lanes if lane is not None]


async def _awaited(store: Store, ids: Sequence[int], seconds: float) -> list[Outcome]:
    until = time.monotonic() + seconds
    while True:
        became = await outcomes(store.db, ids)
        if time.monotonic() >= until or not any(outcome.moves for outcome in became):
            return became
        await asyncio.sleep(POLL_SECONDS)


def _became(store: Store, outcome: Outcome) -> str:
    if outcome.moves:
        return "replayed, its key is not done yet" if outcome.replayed else "not tried yet"
    first = outcome.first
    if outcome.replayed:
        return "replayed" + (f"; its key waits now behind {store.name(first[0])}: {first[1]}" if first else "; nothing of its key waits")
    if first is not None and first[0] != outcome.id:
        return f"waits for {store.name(first[0])}: {first[1]}"
    return f"failed again: {outcome.reason}" + ("; its key waits on" if first else "")


async def _drop(service: str, number: int, because: str) -> None:
    async with opened(service) as store:
        seen = await _found(store, number)
        noted_as = await _noted_as(store, seen)
        if seen.outcome or not await drop(store.db, seen.kept, noted_as, because, datetime.now(UTC)):
            _stop(f"{store.name(number)} is settled already: `otklik dlq show {store.name(number)}`")
    typer.echo(f"{store.name(number)}: dropped" + (f"; {seen.behind} behind it go on" if seen.behind else ""))


async def _noted_as(store: Store, seen: Seen) -> UUID | None:
    """What the inbox would know it by; None for what can't be read and so never has an effect."""
    try:
        letter = await store.letters.opened(store.db, seen.kept)
        return identity_of(letter.topic, decode(letter.value), letter.value)
    except (BrokenSeal, Unreadable):
        return None


async def _found(store: Store, number: int) -> Seen:
    seen = await one(store.db, number)
    return seen if seen is not None else _stop(f"there is no {store.name(number)}")


@asynccontextmanager
async def opened(service: str | None, environ: MutableMapping[str, str] = os.environ) -> AsyncIterator[Store]:
    """By the service's own variables, or beside `make up` by those that it made; None: whosever variables are set."""
    if service is not None:
        this_machine.lend(service, environ=environ)
    dsn = environ.get(DSN) or _stop(f"not set: {DSN} and OTKLIK_MASTER_KEY, as the service itself has them")
    master = _master_key(environ)
    db = await asyncpg.connect(dsn, server_settings={"application_name": "otklik dlq", "timezone": "UTC"})
    try:
        await prepare_connection(db)
        schema = await db.fetchval("SELECT current_schema()")
        if service not in (None, schema):
            _stop(f"the variables are those of {schema}, not of {service}")
        keyring = Keyring(master, environ.get("OTKLIK_MASTER_KEY_ID") or "1")
        yield Store(schema, db, DeadLetters(keyring, lane_key(master)))
    finally:
        await db.close()


def _master_key(environ: Mapping[str, str]) -> bytes:
    try:
        key = base64.b64decode(environ.get("OTKLIK_MASTER_KEY", ""), validate=True)
    except binascii.Error:
        _stop("OTKLIK_MASTER_KEY is wrong: it is not base64")
    return key if len(key) == KEY_BYTES else _stop(f"OTKLIK_MASTER_KEY is missing or wrong: {len(key)} bytes instead of {KEY_BYTES}")


def _wanted(service: str | None) -> Sequence[str | None]:
    if service is None:
        return (None,) if DSN in os.environ else SERVICES
    return (service,) if service in SERVICES else _stop(f"there is no service {service}: {', '.join(SERVICES)}")


def _parsed(letter: str) -> tuple[str, int]:
    match = LETTER.fullmatch(letter)
    if match is None:
        _stop(f"{letter} is no ID: `otklik dlq list` shows them, like intake-17")
    return match[1], int(match[2])


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(UNUSABLE)
