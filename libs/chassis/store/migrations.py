"""Numbered plain-SQL migrations, run by alembic: one version table a schema, under an advisory lock (R-11).

Each folder of files is a branch: the chassis's own tables first, then the service's. A file runs as the owner of the schema.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import structlog
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

HERE = Path(__file__).parent / "sql"
CHASSIS = "store"
LOCK_TIMEOUT = "5s"

log = structlog.stdlib.get_logger("store")


@dataclass(frozen=True)
class Schema:
    """A service's schema, its roles and where its SQL lies. The application's role bears the schema's name."""

    name: str
    folder: Path

    @property
    def owner(self) -> str:
        return f"{self.name}_owner"


class SqlScripts(ScriptDirectory):
    """alembic's revisions, made from files `NNNN_name.sql` instead of Python modules."""

    def __init__(self, branches: Sequence[tuple[str, Path]]) -> None:
        self._branches = branches
        super().__init__(str(HERE))

    def _load_revisions(self) -> Iterator[Script]:
        first: str | None = None  # on a later one alembic would believe it done as soon as what depends on it is
        for branch, folder in self._branches:
            down: str | None = None
            for path in sorted((folder / "migrations").glob("[0-9]*.sql")):
                revision = f"{branch}_{path.stem.split('_')[0]}"
                yield Script(_module(path, revision, down, None if down else first), revision, str(path))
                first = first or revision
                down = revision

    def newest(self, branch: str) -> str:
        """The last revision of a branch; the chassis's goes first, because a service's file may build on it."""
        return max(name for name in self.get_heads() if name.startswith(f"{branch}_"))


def _module(path: Path, revision: str, down: str | None, depends_on: str | None) -> ModuleType:
    module = ModuleType(path.stem, path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- "))
    module.__dict__.update(revision=revision, down_revision=down, depends_on=depends_on, upgrade=partial(_run_file, path))
    return module


async def migrate(admin_dsn: str, schema: Schema, *, chassis: Path = HERE) -> list[str]:
    """Bring one schema to its newest version and renew its grants, in one transaction; returns the revisions that were run.

    A schema that is newer than this code is left as it is: a release runs on the schema of the next one, so that there is a way back.
    """
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, admin_dsn), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade, schema, chassis)
    finally:
        await engine.dispose()


def revisions(schema: Schema, *, chassis: Path = HERE) -> set[str]:
    """Every revision of a schema that this code knows."""
    return _all(SqlScripts([(CHASSIS, chassis), (schema.name, schema.folder)]))


def _all(scripts: SqlScripts) -> set[str]:
    return {script.revision for script in scripts.walk_revisions()}


def _upgrade(connection: Connection, schema: Schema, chassis: Path) -> list[str]:
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('otklik migrations'))"))
    _run(connection, f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL ROLE {schema.owner}; SET LOCAL search_path = {schema.name}")
    scripts = SqlScripts([(CHASSIS, chassis), (schema.name, schema.folder)])
    versions = {"version_table": "schema_version", "version_table_schema": schema.name}
    newer = set(MigrationContext.configure(connection, opts=versions).get_current_heads()) - _all(scripts)
    if newer:
        log.warning("a schema is newer than this release and is left as it is", name=schema.name, where=", ".join(sorted(newer)))
        return []
    done: list[str] = []

    def steps(target: str, current: Any, _context: MigrationContext) -> Any:
        found = scripts._upgrade_revs(target, current)
        done.extend(step.revision.revision for step in found)
        return found

    for target in (scripts.newest(CHASSIS), "heads"):
        MigrationContext.configure(connection, opts=versions | {"fn": partial(steps, target)}).run_migrations(connection=connection)
    for folder in (chassis, schema.folder):
        _run(connection, (folder / "grants.sql").read_text(encoding="utf-8").replace(":role", schema.name).replace(":schema", schema.name))
    return done


def _run_file(path: Path, connection: Connection) -> None:
    _run(connection, path.read_text(encoding="utf-8"))


def _run(connection: Connection, sql: str) -> None:
    """A file holds many statements, which only the driver's own simple protocol takes."""
    driver: Any = connection.connection.driver_connection
    await_only(driver.execute(sql))
