"""`otklik restore`: a backup into an empty database; nobody enters before destructions are repeated and everything is checked."""

import asyncio
import base64
import binascii
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer

from cli import backup_objects, this_machine
from cli.backup import FAILED, NOWHERE, UNUSABLE, count_rows
from cli.backup_copy import DESTROYED, NAMED, Head, Manifest, Unusable, check, found, read_destroyed, read_manifest
from cli.database import make_roles, prepare_all
from cli.postgres_programs import ProgramFailed, Programs
from cli.republish import PUBLISHERS
from cli.restore_checks import MasterKey, keys_open, keys_there
from cli.services import SCHEMAS
from cli.verify import verify
from libs.chassis.ops.settings import KEY_BYTES
from libs.chassis.store.destruction import Destruction, destroy_again
from libs.chassis.store.migrations import revisions
from libs.chassis.store.objects import Shelf

MARGIN: Final = timedelta(hours=1)  # clocks, and partitions that were read more slowly than others
TOPICS_KEEP: Final = timedelta(days=14)
NOBODY: Final = UUID(int=0)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """What is there now; nobody can enter while `findings` is not empty."""

    manifest: Manifest
    rows: int
    opened: int
    destroyed: int
    findings: Sequence[str]
    objects: int
    missing: Mapping[str, int]


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="a copy, or a folder of copies of which the newest is taken")],
    keys_from: Annotated[Path, typer.Option(metavar="DIRECTORY", help="where the keys went")],
    destroyed: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="a newer list of destroyed threads")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="tables and indexes made at a time")] = 2,
    pg_bin: Annotated[Path | None, typer.Option(metavar="DIRECTORY", help="folder of pg_restore")] = None,
) -> None:
    """Bring a backup back into an empty database, and let nobody in before it is checked.

    Wants OTKLIK_ADMIN_DSN, OTKLIK_<SERVICE>_PASSWORD and OTKLIK_<SERVICE>_MASTER_KEY (and ..._ID where it is not 1), and
    for the bytes of attachments OTKLIK_OBJECTS and OTKLIK_HISTORY_OBJECTS (with a bucket's keys).
    Ends with 0, with 1 when what came back is not sound, with 2 when nothing was begun.
    """
    this_machine.lend_restoration()
    dsn = os.environ.get("OTKLIK_ADMIN_DSN")
    try:
        if not dsn:
            raise Unusable("not set: OTKLIK_ADMIN_DSN, postgresql://administrator@host:port/database")
        source = read_source(directory, keys_from, destroyed or [])
        passwords = {schema.name: os.environ.get(f"OTKLIK_{schema.name.upper()}_PASSWORD") for schema in SCHEMAS}
        objects = backup_objects.shelves_here()
        work = restore(dsn, source, master_keys(os.environ), passwords, Programs(dsn, pg_bin), jobs=jobs, objects=objects, tell=typer.echo)
        restored = asyncio.run(work)
    except Unusable as unusable:
        typer.echo(str(unusable), err=True)
        raise typer.Exit(UNUSABLE) from None
    except ProgramFailed as failed:
        typer.echo(f"the restore broke off, and another try needs an empty database: {failed}", err=True)
        raise typer.Exit(FAILED) from None
    for line in told(restored):
        typer.echo(line)
    raise typer.Exit(FAILED if restored.findings else 0)


def told(restored: Restored) -> list[str]:
    manifest = restored.manifest
    if restored.findings:
        return [
            *restored.findings,
            "What was restored is NOT sound: the database is closed to services. Restore another copy; if there is none, an administrator"
            " opens it by GRANT CONNECT ON DATABASE … TO PUBLIC.",
        ]
    since = f"{republish_since(manifest):%Y-%m-%dT%H:%M:%SZ}"
    return [
        f"restored as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC: {restored.rows} rows of history verified, {restored.opened} seals"
        f" opened, {restored.destroyed} keys destroyed again; the database is open to services",
        *([f"attachments that came back: {restored.objects}"] if restored.objects else []),
        *(
            f"attachments of {name} that are MISSING: {count}; bring them back to where {backup_objects.KEEPS[name].variable} says"
            for name, count in restored.missing.items()
        ),
        "next, before the services start (docs/operations/backup.md):",
        f"  otklik recover --since {since}",
        "  and move the file of signed heads away: history begins a new one",
        "after they run:",
        *(f"  otklik republish {name} --since {since}" for name in PUBLISHERS),
        "and with a new Kafka:",
        *(f"  otklik topics resume {schema.name}" for schema in SCHEMAS),
    ]


def republish_since(manifest: Manifest) -> datetime:
    """Before this everything that was sent had been heard when the copy was made."""
    oldest = manifest.taken_at - TOPICS_KEEP
    return max(oldest, (manifest.heard_until or oldest) - MARGIN)


@dataclass(frozen=True)
class Source:
    """A copy whose files are those that were written, and all that is known of destructions."""

    manifest: Manifest
    data: Path
    keys: Path
    destroyed: Mapping[str, Sequence[Destruction]]


def read_source(directory: Path, keys_from: Path, lists: Sequence[Path]) -> Source:
    """Raises `Unusable`. The newest list of destructions lies beside all copies of keys, whichever of them is taken."""
    data = found(directory)
    manifest = read_manifest(data)
    keys = found(keys_from, manifest.name)
    check(data, manifest.files)
    check(keys, manifest.key_files)
    beside = (keys_from.parent if NAMED.fullmatch(keys_from.resolve().name) else keys_from) / DESTROYED
    if not beside.exists() and not lists:
        raise Unusable(f"{beside} is missing: without it what was destroyed would come back; name a list of it by --destroyed")
    newer = {name for schema in SCHEMAS for name in set(manifest.revisions.get(schema.name, [])) - revisions(schema)}
    if newer:
        raise Unusable(f"a newer version of Otklik made this copy ({', '.join(sorted(newer))}): restore it with that version")
    return Source(manifest, data, keys, read_destroyed([*([beside] if beside.exists() else []), *lists]))


def master_keys(environ: Mapping[str, str]) -> dict[str, MasterKey]:
    """Of every service; raises `Unusable`: a restore that can't try them proves nothing."""
    found: dict[str, MasterKey] = {}
    for schema in SCHEMAS:
        variable = f"OTKLIK_{schema.name.upper()}_MASTER_KEY"
        try:
            key = base64.b64decode(environ.get(variable, ""), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise Unusable(f"{variable} is missing or wrong: set the service's master key, base64 of {KEY_BYTES} bytes; no copy holds it")
        found[schema.name] = MasterKey(key, environ.get(f"{variable}_ID") or "1")
    return found


async def restore(
    dsn: str,
    source: Source,
    masters: Mapping[str, MasterKey],
    passwords: dict[str, str | None],
    programs: Programs,
    *,
    jobs: int = 2,
    objects: backup_objects.Shelves = NOWHERE,
    tell: Tell = lambda _line: None,
) -> Restored:
    """Raises `Unusable` before anything was changed, `ProgramFailed` afterwards."""
    db = await asyncpg.connect(dsn, server_settings={"application_name": "otklik restore", "timezone": "UTC"})
    try:
        await _refuse_unless_empty(db)
        for shelf in objects.values():
            await shelf.size(NOBODY)  # a bucket that does not answer is found out before anything is changed
        await _door(db, "REVOKE CONNECT ON DATABASE {} FROM PUBLIC")
        await make_roles(dsn)
        for schema in SCHEMAS:
            tell(f"{schema.name}: data, keys, indexes …")
            await _fill(programs, source, schema.name, jobs)
        findings = _differences(source.manifest, await count_rows(db), await _heads(db))
        destroyed = 0
        for schema in SCHEMAS:
            await db.execute(f"SET search_path = {schema.name}")
            destroyed += await destroy_again(db, source.destroyed.get(schema.name, []))
        await prepare_all(dsn, passwords)
        unpacked = sum([await _unpacked(source.data / backup_objects.KEEPS[name].archive, shelf) for name, shelf in objects.items()])
        known = await backup_objects.known(db)
        missing = {name: count for name, ids in known.items() if (count := await backup_objects.missing(objects.get(name), ids))}
        await db.execute("ANALYZE")
        tell("checking the keys and the whole history …")
        for schema in SCHEMAS:
            await db.execute(f"SET search_path = {schema.name}")
            findings += await keys_there(db, schema.name)
            findings += await keys_open(db, schema.name, masters[schema.name])
        history = masters["history"]
        report = await verify(dsn, None if findings else history.key, history.name)  # a wrong key would stop it before the first row
        findings += [f"history: {finding}" for finding in report.findings]
        if not findings:
            await _door(db, "GRANT CONNECT ON DATABASE {} TO PUBLIC")
        return Restored(source.manifest, report.rows, report.opened, destroyed, findings, unpacked, missing)
    finally:
        await db.close()


async def _unpacked(archive: Path, shelf: Shelf) -> int:
    return await backup_objects.unpack(archive, shelf) if await asyncio.to_thread(archive.exists) else 0


async def _refuse_unless_empty(db: "asyncpg.Connection[Any]") -> None:
    tables = await db.fetchval(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname NOT IN ('information_schema') AND n.nspname NOT LIKE 'pg\\_%' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
    )
    schemas = await db.fetch("SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[])", [schema.name for schema in SCHEMAS])
    if tables or schemas:
        name = await db.fetchval("SELECT current_database()")
        raise Unusable(f"database {name} is not empty, and nothing was changed: make an empty one for the restore")


async def _door(db: "asyncpg.Connection[Any]", statement: str) -> None:
    """Services may connect, or may not."""
    name = await db.fetchval("SELECT quote_ident(current_database())")
    await db.execute(statement.format(name))


async def _fill(programs: Programs, source: Source, schema: str, jobs: int) -> None:
    """Tables, then rows and keys, and only then indexes and what one row demands of another."""
    data, keys = str(source.data / f"{schema}.dump"), str(source.keys / f"{schema}.keys.dump")
    many = f"--jobs={jobs}"
    await programs.run("pg_restore", "--exit-on-error", "--section=pre-data", data)
    await programs.run("pg_restore", "--exit-on-error", "--section=data", many, data)
    await programs.run("pg_restore", "--exit-on-error", "--section=data", keys)
    await programs.run("pg_restore", "--exit-on-error", "--section=post-data", many, data)


async def _heads(db: "asyncpg.Connection[Any]") -> list[Head]:
    rows = await db.fetch("SELECT shard, position, hash FROM history.log_heads ORDER BY shard")
    return [Head(shard=row["shard"], position=row["position"], hash=row["hash"].hex()) for row in rows]


def _differences(manifest: Manifest, rows: Mapping[str, int], heads: Sequence[Head]) -> list[str]:
    """What came back against what was there."""
    names = sorted(manifest.rows.keys() | rows.keys())
    found = [
        f"{name}: {rows.get(name)} rows, the manifest says {manifest.rows.get(name)}"
        for name in names
        if rows.get(name) != manifest.rows.get(name)
    ]
    return found + (["history: the heads of the log are not those of the manifest"] if heads != manifest.heads else [])
