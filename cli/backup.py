"""`otklik backup`: all schemas at one moment, while work goes on; the keys into a place of their own (decision 0018)."""

import asyncio
import os
import shutil
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import backup_objects, this_machine
from cli.backup_copy import (
    DESTROYED,
    FORMAT,
    KEY_TABLES,
    MANIFEST,
    Copy,
    Head,
    Manifest,
    Unusable,
    digests,
    forget_keys,
    forget_unfinished,
    note_destroyed,
)
from cli.postgres_programs import ProgramFailed, Programs
from cli.services import ROOT, SCHEMAS
from libs.chassis.store.database import Connection
from libs.chassis.store.destruction import Destruction, destructions
from libs.chassis.store.queries import queries

SQL = queries(__file__)
FAILED: Final = 1
UNUSABLE: Final = 2
KEEP_KEYS_DAYS: Final = 30
LOCK_TIMEOUT: Final = "60s"
TRIES: Final = 5
LOOK_SECONDS: Final = 0.5
NOWHERE: Final[backup_objects.Shelves] = {}


@dataclass(frozen=True)
class Taken:
    """A finished backup."""

    manifest: Manifest
    data: Path
    keys: Path
    bytes: int
    destroyed: int
    forgotten: Sequence[str]
    objects: int
    left_out: Mapping[str, int]


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="where copies of the data go")],
    keys_to: Annotated[Path, typer.Option(metavar="DIRECTORY", help="where the keys go, on another disk under another lock")],
    keep_keys_days: Annotated[int, typer.Option(min=1, help="older copies of keys are erased")] = KEEP_KEYS_DAYS,
    pg_bin: Annotated[Path | None, typer.Option(metavar="DIRECTORY", help="folder of pg_dump, not older than the server")] = None,
) -> None:
    """Copy all stores at one moment, while everything goes on working: data and keys apart.

    Wants OTKLIK_ADMIN_DSN, and for the bytes of attachments OTKLIK_OBJECTS and OTKLIK_HISTORY_OBJECTS (with a bucket's keys).
    Ends with 0, with 1 when no copy was made, with 2 when a setting is wrong.
    """
    this_machine.lend_administration()
    dsn = os.environ.get("OTKLIK_ADMIN_DSN")
    try:
        if not dsn:
            raise Unusable("not set: OTKLIK_ADMIN_DSN, postgresql://administrator@host:port/database")
        objects, programs = backup_objects.shelves_here(), Programs(dsn, pg_bin)
        work = back_up(dsn, directory, keys_to, keep_keys_days=keep_keys_days, programs=programs, objects=objects, show=_progress)
        taken = asyncio.run(work)
    except Unusable as unusable:
        typer.echo(str(unusable), err=True)
        raise typer.Exit(UNUSABLE) from None
    except ProgramFailed as failed:
        typer.echo(f"no copy was made: {failed}", err=True)
        raise typer.Exit(FAILED) from None
    for line in told(taken):
        typer.echo(line)


def told(taken: Taken) -> list[str]:
    rows = sum(taken.manifest.rows.values())
    lines = [
        f"copy of {taken.manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC: {rows} rows, {taken.bytes / 1e6:.1f} MB",
        f"data: {taken.data}",
        f"keys: {taken.keys}",
    ]
    if taken.objects:
        lines.append(f"attachments: {taken.objects}")
    for name, count in taken.left_out.items():
        where = backup_objects.KEEPS[name].variable
        lines.append(
            f"attachments of {name} that are NOT in this copy: {count}; say where they lie by {where}, or copy them by themselves now"
        )
    if taken.destroyed:
        lines.append(f"added to the list of destroyed threads: {taken.destroyed}")
    if taken.forgotten:
        lines.append(f"old copies of keys erased: {', '.join(taken.forgotten)}")
    return lines


Show = Callable[[Callable[[], int]], "asyncio.Task[None]"]


async def back_up(
    dsn: str,
    data: Path,
    keys: Path,
    *,
    keep_keys_days: int = KEEP_KEYS_DAYS,
    programs: Programs | None = None,
    objects: backup_objects.Shelves = NOWHERE,
    show: Show | None = None,
) -> Taken:
    """Raises `Unusable` and `ProgramFailed`; nothing that looks whole is left behind then."""
    apart(data, keys)
    async with moment(dsn) as (db, snapshot):
        for place in (data, keys):
            forget_unfinished(place)
        facts = await _facts(db)
        done = {schema.name: await _destructions(db, schema.name) for schema in SCHEMAS}
        copies = Copy(data, facts.name), Copy(keys, facts.name)
        shown = show(lambda: sum(copy.written() for copy in copies)) if show else None
        wanted = await backup_objects.known(db)
        try:
            packed = await _packed(copies[0], objects, wanted)
            manifest = await _fill(db, *copies, facts, programs or Programs(dsn), snapshot)
        except BaseException:
            for copy in copies:
                shutil.rmtree(copy.folder)
            raise
        finally:
            if shown is not None:
                shown.cancel()
    size = sum(copy.written() for copy in copies)
    for copy in reversed(copies):  # the keys first: data that looks whole has its keys
        copy.finish()
    noted = note_destroyed(keys / DESTROYED, done)
    forgotten = forget_keys(keys, manifest.taken_at, keep_keys_days)
    left_out = {name: len(ids) - packed[name] for name, ids in wanted.items() if len(ids) > packed[name]}
    return Taken(manifest, copies[0].final, copies[1].final, size, noted, forgotten, sum(packed.values()), left_out)


async def _packed(data: Copy, objects: backup_objects.Shelves, wanted: Mapping[str, Sequence[UUID]]) -> dict[str, int]:
    """How many of each service, in the transaction that keeps the moment open; the objects themselves never change."""
    packed = dict.fromkeys(wanted, 0)
    for name, ids in wanted.items():
        if name in objects and ids:
            packed[name] = await backup_objects.pack(objects[name], ids, data.file(backup_objects.KEEPS[name].archive))
    return packed


def apart(data: Path, keys: Path) -> None:
    """Whoever gets one of the two must not get the other with it."""
    one, other = data.resolve(), keys.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise Unusable(f"{keys} and {data} are one folder, or one inside the other: keys go apart from data, name another place for them")
    for place in (one, other):
        place.mkdir(parents=True, exist_ok=True)


@asynccontextmanager
async def moment(dsn: str) -> AsyncIterator[tuple[Connection, str]]:
    """One moment of the whole database for as many programs as like: its name, and a transaction that keeps it open."""
    db = await asyncpg.connect(dsn, server_settings={"application_name": "otklik backup", "timezone": "UTC"})
    try:
        await db.execute("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
        if not await db.fetchval("SELECT pg_try_advisory_lock(hashtext('otklik backup'))"):
            raise Unusable("another backup of this database is still running: wait until it has ended")
        missing = {schema.name for schema in SCHEMAS} - {row["nspname"] for row in await db.fetch("SELECT nspname FROM pg_namespace")}
        if missing:
            raise Unusable(
                f"this database lacks the schemas {', '.join(sorted(missing))}: OTKLIK_ADMIN_DSN names another database than Otklik's,"
                " or `otklik database prepare` was never run"
            )
        await _lock_tables(db)
        try:
            yield db, await db.fetchval("SELECT pg_export_snapshot()")
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                await db.execute("ROLLBACK")
    finally:
        await db.close()


async def _lock_tables(db: Connection) -> None:
    """Locks come before the snapshot: a day of the outbox that was dropped in between would stop pg_dump. Readers' locks stop no writer."""
    for last in (*[False] * (TRIES - 1), True):
        names = [f"{row['schema']}.{row['name']}" for row in await db.fetch(SQL["backup_tables"], [schema.name for schema in SCHEMAS])]
        try:
            await db.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            await db.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS SHARE MODE")
            return
        except asyncpg.UndefinedTableError:
            await db.execute("ROLLBACK")
            if last:
                raise


async def _facts(db: Connection) -> Manifest:
    """What can be said before the files are there."""
    heads = await db.fetch("SELECT shard, position, hash FROM history.log_heads ORDER BY shard")
    return Manifest(
        format=FORMAT,
        taken_at=await db.fetchval("SELECT now()"),
        otklik=_version(),
        postgres=await db.fetchval("SHOW server_version"),
        heard_until=await _heard_until(db),
        revisions={schema.name: await _revisions(db, schema.name) for schema in SCHEMAS},
        rows={},
        heads=[Head(shard=row["shard"], position=row["position"], hash=row["hash"].hex()) for row in heads],
        files={},
        key_files={},
    )


def _version() -> str | None:
    """An image has no such file: its revisions tell enough."""
    file = ROOT / "pyproject.toml"
    return tomllib.loads(file.read_text("utf-8"))["project"]["version"] if file.exists() else None


async def _heard_until(db: Connection) -> datetime | None:
    """When the consumer that was furthest behind last heard something; None when one never did."""
    heard = [await db.fetchval(f"SELECT max(seen_at) FROM {schema.name}.inbox") for schema in SCHEMAS if schema.name != "history"]  # noqa: S608
    heard.append(await db.fetchval("SELECT max(stored_at) FROM history.log JOIN history.log_heads USING (shard, position)"))
    return None if None in heard else min(heard)


async def _revisions(db: Connection, schema: str) -> list[str]:
    rows = await db.fetch(f"SELECT version_num FROM {schema}.schema_version ORDER BY 1")  # noqa: S608 - a name of ours
    return [row["version_num"] for row in rows]


async def _destructions(db: Connection, schema: str) -> list[Destruction]:
    await db.execute(f"SET LOCAL search_path = {schema}")
    return await destructions(db)


async def count_rows(db: Connection) -> dict[str, int]:
    """By table, partitions counted with their parent; the tables of keys are none of this."""
    tables = await db.fetch(SQL["backup_counted"], [schema.name for schema in SCHEMAS], list(KEY_TABLES))
    names = [f"{row['schema']}.{row['name']}" for row in tables]
    return {name: int(await db.fetchval(f"SELECT count(*) FROM {name}")) for name in names}  # noqa: S608 - names of ours


async def _fill(db: Connection, data: Copy, keys: Copy, facts: Manifest, programs: Programs, snapshot: str) -> Manifest:
    """All dumps of one moment side by side, and the rows counted meanwhile."""
    dumps = [_dump(programs, snapshot, data, schema.name, keys=False) for schema in SCHEMAS]
    dumps += [_dump(programs, snapshot, keys, schema.name, keys=True) for schema in SCHEMAS]
    running = [asyncio.ensure_future(dump) for dump in dumps]
    try:
        rows = await count_rows(db)
        await asyncio.gather(*running)
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    sums = [await asyncio.to_thread(digests, copy.folder) for copy in (data, keys)]
    whole = facts.model_copy(update={"rows": rows, "files": sums[0], "key_files": sums[1]})
    data.file(MANIFEST).write_text(whole.model_dump_json(indent=2) + "\n", "utf-8")
    return whole


async def _dump(programs: Programs, snapshot: str, copy: Copy, schema: str, *, keys: bool) -> None:
    tables = [f"{schema}.{table}" for table in KEY_TABLES]
    what = ["--data-only", *(f"--table={table}" for table in tables)]
    if not keys:
        what = [f"--schema={schema}", *(f"--exclude-table-data={table}" for table in tables)]
    path = copy.file(f"{schema}.keys.dump" if keys else f"{schema}.dump")
    await programs.run("pg_dump", "--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--file={path}", *what)


def _progress(written: Callable[[], int]) -> "asyncio.Task[None]":
    """How much there is, twice a second, until it is cancelled."""

    async def watch() -> None:
        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
            task = progress.add_task("", total=None)
            while True:
                progress.update(task, description=f"copying: {written() / 1e6:.1f} MB")
                await asyncio.sleep(LOOK_SECONDS)

    return asyncio.create_task(watch())
