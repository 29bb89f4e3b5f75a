"""`otklik rebuild`: read models are dropped and made again from the events, with identical rows (D-1)."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NoReturn

import asyncpg
import typer

from cli import this_machine
from cli.intake import opened
from cli.services import schema_of
from libs.chassis.ops.garbage import collect_seldom
from libs.chassis.store.database import Connection, prepare_connection
from libs.chassis.store.keys import Keyring
from libs.chassis.store.models import checksum, rebuild
from services.history.store import Log
from services.intake.desk_root import code_key
from services.intake.store import models
from services.intake.words import index
from services.intake.words.index import WordIndex

DIFFERENT = 1
UNUSABLE = 2


@dataclass(frozen=True)
class Unit:
    """Tables that are rebuilt together; `run` answers how many events it read. `lock` keeps writers out from the first checksum on,
    `before` does what a loop had not come to yet."""

    tables: tuple[str, ...]
    lock: str
    run: Callable[[Connection], Awaitable[int]]
    before: Callable[[Connection], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Rebuilt:
    """What became of a unit; the checksums are over all columns of all rows of each of its tables."""

    tables: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    events: int
    seconds: float

    @property
    def same(self) -> bool:
        return self.before == self.after

    def __str__(self) -> str:
        rate = f"{self.events / self.seconds:,.0f}" if self.seconds else "–"
        sums = "; ".join(
            f"{table} {self.before[table]}" + ("" if self.before[table] == self.after[table] else f" BEFORE, {self.after[table]} AFTER")
            for table in self.tables
        )
        return f"{self.events} events in {self.seconds:.2f} s, {rate}/s: {sums}: {'the same rows' if self.same else 'OTHER ROWS'}"


def command(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="intake or history")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="one read model, with those made in the same pass; absent: all of them")
    ] = None,
) -> None:
    """Drop a service's read models and make them again from its events; whoever writes waits meanwhile.

    Wants the service's own variables, and OTKLIK_ADMIN_DSN. Ends with 1 when the rows became others: then the old were wrong.
    """
    if service not in UNITS:
        _stop(f"{service} has no read models; those that have: {', '.join(UNITS)}")
    this_machine.lend(service, administrator=True)
    dsn = os.environ.get("OTKLIK_ADMIN_DSN") or _stop("not set: OTKLIK_ADMIN_DSN, an administrator of the database")
    collect_seldom()
    same = asyncio.run(_tell(service, dsn, model))
    raise typer.Exit(0 if same else DIFFERENT)


async def _tell(service: str, dsn: str, model: str | None) -> bool:
    async with UNITS[service]() as units:
        wanted = [unit for unit in units if model is None or model in unit.tables]
        if not wanted:
            _stop(f"{service} has no read model {model}; it has {', '.join(table for unit in units for table in unit.tables)}")
        every = [done async for done in rebuilt(service, dsn, wanted)]
    for done in every:
        typer.echo(f"{service}: {done}")
    return all(done.same for done in every)


async def rebuilt(service: str, admin_dsn: str, units: Sequence[Unit]) -> AsyncIterator[Rebuilt]:
    """Each unit in a transaction of its own, with the rights of the schema's owner."""
    schema = schema_of(service)
    db = await asyncpg.connect(admin_dsn, server_settings={"application_name": "otklik rebuild", "timezone": "UTC"})
    try:
        await prepare_connection(db)
        await db.execute(f"SET ROLE {schema.owner}; SET search_path = {schema.name}")
        for unit in units:
            async with db.transaction():
                await db.execute(unit.lock)
                if unit.before is not None:
                    await unit.before(db)
                before = {table: await checksum(db, table) for table in unit.tables}
                began = time.perf_counter()
                events = await unit.run(db)
                seconds = time.perf_counter() - began
                after = {table: await checksum(db, table) for table in unit.tables}
            yield Rebuilt(unit.tables, before, after, events, seconds)
    finally:
        await db.close()


@asynccontextmanager
async def _intake() -> AsyncIterator[list[Unit]]:
    lock = "LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE"
    async with opened() as intake:
        store = intake.process.store
        key = code_key(intake.settings)
        units = [Unit(tuple(model.tables), lock, partial(rebuild, store=store, model=model)) for model in models(key)]
        words = WordIndex(pool=intake.process.pool, events=store, keyring=intake.process.keyring, key=key)
        units.append(Unit((index.TABLE,), lock, partial(rebuild, store=store, model=index.model(key)), words.catch_up))
        yield units


@asynccontextmanager
async def _history() -> AsyncIterator[list[Unit]]:
    log = Log(Keyring(b"", ""))  # the links are made of open columns alone: no key is asked for
    yield [Unit(("thread_links", "request_numbers", "client_links"), "LOCK TABLE log_heads IN EXCLUSIVE MODE", log.rebuild)]


UNITS: dict[str, Callable[[], AbstractAsyncContextManager[list[Unit]]]] = {"intake": _intake, "history": _history}


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(UNUSABLE)
