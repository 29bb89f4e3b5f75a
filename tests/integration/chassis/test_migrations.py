"""Migrations: run once however often and by however many they are started, later files of either branch included (R-11)."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from cli.database import prepare_all
from libs.chassis.ops import logs
from libs.chassis.store import migrations
from libs.chassis.store.migrations import Schema, migrate
from tests.stack import SERVICES, Stack, with_database

NEWEST = [f"store_{path.stem.split('_')[0]}" for path in sorted((migrations.HERE / "migrations").glob("*.sql"))]


class Fresh:
    """An empty database and a service that exists for one test."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.name = f"svc{uuid4().hex[:8]}"
        self.schema = Schema(self.name, folder / "service")
        self.chassis = folder / "chassis"
        shutil.copytree(migrations.HERE, self.chassis)
        (self.schema.folder / "migrations").mkdir(parents=True)
        self.write("0001_first", "CREATE TABLE first (id int)")
        (self.schema.folder / "grants.sql").write_text("GRANT SELECT ON first TO :role;\n")

    def write(self, name: str, sql: str) -> None:
        (self.schema.folder / "migrations" / f"{name}.sql").write_text(f"-- {name}.sql: for a test.\n{sql};\n", "utf-8")

    def write_chassis(self, name: str, sql: str) -> None:
        (self.chassis / "migrations" / f"{name}.sql").write_text(f"-- {name}.sql: for a test.\n{sql};\n", "utf-8")

    def take_back(self, name: str) -> None:
        """As the release before is, which has no such file."""
        for folder in (self.schema.folder, self.chassis):
            (folder / "migrations" / f"{name}.sql").unlink(missing_ok=True)

    async def migrate(self) -> list[str]:
        return await migrate(self.dsn, self.schema, chassis=self.chassis)

    async def ask(self, sql: str, *arguments: object) -> Any:
        db = await asyncpg.connect(self.dsn)
        try:
            await db.execute(f"SET search_path = {self.name}")
            return await db.fetchval(sql, *arguments)
        finally:
            await db.close()


@pytest.fixture
async def fresh(stack: Stack, tmp_path: Path) -> AsyncIterator[Fresh]:
    admin = await asyncpg.connect(stack.parts.admin_dsn)
    database = f"migrations_{uuid4().hex[:8]}"
    await admin.execute(f"CREATE DATABASE {database}")
    made = Fresh(with_database(stack.parts.admin_dsn, database), tmp_path)
    await admin.execute(f"CREATE ROLE {made.name}; CREATE ROLE {made.name}_owner")
    await made.ask(f"CREATE SCHEMA {made.name} AUTHORIZATION {made.name}_owner")
    yield made
    await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    await admin.execute(f"DROP ROLE {made.name}; DROP ROLE {made.name}_owner")
    await admin.close()


@pytest.mark.requirement("R-11", "D-2")
async def test_the_first_run_makes_everything_and_the_second_does_nothing(fresh: Fresh) -> None:
    assert await fresh.migrate() == [*NEWEST, f"{fresh.name}_0001"]
    assert await fresh.migrate() == []
    assert await fresh.ask("SELECT count(*) FROM events") == 0
    owners = "SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables WHERE schemaname = current_schema()"
    assert await fresh.ask(owners) == [f"{fresh.name}_owner"]


@pytest.mark.requirement("R-11")
async def test_of_four_that_migrate_at_once_one_does_the_work_and_all_succeed(fresh: Fresh) -> None:
    ran = await asyncio.gather(*(fresh.migrate() for _ in range(4)))
    assert sorted(ran) == [[], [], [], [*NEWEST, f"{fresh.name}_0001"]]


@pytest.mark.requirement("R-11")
async def test_a_later_file_of_the_service_is_run_alone(fresh: Fresh) -> None:
    await fresh.migrate()
    fresh.write("0002_second", "ALTER TABLE first ADD COLUMN said text")
    assert await fresh.migrate() == [f"{fresh.name}_0002"]
    assert await fresh.migrate() == []


@pytest.mark.requirement("R-11")
async def test_a_later_file_of_the_chassis_is_run_alone_and_then_one_of_the_service(fresh: Fresh) -> None:
    await fresh.migrate()
    fresh.write_chassis("0900_later", "CREATE TABLE later (id int)")
    assert await fresh.migrate() == ["store_0900"]
    assert await fresh.migrate() == []
    fresh.write("0002_second", "ALTER TABLE later ADD COLUMN said text")
    assert await fresh.migrate() == [f"{fresh.name}_0002"]
    assert await fresh.migrate() == []


@pytest.mark.requirement("R-11")
async def test_later_files_of_both_run_together_those_of_the_chassis_first(fresh: Fresh) -> None:
    await fresh.migrate()
    fresh.write_chassis("0900_later", "CREATE TABLE later (id int)")
    fresh.write_chassis("0901_latest", "CREATE TABLE latest (id int)")
    fresh.write("0002_second", "ALTER TABLE later ADD COLUMN said text")
    fresh.write("0003_third", "ALTER TABLE latest ADD COLUMN said text")
    ran = await fresh.migrate()
    assert sorted(ran) == sorted([f"{fresh.name}_0002", f"{fresh.name}_0003", "store_0900", "store_0901"])
    assert ran.index("store_0901") < ran.index(f"{fresh.name}_0002")
    assert await fresh.migrate() == []


@pytest.mark.requirement("R-11")
@pytest.mark.parametrize("by", ["service", "chassis"])
async def test_the_release_before_leaves_a_schema_that_is_newer_than_itself_as_it_is_and_says_so(
    fresh: Fresh, by: str, log_lines: io.StringIO
) -> None:
    logs.configure(service="test", level="INFO", stream=log_lines)
    await fresh.migrate()
    newer = fresh.write if by == "service" else fresh.write_chassis
    newer("0900_later", "CREATE TABLE later (id int)")
    [added] = await fresh.migrate()
    fresh.take_back("0900_later")
    assert await fresh.migrate() == []
    told = [json.loads(line) for line in log_lines.getvalue().splitlines() if "newer than this release" in line]
    assert [line["where"] for line in told] == [added]
    assert await fresh.ask("SELECT array_agg(version_num) FROM schema_version WHERE version_num = $1", added) == [added]
    assert await fresh.ask("SELECT count(*) FROM later") == 0
    newer("0900_later", "CREATE TABLE later (id int)")
    newer("0901_latest", "CREATE TABLE latest (id int)")
    assert await fresh.migrate() == [added.replace("0900", "0901")], "the way forward is open too"


@pytest.mark.requirement("R-11")
async def test_a_file_that_fails_leaves_nothing_behind_and_runs_when_it_is_mended(fresh: Fresh) -> None:
    await fresh.migrate()
    fresh.write("0002_second", "CREATE TABLE second (id int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fresh.migrate()
    assert await fresh.ask("SELECT to_regclass('second')") is None
    fresh.write("0002_second", "CREATE TABLE second (id int)")
    assert await fresh.migrate() == [f"{fresh.name}_0002"]


@pytest.mark.requirement("R-11")
async def test_a_migration_does_not_wait_long_for_a_lock(fresh: Fresh) -> None:
    await fresh.migrate()
    fresh.write("0002_second", "ALTER TABLE first ADD COLUMN said text")
    busy = await asyncpg.connect(fresh.dsn)
    async with busy.transaction():
        await busy.execute(f"LOCK TABLE {fresh.name}.first")
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with asyncio.timeout(30):
                await fresh.migrate()
    await busy.close()
    assert await fresh.migrate() == [f"{fresh.name}_0002"]


@pytest.mark.requirement("R-11", "D-2")
async def test_grants_are_renewed_with_each_run(fresh: Fresh) -> None:
    await fresh.migrate()
    has = "SELECT has_table_privilege($1, 'first', $2)"
    assert await fresh.ask(has, fresh.name, "SELECT")
    assert not await fresh.ask(has, fresh.name, "INSERT")
    (fresh.schema.folder / "grants.sql").write_text("GRANT SELECT, INSERT ON first TO :role;\n")
    assert await fresh.migrate() == []
    assert await fresh.ask(has, fresh.name, "INSERT")


@pytest.mark.requirement("R-11", "D-2", "D-3")
async def test_all_services_are_prepared_by_several_at_once_and_again(fresh: Fresh) -> None:
    passwords: dict[str, str | None] = {}
    ran = await asyncio.gather(*(prepare_all(fresh.dsn, passwords) for _ in range(4)))
    for service in SERVICES:
        lines = [line for one in ran for line in one if line.startswith(f"{service}:")]
        assert sorted(line.endswith("up to date") for line in lines) == [False, True, True, True]
    assert all(line.endswith("up to date") for line in await prepare_all(fresh.dsn, passwords))
