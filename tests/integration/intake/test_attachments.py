"""A file from the upload door to the desk: measured, known by its content, sealed, scanned, named by a message, read by staff (E-5)."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from libs.chassis.access.roles import Role
from libs.chassis.store.bucket import PART_BYTES
from libs.chassis.store.database import Connection
from libs.chassis.store.destruction import destroy
from libs.chassis.store.objects import Objects
from libs.chassis.store.shelves import shelf_of
from libs.events.contracts.intake_requests import AttachmentExamined, AttachmentReleased, RequestRevised, RequestStatusChanged
from libs.events.vocabulary import FileState
from libs.web import assets
from services.intake.domain.uploads.attachments import Unscanned, Upload
from services.intake.domain.uploads.file_kinds import LONGEST_NAME
from services.intake.settings import IntakeSettings
from services.intake.store import REQUEST
from services.intake.upload_api import DIALOGUE, EXTERNAL_ID, NAME
from services.intake.uploads.handlers import BROKEN_FOR, LOOSE_FOR, Announced, Limits, Uploads
from services.intake.uploads.store import UploadStore
from simulators import clamd
from tests.buckets import Buckets
from tests.examples import anna, revised
from tests.integration.intake.people import Browser, Office, office, text_of
from tests.integration.intake.test_desk_door import ASK, CLASSIFY, Clerk
from tests.integration.intake.test_naughty import naughty
from tests.integration.intake.town import Frontend, said, serving
from tests.serving import on_a_port
from tests.stack import Database, eventually
from tests.unit.intake.files import EICAR, JPEG, PDF
from tests.unit.site.conftest import site_app, site_settings
from tests.unit.site.html import Page

pytestmark = pytest.mark.requirement("E-5")

SCAN = PDF + b"% scanned\n" * 20_000
DIALOGUE_OF_ANNA = said().dialogue


async def upload(frontend: Frontend, raw: bytes | AsyncIterator[bytes] = SCAN, external_id: str = "f-1", **told: str) -> httpx.Response:
    """As a frontend sends a file; `told` changes the headers."""
    headers = {
        EXTERNAL_ID: quote(external_id),
        DIALOGUE: quote(told.pop("dialogue", DIALOGUE_OF_ANNA)),
        NAME: quote(told.pop("name", "Скан паспорта.pdf")),
        "Content-Type": told.pop("type", "application/pdf"),
    }
    return await frontend.http.post("/v1/uploads", content=raw, headers=frontend.headers | headers | told)


def named(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    return {name: told[name] for name in ("upload_id", "name", "type", "size", "sha256")}


async def request_with(bureau: Office, *answers: httpx.Response, name: str = "m-1", **changed: Any) -> UUID:
    told: dict[str, Any] = {"received_at": bureau.clock.now(), "attachments": [named(answer) for answer in answers]}
    answer = await bureau.town.site.post(said(name, **(told | changed)))
    assert answer.status_code == 201, answer.text
    return UUID(str((await bureau.town.request("site", name))["request_id"]))


async def facts(bureau: Office, request_id: UUID, *kinds: type) -> list[Any]:
    async with bureau.town.service.process.pool.acquire() as db:
        recorded = (await bureau.town.service.process.store.read(db, REQUEST, [request_id]))[str(request_id)]
    return [row.fact for row in recorded if isinstance(row.fact, kinds)]


def objects(database: Database) -> list[Path]:
    folder = database.stack.parts.directory / f"{database.name}-objects"
    return [path for path in folder.rglob("*") if path.is_file()]


def uploads_of(bureau: Office, store: type[UploadStore] = UploadStore) -> Uploads:
    """The same use case on the same parts, at the test's own hand."""
    process = bureau.town.service.process
    return Uploads(
        pool=process.pool,
        store=store(process.keyring),
        objects=Objects(shelf_of(cast(IntakeSettings, process.settings))),
        scanner=None,
        limits=Limits(file_bytes=10**6, files=10, total_bytes=10**7),
        clock=bureau.clock,
        ids=process.ids,
    )


@asynccontextmanager
async def scanned_by(database: Database, mood: clamd.Mood = "well", **told: Any) -> AsyncIterator[tuple[Office, clamd.Clamd]]:
    scanner = clamd.Clamd(mood=mood)
    async with (
        scanner.listening() as address,
        office(database, scanner=address, **({"quiet": True, "scanner_seconds": 0.5} | told)) as bureau,
    ):
        yield bureau, scanner


@asynccontextmanager
async def site_of(bureau: Office) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the real site before this very intake."""
    headers = {"authorization": f"Bearer {bureau.town.site.key}"}
    transport = httpx.ASGITransport(bureau.town.service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake.test", headers=headers, timeout=30) as to_intake:
        app = site_app(site_settings(intake_url="http://intake.test"), to_intake, bureau.clock, assets.load())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://site.test", follow_redirects=True) as browser:
            yield browser


async def get_file(browser: Browser, request_id: UUID, number: int = 1, more: str = "") -> httpx.Response:
    return await browser.get(f"/requests/{request_id}/attachments/{number}{more}")


@pytest.mark.requirement("N-2.2", "R-17")
async def test_a_file_goes_from_the_upload_door_to_the_desk_byte_for_byte(database: Database) -> None:
    async with scanned_by(database) as (bureau, scanner):
        answer = await upload(bureau.town.site)
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert told | {"upload_id": ""} == {
            "upload_id": "",
            "name": "Скан паспорта.pdf",
            "type": "application/pdf",
            "size": len(SCAN),
            "sha256": hashlib.sha256(SCAN).hexdigest(),
            "state": "clean",
        }
        assert scanner.seen == [len(SCAN)]
        request_id = await request_with(bureau, answer)
        page = await bureau.admin.get(f"/requests/{request_id}")
        assert "Скан паспорта.pdf , PDF, 196 КБ проверен, вирусов нет" in text_of(page)
        got = await get_file(bureau.admin, request_id)
        assert got.status_code == 200
        assert got.content == SCAN
        assert got.headers["content-disposition"].startswith("attachment; ")
        assert quote("Скан паспорта.pdf") in got.headers["content-disposition"]
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert got.headers["cache-control"] == "no-store"
    [stored] = objects(database)
    assert b"scanned" not in stored.read_bytes()


async def test_the_same_file_under_the_same_id_is_one_upload_and_another_file_is_refused(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        first, *others = await asyncio.gather(*(upload(bureau.town.site) for _ in range(4)))
        assert {answer.json()["upload_id"] for answer in others} == {first.json()["upload_id"]}
        assert sorted(answer.status_code for answer in [first, *others]) == [200, 200, 200, 201]
        differs = await upload(bureau.town.site, PDF)
        assert (differs.status_code, differs.json()["code"]) == (409, "upload-differs")
        assert (await upload(bureau.town.vk, PDF)).status_code == 201, "another frontend has ids of its own"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"raw": b"MZ\x90\x00" + PDF, "name": "scan.pdf"}, 415, "file-type-not-allowed"),
    ({"raw": JPEG, "name": "scan.pdf"}, 415, "file-type-mismatch"),
    ({"raw": PDF, "name": "scan.pdf", "type": "image/png"}, 415, "file-type-mismatch"),
    ({"raw": b"", "name": "scan.pdf"}, 400, "file-empty"),
    ({"name": ""}, 400, "header-missing"),
    ({"name": "я" * 256}, 400, "header-missing"),
    ({"dialogue": ""}, 400, "header-missing"),
    ({"external_id": ""}, 400, "header-missing"),
    ({"name": "a\0.pdf"}, 400, "contains-nul"),
    ({NAME: "%zz.pdf"}, 400, "header-missing"),
    ({NAME: "%ff.pdf"}, 400, "header-missing"),
    ({"Authorization": "Bearer wrong"}, 401, "bad-credentials"),
]


@pytest.mark.requirement("R-21")
async def test_a_file_that_can_not_be_taken_is_refused_with_a_reason_and_leaves_nothing(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        for told, status, code in REFUSED:
            answer = await upload(bureau.town.site, **told)
            assert (answer.status_code, answer.json()["code"]) == (status, code), told
            assert re.search("[а-я]", answer.json()["detail"])
        assert objects(database) == []


async def test_a_file_over_the_limit_is_refused_by_its_announced_length_and_by_counting(database: Database) -> None:
    limit = 25 * 1024 * 1024
    passed = 0

    async def long_one() -> AsyncIterator[bytes]:
        nonlocal passed
        yield PDF
        while True:
            passed += 65_536
            yield b"\x00" * 65_536

    async with office(database, quiet=True) as bureau:
        announced = await upload(bureau.town.site, b"", **{"content-length": str(40 * 1024 * 1024)})
        assert (announced.status_code, announced.json()["code"]) == (413, "file-too-large")
        assert announced.json()["limit_bytes"] == limit
        assert announced.headers["connection"] == "close"
        counted = await upload(bureau.town.site, long_one(), "f-2")
        assert (counted.status_code, counted.json()["code"]) == (413, "file-too-large")
        assert objects(database) == []
        assert await bureau.town.value("SELECT count(*) FROM uploads WHERE state <> 'going'") == 0


async def test_one_dialogue_leaves_only_so_many_files_and_bytes_lying(database: Database) -> None:
    async with office(database, quiet=True, files_limit=2, files_total_limit_bytes=1_000_000) as bureau:
        site = bureau.town.site
        assert (await upload(site, PDF, "f-1")).status_code == 201
        assert (await upload(site, PDF, "f-2")).status_code == 201
        full = await upload(site, PDF, "f-3")
        assert (full.status_code, full.json()["code"]) == (413, "too-many-files")
        assert (await upload(site, PDF, "f-3", dialogue="another")).status_code == 201
        too_heavy = await upload(site, SCAN * 6, "f-4", dialogue="another")
        assert (too_heavy.status_code, too_heavy.json()["code"]) == (413, "too-many-files")
        await request_with(bureau, await upload(site, PDF, "f-1"))
        assert (await upload(site, PDF, "f-5")).status_code == 201, "what a message named lies no more"


@pytest.mark.requirement("N-3.3", "N-8.2")
async def test_a_virus_is_never_opened_the_request_is_registered_all_the_same_and_everybody_is_told(database: Database) -> None:
    async with scanned_by(database) as (bureau, _):
        answer = await upload(bureau.town.site, EICAR, name="Квитанция.txt", type="text/plain")
        assert (answer.status_code, answer.json()["state"]) == (201, "infected")
        request_id = await request_with(bureau, answer)
        [examined] = await facts(bureau, request_id, AttachmentExamined)
        assert (examined.state, examined.found) == (FileState.INFECTED, clamd.NAME)
        told = [fact.explanation for fact in await facts(bureau, request_id, RequestStatusChanged)]
        assert any("«Квитанция.txt» найден вирус" in explanation for explanation in told)
        assert (await bureau.town.request("site", "m-1"))["reg_no"]
        shown = text_of(await bureau.admin.get(f"/requests/{request_id}"))
        assert f"найден вирус ({clamd.NAME})" in shown
        for more in ("", "?warned=yes"):
            got = await get_file(bureau.admin, request_id, more=more)
            assert got.status_code == 403
            assert EICAR not in got.content
        released = await bureau.admin.post(f"/requests/{request_id}/attachments/1/release", reason="Очень нужно")
        assert released.status_code == 409
        assert not await facts(bureau, request_id, AttachmentReleased)


@pytest.mark.parametrize("mood", ["silent", "hangs-up", "doubtful"])
async def test_what_the_scanner_left_in_doubt_is_opened_only_when_somebody_answers_for_it(database: Database, mood: clamd.Mood) -> None:
    async with scanned_by(database, mood) as (bureau, _):
        _, executor = await bureau.somebody("lesnik", "executor", unit="land")
        request_id = await request_with(bureau, await upload(bureau.town.site))
        for browser in (bureau.admin, executor):
            assert (await get_file(browser, request_id, more="?warned=yes")).status_code == 403
        assert (await executor.post(f"/requests/{request_id}/attachments/1/release", reason="Нужно")).status_code == 403
        empty = await bureau.admin.post(f"/requests/{request_id}/attachments/1/release", reason=" ")
        assert (empty.status_code, "Укажите причину" in text_of(empty)) == (422, True)
        done = await bureau.admin.post(f"/requests/{request_id}/attachments/1/release", reason="Проверил на отдельном компьютере")
        assert done.status_code == 303
        [released] = await facts(bureau, request_id, AttachmentReleased)
        assert released.reason == "Проверил на отдельном компьютере"
        warned = await get_file(executor, request_id)
        assert (warned.status_code, "не проверен на вирусы" in text_of(warned)) == (200, True)
        assert (await get_file(executor, request_id, more="?warned=yes")).content == SCAN
        again = await bureau.admin.post(f"/requests/{request_id}/attachments/1/release", reason="Ещё раз")
        assert again.status_code == 409
        assert "Проверил на отдельном компьютере" in text_of(await executor.get(f"/requests/{request_id}"))


@pytest.mark.parametrize(("raw", "state"), [(SCAN, FileState.CLEAN), (EICAR, FileState.INFECTED)])
async def test_a_scanner_that_was_away_says_its_word_when_it_is_back(database: Database, raw: bytes, state: FileState) -> None:
    async with scanned_by(database, "hangs-up") as (bureau, scanner):
        answer = await upload(bureau.town.site, raw, name="file", type="")
        assert answer.json()["state"] == "unchecked"
        request_id = await request_with(bureau, answer)
        scanner.mood = "well"
        bureau.clock.move_to(bureau.clock.now() + timedelta(hours=2))

        async def spoken() -> bool:
            return [fact.state for fact in await facts(bureau, request_id, AttachmentExamined)] == [FileState.UNCHECKED, state]

        await eventually(spoken, what="the scanner's word")
        await bureau.admin.sign_in()
        got = await get_file(bureau.admin, request_id)
        assert (got.status_code, got.content == raw) == ((200, True) if state is FileState.CLEAN else (403, False))
        told = [fact.explanation for fact in await facts(bureau, request_id, RequestStatusChanged) if "вирус" in fact.explanation]
        assert len(told) == (state is FileState.INFECTED)
        assert (await upload(bureau.town.site, raw, name="file", type="")).json()["state"] == state


async def test_what_came_before_there_was_a_scanner_is_shown_to_it_when_there_is_one(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        await request_with(bureau, await upload(bureau.town.site), await upload(bureau.town.site, EICAR, "f-2", name="a.txt", type=""))
    async with clamd.Clamd().listening() as address, serving(database, scanner=address) as service:

        async def states() -> bool:
            rows = await service.process.pool.fetch("SELECT state FROM uploads")
            return {row["state"] for row in rows} == {"clean", "infected"}

        await eventually(states, what="both are scanned")


@pytest.mark.parametrize("unscanned", list(Unscanned))
async def test_without_a_scanner_a_setting_says_whether_files_are_opened_with_a_warning(database: Database, unscanned: Unscanned) -> None:
    async with office(database, quiet=True, unscanned_files=unscanned) as bureau:
        request_id = await request_with(bureau, await upload(bureau.town.site))
        page = await get_file(bureau.admin, request_id)
        got = await get_file(bureau.admin, request_id, more="?warned=yes")
        if unscanned is Unscanned.WARN:
            assert (page.status_code, got.content == SCAN) == (200, True)
            assert "не проверен на вирусы" in text_of(page)
        else:
            assert (page.status_code, got.status_code) == (403, 403)


@pytest.mark.requirement("R-1")
async def test_what_no_message_named_for_a_day_is_swept_and_what_was_named_stays(database: Database) -> None:
    async with office(database, quiet=True, unscanned_files="warn") as bureau:
        named_one = await upload(bureau.town.site, PDF, "f-1")
        request_id = await request_with(bureau, named_one)
        loose = await upload(bureau.town.site, SCAN, "f-2")
        assert len(objects(database)) == 2
        bureau.clock.move_to(bureau.clock.now() + LOOSE_FOR - timedelta(minutes=1))
        assert await uploads_of(bureau).sweep() == 0
        bureau.clock.move_to(bureau.clock.now() + timedelta(minutes=2))
        assert await uploads_of(bureau).sweep() == 1
        assert [path.name for path in objects(database)] == [UUID(named_one.json()["upload_id"]).hex]
        late = await request_with(bureau, loose, name="m-2", text="Прошу сообщить о другом участке.")
        [examined] = await facts(bureau, late, AttachmentExamined)
        assert examined.state is FileState.MISSING
        await bureau.admin.sign_in()
        assert "не получен" in text_of(await bureau.admin.get(f"/requests/{late}"))
        assert (await get_file(bureau.admin, request_id, more="?warned=yes")).content == PDF


class Killed(BaseException):
    """The process ends here."""


class DiesBeforeItsCommit(UploadStore):
    """The object is on the disk, and nobody lives to say so."""

    async def keep(self, db: Connection, upload: Upload, key: bytes) -> None:
        raise Killed

    async def drop(self, db: Connection, upload_id: UUID) -> None:
        raise Killed


def killed_one() -> Announced:
    return Announced(frontend="site", external_id="f-1", thread_id=uuid4(), name="a.pdf", type="application/pdf", length=None)


async def pieces(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


@pytest.mark.requirement("R-1", "R-2")
async def test_a_process_that_dies_between_object_and_commit_leaves_what_is_swept_and_nothing_that_a_message_could_name(
    database: Database,
) -> None:
    async with office(database, quiet=True) as bureau:
        announced = killed_one()
        with pytest.raises(Killed):
            await uploads_of(bureau, DiesBeforeItsCommit).receive(announced, pieces(PDF))
        [left] = objects(database)
        told = {"upload_id": str(UUID(left.name)), "name": "a.pdf", "type": "application/pdf", "size": len(PDF)}
        files = [told | {"sha256": hashlib.sha256(PDF).hexdigest()}]
        request_id = await request_with(bureau, attachments=files)
        assert [fact.state for fact in await facts(bureau, request_id, AttachmentExamined)] == [FileState.MISSING]
        again = await uploads_of(bureau).receive(announced, pieces(PDF))
        assert not again.again
        assert await uploads_of(bureau).sweep() == 0
        bureau.clock.move_to(bureau.clock.now() + BROKEN_FOR + timedelta(minutes=1))
        assert await uploads_of(bureau).sweep() == 1
        assert [path.name for path in objects(database)] == [UUID(again.upload.upload_id).hex]


@pytest.mark.requirement("D-14", "R-4", "R-21")
@pytest.mark.parametrize("away", ["folder", "bucket"])
async def test_where_nothing_can_be_written_a_file_is_to_be_sent_again_later_and_messages_go_on(
    database: Database, buckets: Buckets, tmp_path: Path, away: str
) -> None:
    (tmp_path / "no folder").touch()
    nowhere: dict[str, Any] = (
        {"objects": str(tmp_path / "no folder" / "objects")} if away == "folder" else buckets.told(endpoint="http://127.0.0.1:1")
    )
    async with office(database, quiet=True, **nowhere) as bureau:
        assert (await bureau.town.service.http.get("/health/ready")).status_code == 200
        answer = await upload(bureau.town.site)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert await bureau.town.value("SELECT count(*) FROM uploads WHERE state <> 'going'") == 0
        await request_with(bureau)


@pytest.mark.requirement("R-1", "R-17")
async def test_files_in_a_bucket_go_the_same_way_in_and_out_and_what_a_killed_process_left_there_is_swept(
    database: Database, buckets: Buckets
) -> None:
    async with office(database, quiet=True, unscanned_files="warn", **buckets.told()) as bureau:
        shelf = shelf_of(cast(IntakeSettings, bureau.town.service.process.settings))
        answer = await upload(bureau.town.site, PDF + bytes(2 * PART_BYTES), "f-2")
        request_id, upload_id = await request_with(bureau, answer), UUID(answer.json()["upload_id"])
        assert (await get_file(bureau.admin, request_id, more="?warned=yes")).content == PDF + bytes(2 * PART_BYTES)
        with pytest.raises(Killed):
            await uploads_of(bureau, DiesBeforeItsCommit).receive(killed_one(), pieces(SCAN))
        [left] = await bureau.town.rows("SELECT upload_id FROM uploads WHERE state = 'receiving'")
        assert await shelf.size(left["upload_id"]) is not None
        bureau.clock.move_to(bureau.clock.now() + BROKEN_FOR + timedelta(minutes=1))
        assert await uploads_of(bureau).sweep() == 1
        assert await shelf.size(left["upload_id"]) is None
        assert await shelf.size(upload_id) is not None
        async with database.superuser() as db:
            await db.execute("SET search_path = intake")
            await destroy(db, [row["thread_id"] for row in await bureau.town.rows("SELECT thread_id FROM uploads")])
        assert await uploads_of(bureau).sweep() == 1
        assert await shelf.size(upload_id) is None


async def test_who_hangs_up_in_the_middle_of_a_file_leaves_nothing(database: Database) -> None:
    async with office(database, quiet=True) as bureau, on_a_port(bureau.town.service.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        told = bureau.town.site.headers | {EXTERNAL_ID: "f", DIALOGUE: "d", NAME: "a.pdf", "Content-Length": "1000000"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"POST /v1/uploads HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + PDF)

        async def begun() -> bool:
            return bool(await bureau.town.value("SELECT count(*) FROM uploads WHERE state = 'receiving'"))

        await eventually(begun, what="the upload has begun")
        writer.transport.abort()

        async def dropped() -> bool:
            return bool(await bureau.town.value("SELECT count(*) FROM uploads WHERE state = 'going'"))

        await eventually(dropped, what="the upload is given up")
        assert await uploads_of(bureau).sweep() == 1
        assert objects(database) == []


@pytest.mark.requirement("R-17")
async def test_an_object_whose_key_is_destroyed_goes_with_it(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        await request_with(bureau, await upload(bureau.town.site))
        [thread] = await bureau.town.rows("SELECT thread_id FROM uploads")
        async with database.superuser() as db:
            await db.execute("SET search_path = intake")
            await destroy(db, [thread["thread_id"]])
        assert await uploads_of(bureau).sweep() == 1
        assert objects(database) == []


async def test_a_file_of_another_frontend_or_request_or_with_another_checksum_is_no_file_of_this_message(database: Database) -> None:
    async with office(database, quiet=True) as bureau:
        foreign = await upload(bureau.town.vk)
        mine = await upload(bureau.town.site, PDF, "f-2")
        other = named(await upload(bureau.town.site, JPEG, "f-3", name="photo.jpg", type="image/jpeg")) | {"sha256": "0" * 64}
        first = await request_with(bureau, mine)
        files = [named(foreign), named(mine), other, other | {"upload_id": str(uuid4())}, other | {"upload_id": "no id"}]
        second = await request_with(bureau, name="m-2", dialogue="another", attachments=files)
        assert [fact.state for fact in await facts(bureau, first, AttachmentExamined)] == [FileState.UNCHECKED]
        examined = await facts(bureau, second, AttachmentExamined)
        assert [fact.state for fact in examined] == [FileState.MISSING] * 5
        for number in range(6):
            assert (await get_file(bureau.admin, second, number)).status_code in (403, 404)


@pytest.mark.requirement("R-17")
@pytest.mark.usefixtures("fresh_kafka")
async def test_an_edit_may_bring_another_file_and_kafka_may_name_what_came_by_http(database: Database) -> None:
    async with office(database) as bureau:
        request_id = await request_with(bureau, await upload(bureau.town.site, PDF, "f-1"))
        more = named(await upload(bureau.town.site, SCAN, "f-2"))
        same_text = said(attachments=[more])
        assert (await bureau.town.site.post(same_text)).status_code == 201
        assert (await bureau.town.site.post(same_text)).status_code == 200
        [revision] = await facts(bureau, request_id, RequestRevised)
        assert [attachment.size for attachment in revision.attachments] == [len(SCAN)]
        assert len(await facts(bureau, request_id, AttachmentExamined)) == 2
        by_kafka = named(await upload(bureau.town.vk, PDF, dialogue="chat"))
        await bureau.town.vk.send(said("k-1", anna, dialogue="chat", attachments=[by_kafka]))
        await bureau.town.vk.receipt("k-1")
        told = await bureau.town.facts("vk", "k-1")
        [examined] = [fact for fact in told if isinstance(fact, AttachmentExamined)]
        assert (examined.state, examined.upload_id) == (FileState.UNCHECKED, by_kafka["upload_id"])
        assert revised().text  # an edit by Kafka goes the same way


@pytest.mark.requirement("N-2.2", "R-21")
async def test_whatever_a_file_is_called_its_name_is_kept_letter_by_letter_and_harms_no_page_and_no_header(
    database: Database, shared_data: Path
) -> None:
    names = [name for name in naughty(shared_data) if name and len(name) <= LONGEST_NAME and "\0" not in name]
    async with office(database, quiet=True, unscanned_files="warn") as bureau:
        answers = [await upload(bureau.town.site, PDF, f"f-{n}", name=name, type="", dialogue=f"d-{n}") for n, name in enumerate(names)]
        assert {answer.status_code for answer in answers} == {201, 415}, "an ending that tells of another kind is refused"
        taken = [answer for answer in answers if answer.status_code == 201]
        assert [answer.json()["name"] for answer in taken] == [n for n, a in zip(names, answers, strict=True) if a.status_code == 201]
        assert len(taken) > len(names) * 0.9
        for start in range(0, len(taken), 50):
            request_id = await request_with(bureau, *taken[start : start + 50], name=f"m-{start}", dialogue=f"names {start}")
            assert (await bureau.admin.get(f"/requests/{request_id}")).status_code == 200
            for number in range(1, len(taken[start : start + 50]) + 1):
                got = await get_file(bureau.admin, request_id, number, "?warned=yes")
                assert (got.status_code, got.content) == (200, PDF)
                assert got.headers["content-disposition"].startswith('attachment; filename="')


async def test_bytes_that_were_changed_on_the_disk_or_lost_are_not_given(database: Database) -> None:
    async with office(database, quiet=True, unscanned_files="warn") as bureau:
        request_id = await request_with(bureau, await upload(bureau.town.site))
        [stored] = objects(database)
        whole = stored.read_bytes()
        stored.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        assert (await get_file(bureau.admin, request_id, more="?warned=yes")).status_code == 410
        stored.unlink()
        assert (await get_file(bureau.admin, request_id, more="?warned=yes")).status_code == 410


@pytest.mark.requirement("N-7.3", "A-2.1.4")
async def test_a_person_attaches_a_file_at_the_site_and_a_clerk_saves_it(database: Database) -> None:
    async with scanned_by(database) as (bureau, _), site_of(bureau) as browser:
        page = Page((await browser.get("/request")).text)
        form = page.values | {"text": "Прошу сообщить, сдан ли участок", "name": anna.name, "email": anna.email}
        fields = [(name, (None, value)) for name, value in form.items() if name != "file"]
        sent = await browser.post("/request", files=[*fields, ("file", ("Скан «1».pdf", SCAN)), ("file", ("virus.txt", EICAR))])
        assert "virus.txt" in sent.text
        assert "В файле найден вирус" in sent.text
        again = [(name, (None, value)) for name, value in Page(sent.text).values.items() if not name.startswith(("drop", "file"))]
        accepted = await browser.post("/request", files=[*again, ("files", (None, Page(sent.text).values["files"])), ("file", ("", b""))])
        assert "Запрос принят" in accepted.text
        [row] = await bureau.town.rows("SELECT request_id FROM requests")
        assert "Скан «1».pdf , PDF, 196 КБ проверен, вирусов нет" in text_of(await bureau.admin.get(f"/requests/{row['request_id']}"))
        assert (await get_file(bureau.admin, row["request_id"])).content == SCAN


@pytest.mark.requirement("S-12")
async def test_files_of_an_answer_to_a_question_are_the_requests_own_though_its_conversation_is_another(database: Database) -> None:
    async with scanned_by(database, start=datetime.now(UTC)) as (bureau, _):
        town = bureau.town
        receipt = (await town.site.post(said("m-1", received_at=bureau.clock.now()))).json()
        request_id = UUID(str((await town.request("site", "m-1"))["request_id"]))
        for command in (CLASSIFY, ASK):
            await Clerk(town, Role.REGISTRAR).do(request_id, command)
        file = await upload(town.site, SCAN, dialogue="answer-1")
        mine = {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]}
        body = mine | {"external_id": "answer-1", "text": "Вот документ.", "attachments": [named(file)]}
        _, answer = [await town.site.ask("clarifications", body) for _ in range(2)]
        assert (answer.status_code, answer.json()["status"]) == (200, "classified"), answer.text
        assert [one["name"] for one in answer.json()["attachments"]] == ["Скан паспорта.pdf"]
        assert (await get_file(bureau.admin, request_id)).content == SCAN
        wrong = await town.site.ask("clarifications", body | {"external_id": "answer-2", "attachments": [{"name": "x"}]})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong-schema")


async def test_on_a_real_connection_forty_megabytes_are_refused_before_one_of_them_is_sent(database: Database) -> None:
    async with office(database, quiet=True) as bureau, on_a_port(bureau.town.service.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = bureau.town.site.headers | {EXTERNAL_ID: "f", DIALOGUE: "d", NAME: "a.pdf", "Content-Length": str(40 * 1024 * 1024)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"POST /v1/uploads HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        answer = (await reader.read(-1)).decode()
        writer.close()
        assert answer.startswith("HTTP/1.1 413 ")
        assert '"code": "file-too-large"' in answer
