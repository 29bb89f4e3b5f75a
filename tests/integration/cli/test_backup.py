"""`otklik backup` and `otklik restore`: one moment of all stores, keys apart; back into an empty database, then serving."""

import os
import stat
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.backup_copy import DESTROYED, STAMP, note_destroyed, read_destroyed
from cli.backup_objects import KEEPS
from cli.postgres_programs import Programs
from cli.services import SCHEMAS
from libs.chassis.store.destruction import Destruction, destroy, destroy_again, destructions
from libs.chassis.store.objects import Directory
from tests.integration.cli.copies import (
    Place,
    backed_up,
    both,
    copied,
    drained,
    entries,
    filled,
    grants,
    restored,
    say,
    sums,
    uploaded,
)
from tests.stack import Database, eventually

VARIABLES = {name: keeps.variable for name, keeps in KEEPS.items()}
SCAN = b"what a person attached " * 1000
pytestmark = [pytest.mark.requirement("E-13"), pytest.mark.usefixtures("fresh_kafka")]


def as_text(database: Database, folder: Path) -> str:
    """Everything that the dumps of a folder hold."""
    program = Programs(database.admin_dsn).found("pg_restore")
    dumps = sorted(folder.glob("*.dump"))
    return "".join(subprocess.run([program, "--file=-", dump], check=True, capture_output=True, text=True).stdout for dump in dumps)


async def destroyed_in(database: Database, service: str, threads: Sequence[UUID]) -> list[Destruction]:
    """As retention will: with the owner's rights."""
    async with database.superuser() as db, db.transaction():
        await db.execute(f"SET LOCAL ROLE {service}_owner; SET LOCAL search_path = {service}")
        return await destroy(db, threads)


async def kept_twice(database: Database) -> tuple[UUID, UUID]:
    """A file of a request, as it lies in intake and in history."""
    async with both(database) as (intake, history):
        file = await uploaded(database, intake, SCAN)
        [number] = await say(database, intake, "m-0", attachments=[file])
        await copied(database, history, number)

        async def taken_back() -> bool:
            async with database.superuser() as db:
                return bool(await db.fetchval("SELECT copied_at IS NOT NULL FROM intake.uploads"))

        await eventually(taken_back, what="intake has heard of it")
        await drained(database)
    async with database.superuser() as db:
        return UUID(file["upload_id"]), await db.fetchval("SELECT copy_id FROM history.attachments")


async def threads_of(database: Database, service: str) -> list[UUID]:
    async with database.superuser() as db:
        return [row["thread_id"] for row in await db.fetch(f"SELECT thread_id FROM {service}.thread_keys ORDER BY 1")]  # noqa: S608


async def test_what_was_backed_up_comes_back_row_for_row_with_its_grants_and_serves(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = await filled(database)
    before, rights = await sums(database), await grants(database)
    taken = await backed_up(place)
    assert taken.exit_code == 0, taken.output
    back = await restored(place, empty, monkeypatch)
    assert back.exit_code == 0, back.output
    assert await sums(empty) == before
    assert await grants(empty) == rights
    due = ["before the services start", "otklik recover --since", "after they run", "otklik republish intake", "otklik topics resume"]
    assert sorted(due, key=back.output.index) == due
    async with both(empty) as (intake, history):
        assert len(await entries(empty, history, numbers[0])) >= 3
        [number] = await say(empty, intake, "after")
        await eventually(lambda: entries(empty, history, number), what="the new request is in history")
        assert [int(one.split("-")[1].split("/")[0]) for one in [*numbers, number]] == [1, 2, 3, 4]


@pytest.mark.requirement("E-5", "R-17")
async def test_attachments_come_back_with_the_rows_that_know_them_and_are_sealed_in_the_copy(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = dict(zip(VARIABLES, await kept_twice(database), strict=True))
    folders = {name: Path(database.environment(name)["OTKLIK_OBJECTS"]) for name in VARIABLES}
    stored = {name: Directory(folders[name]).path(ids[name]).read_bytes() for name in VARIABLES}
    without = await backed_up(place)
    assert all(
        f"attachments of {name} that are NOT in this copy: 1; say where they lie by {VARIABLES[name]}" in without.output for name in ids
    )
    async with database.superuser() as db:
        await db.execute("SELECT pg_sleep(1.1)")  # copies bear the second in which they were made
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, str(folders[name]))
    taken = await backed_up(place)
    assert (taken.exit_code, "attachments: 2\n" in taken.output, "NOT" in taken.output) == (0, True, False), taken.output
    newest = max(place.data.iterdir())
    for keeps in KEEPS.values():
        assert SCAN not in (newest / keeps.archive).read_bytes()
        assert stat.S_IMODE((newest / keeps.archive).stat().st_mode) == 0o600
    for name, variable in VARIABLES.items():
        monkeypatch.setenv(variable, str(tmp_path / name))
    back = await restored(place, empty, monkeypatch)
    assert (back.exit_code, "attachments that came back: 2" in back.output, "MISSING" in back.output) == (0, True, False), back.output
    assert {name: Directory(tmp_path / name).path(ids[name]).read_bytes() for name in VARIABLES} == stored


@pytest.mark.requirement("E-5")
async def test_a_restore_without_the_folder_of_attachments_says_how_many_are_missing(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept_twice(database)
    await backed_up(place)
    back = await restored(place, empty, monkeypatch)
    told = [f"attachments of {name} that are MISSING: 1" in back.output for name in VARIABLES]
    assert (back.exit_code, told) == (0, [True, True]), back.output


@pytest.mark.requirement("R-17")
async def test_no_key_is_among_the_data_and_no_master_key_is_in_either(database: Database, place: Place) -> None:
    await filled(database, 1)
    await backed_up(place)
    data = as_text(database, place.only(place.data))
    keys = as_text(database, place.only(place.keys))
    async with database.superuser() as db:
        for schema in SCHEMAS:
            for row in await db.fetch(f"SELECT wrapped FROM {schema.name}.thread_keys"):  # noqa: S608 - a name of ours
                assert row["wrapped"].hex() not in data
                assert row["wrapped"].hex() in keys
    assert "COPY intake.events" in data
    for name in (schema.name for schema in SCHEMAS):
        master = name.encode().ljust(32, b"-")
        assert not [form for form in (master.decode(), master.hex()) if form in data + keys]


async def test_only_its_owner_can_read_a_copy(database: Database, place: Place) -> None:
    await filled(database, 1)
    await backed_up(place)
    for copy in (place.only(place.data), place.only(place.keys)):
        assert stat.S_IMODE(copy.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in copy.iterdir()} == {0o600}
    assert stat.S_IMODE((place.keys / DESTROYED).stat().st_mode) == 0o600


@pytest.mark.requirement("R-17")
async def test_what_was_destroyed_after_the_copy_is_destroyed_again_before_anybody_enters(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(database)
    await backed_up(place)
    older = place.only(place.data)
    gone = {service: (await threads_of(database, service))[0] for service in ("intake", "history")}
    for service, thread in gone.items():
        assert [one.thread_id for one in await destroyed_in(database, service, [thread])] == [thread]
    async with database.superuser() as db:
        await db.execute("SELECT pg_sleep(1.1)")  # copies bear the second in which they were made
    later = await backed_up(place)
    assert "added to the list of destroyed threads: 2" in later.output
    place.data = older
    back = await restored(place, empty, monkeypatch)
    assert back.exit_code == 0, back.output
    assert " 2 keys destroyed again" in back.output
    for service, thread in gone.items():
        assert thread not in await threads_of(empty, service)
        assert len(await threads_of(empty, service)) == len(await threads_of(database, service))
        async with empty.superuser() as db:
            await db.execute(f"SET search_path = {service}")
            assert [one.thread_id for one in await destructions(db)] == [thread]


async def test_a_list_that_is_newer_than_any_copy_can_be_named(
    database: Database, empty: Database, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await filled(database, 1)
    await backed_up(place)
    thread, *_ = await threads_of(database, "history")
    note_destroyed(tmp_path / "acts.jsonl", {"history": await destroyed_in(database, "history", [thread])})
    back = await restored(place, empty, monkeypatch, "--destroyed", tmp_path / "acts.jsonl")
    assert (back.exit_code, thread in await threads_of(empty, "history")) == (0, False), back.output


@pytest.mark.requirement("R-17")
async def test_a_key_that_was_made_after_a_destruction_is_not_touched_by_it(database: Database) -> None:
    await filled(database, 1)
    thread, *_ = await threads_of(database, "intake")
    async with database.superuser() as db:
        await db.execute("SET search_path = intake")
        made = await db.fetchval("SELECT created_at FROM thread_keys WHERE thread_id = $1", thread)
        assert await destroy_again(db, [Destruction(made - timedelta(days=1), thread)]) == 0
        assert await destroy_again(db, [Destruction(made, thread), Destruction(made, uuid4())]) == 1
        assert await destroy_again(db, [Destruction(made, thread)]) == 0


async def test_a_destruction_is_noted_with_the_key_or_not_at_all(database: Database) -> None:
    await filled(database, 1)
    thread, *_ = await threads_of(database, "intake")
    assert await destroyed_in(database, "intake", [uuid4()]) == []
    assert len(await destroyed_in(database, "intake", [thread, uuid4()])) == 1
    assert await destroyed_in(database, "intake", [thread]) == []
    async with database.pool("intake") as pool:
        assert not await pool.fetchval("SELECT has_table_privilege('intake.thread_keys', 'DELETE')")


async def test_keys_are_kept_for_thirty_days_and_the_list_of_the_destroyed_for_ever(database: Database, place: Place) -> None:
    await filled(database, 1)
    await backed_up(place)
    thread, *_ = await threads_of(database, "intake")
    await destroyed_in(database, "intake", [thread])
    for days, place_of in ((31, "old"), (29, "young")):
        name = (datetime.now(UTC) - timedelta(days=days)).strftime(STAMP)
        (place.keys / name).mkdir()
        (place.keys / name / place_of).touch()
    (place.keys / "notes").mkdir()
    async with database.superuser() as db:
        await db.execute("SELECT pg_sleep(1.1)")  # copies bear the second in which they were made
    result = await backed_up(place)
    assert (result.exit_code, "old copies of keys erased" in result.output) == (0, True), result.output
    left = {path.name for folder in place.keys.iterdir() if folder.is_dir() for path in folder.iterdir()}
    assert ("old" in left, "young" in left, (place.keys / "notes").is_dir()) == (False, True, True)
    assert len(list(place.data.iterdir())) == 2
    assert [one.thread_id for one in read_destroyed([place.keys / DESTROYED])["intake"]] == [thread]


async def test_an_interrupted_backup_leaves_nothing_that_looks_whole(database: Database, place: Place, tmp_path: Path) -> None:
    await filled(database, 1)
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "pg_dump").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    (broken / "pg_dump").chmod(0o755)
    result = await backed_up(place, "--pg-bin", broken)
    assert (result.exit_code, "no space left" in result.output) == (1, True), result.output
    assert [*place.data.iterdir(), *place.keys.iterdir()] == []

    killed = place.data / ".20260101T000000Z.unfinished"
    killed.mkdir()
    (killed / "intake.dump").write_bytes(os.urandom(10))
    assert (await backed_up(place)).exit_code == 0
    assert len(list(place.data.iterdir())) == 1


async def test_two_backups_at_once_are_one_too_many(database: Database, place: Place) -> None:
    async with database.superuser() as db:
        await db.execute("SELECT pg_advisory_lock(hashtext('otklik backup'))")
        result = await backed_up(place)
    assert (result.exit_code, "still running" in result.output) == (2, True), result.output
