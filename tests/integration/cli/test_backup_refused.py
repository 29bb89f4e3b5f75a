"""What `otklik restore` refuses, and what it finds wrong: then nobody enters."""

import asyncio
import base64
import json
import shutil
from pathlib import Path

import asyncpg
import pytest

from cli.backup import back_up
from cli.backup_copy import DESTROYED, MANIFEST
from tests.integration.cli.copies import Place, backed_up, filled, restored, run_restore, sums
from tests.stack import Database, Stack

pytestmark = pytest.mark.requirement("E-13")


async def can_enter(database: Database) -> bool:
    try:
        await (await asyncpg.connect(database.dsn("intake"))).close()
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def tables(database: Database) -> int:
    async with database.superuser() as db:
        return int(await db.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname IN ('intake', 'history', 'notifier', 'public')"))


@pytest.fixture(scope="module")
def made(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One backup for all tests of this file."""
    folder = tmp_path_factory.mktemp("copies")
    place = Place(folder / "data", folder / "keys")

    async def make() -> None:
        await stack.start_from_here()
        database = await stack.new_database()
        await filled(database, 1)
        await back_up(database.admin_dsn, place.data, place.keys)
        await stack.drop_database(database)

    asyncio.run(make())
    return place


@pytest.fixture
def copied(made: Place, place: Place) -> Place:
    """It, for this test to spoil."""
    shutil.copytree(made.data, place.data)
    shutil.copytree(made.keys, place.keys)
    return place


async def test_keys_and_data_do_not_lie_in_one_place(database: Database, place: Place) -> None:
    for keys in (place.data, place.data / "keys", place.data.parent):
        result = await backed_up(Place(place.data, keys))
        assert (result.exit_code, "apart from data" in result.output) == (2, True), result.output


async def test_a_database_that_holds_something_is_left_as_it_is(database: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async with database.superuser() as db:
        await db.execute("INSERT INTO intake.outbox_parked (topic, key, reason) VALUES ('t', 'k', 'r')")
    before = await sums(database)
    result = await restored(copied, database, monkeypatch)
    assert (result.exit_code, "is not empty" in result.output) == (2, True), result.output
    assert (await sums(database), await can_enter(database)) == (before, True)


@pytest.mark.parametrize("where", ["data", "keys"])
async def test_a_damaged_file_is_told_before_anything_is_begun(
    empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = next(iter(copied.only(getattr(copied, where)).glob("history*.dump")))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, path.name in result.output) == (2, True), result.output
    assert (await tables(empty), await can_enter(empty)) == (0, True)


async def test_data_without_keys_and_keys_of_another_moment_are_refused(
    empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied.only(copied.keys).rename(copied.keys / "20260101T000000Z")
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, "holds no copy" in result.output) == (2, True), result.output
    result = await restored(Place(copied.data, copied.keys / "20260101T000000Z"), empty, monkeypatch)
    assert result.exit_code == 0, "the very keys are known by their sums, whatever their folder is called"


async def test_without_the_list_of_the_destroyed_nothing_is_begun(empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (copied.keys / DESTROYED).unlink()
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, f"{DESTROYED} is missing" in result.output) == (2, True), result.output


async def test_a_line_of_that_list_that_can_not_be_read_is_told(empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (copied.keys / DESTROYED).write_text('{"service": "intake"}\n{"ser', "utf-8")
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, "line 1 is no note" in result.output) == (2, True), result.output


async def test_a_copy_of_a_newer_version_is_refused(empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied.only(copied.data) / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    manifest["revisions"]["intake"].append("store_9999")
    path.write_text(json.dumps(manifest), "utf-8")
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, "store_9999" in result.output) == (2, True), result.output


async def test_without_the_master_keys_nothing_is_begun(empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTKLIK_NOTIFIER_MASTER_KEY")
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, "OTKLIK_NOTIFIER_MASTER_KEY" in result.output) == (2, True), result.output
    assert await tables(empty) == 0


async def test_with_another_master_key_nobody_enters(empty: Database, copied: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_HISTORY_MASTER_KEY", base64.b64encode(b"x" * 32).decode())
    result = await restored(copied, empty, monkeypatch)
    assert (result.exit_code, "NOT sound" in result.output, "history: the master key" in result.output) == (1, True, True), result.output
    assert not await can_enter(empty)


async def test_a_lost_key_is_lost_history_and_is_told(
    database: Database, empty: Database, place: Place, fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(database, 1)
    async with database.superuser() as db:
        thread = await db.fetchval("SELECT thread_id FROM history.log WHERE sealed IS NOT NULL LIMIT 1")
        await db.execute("DELETE FROM history.thread_keys WHERE thread_id = $1", thread)
    await backed_up(place)
    result = await restored(place, empty, monkeypatch)
    assert (result.exit_code, "history.log: 1 threads have no key" in result.output) == (1, True), result.output
    assert not await can_enter(empty)


async def test_a_log_that_was_tampered_with_before_the_copy_is_not_served(
    database: Database, empty: Database, place: Place, fresh_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(database, 1)
    async with database.superuser() as db:
        await db.execute("UPDATE history.log SET actor_id = 'somebody else' WHERE position = 1")
    await backed_up(place)
    result = await restored(place, empty, monkeypatch)
    assert (result.exit_code, "changed" in result.output, await can_enter(empty)) == (1, True, False), result.output


async def test_a_folder_without_copies_is_told(empty: Database, place: Place, tmp_path: Path) -> None:
    place.data.mkdir()
    result = await run_restore(place)
    assert (result.exit_code, "no finished copy" in result.output) == (2, True), result.output
