"""Files of an answer: they leave as they were approved or nothing leaves, and one of restricted access never does (N-6.3, A-3.6)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.chassis.access.roles import Role
from libs.events.contracts.intake_answers import AnswerSent, DraftPrepared
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.topics import REQUESTS
from services.intake.domain.answer.draft import Content
from services.intake.store import SQL
from services.intake.uploads.store import HAND_OVER
from tests.examples import anna
from tests.integration.intake.people import Browser, office, text_of
from tests.integration.intake.people import Office as Bureau
from tests.integration.intake.test_answer import SEND, SUBMIT, TEXT, Office, in_hands
from tests.integration.intake.test_attachments import objects
from tests.integration.intake.test_desk_door import refused
from tests.integration.intake.test_killed import started, waits_for_the_lock
from tests.integration.intake.town import listening, said
from tests.stack import Database, eventually
from tests.unit.intake.files import JPEG, PDF

PARTIAL = {
    "prepare-draft-scope": "partial",
    "prepare-draft-form": "electronic",
    "prepare-draft-text": TEXT,
    "prepare-draft-withheld": "Договор аренды",
    "prepare-draft-refusal_ground": "restricted",
    "prepare-draft-motive": "В нём персональные данные.",
    "prepare-draft-restricting_act": "Федеральный закон от 27.07.2006 № 152-ФЗ",
}
FULL = {"prepare-draft-scope": "full", "prepare-draft-form": "electronic", "prepare-draft-text": TEXT}
PLAN = ("План участка.pdf", PDF, "application/pdf")
SECRET = ("Договор с Ивановым.jpg", JPEG, "image/jpeg")


@pytest.fixture
async def bureau(database: Database, fresh_kafka: str) -> AsyncIterator[Bureau]:
    async with office(database, datetime.now(UTC)) as found:  # tokens are of this day
        yield found


class AtWork:
    """An answer with files on its way; the author works by pages, the others by the door."""

    def __init__(self, bureau: Bureau, staff: Office, author: Browser) -> None:
        self.bureau, self.staff, self.author = bureau, staff, author

    @property
    def request_id(self) -> UUID:
        return self.staff.request_id

    async def write(self, *files: tuple[str, bytes, str], **fields: str) -> httpx.Response:
        version = (await self.staff.author.look(self.request_id))["version"]
        told = {"card_id": str(self.request_id), "version": str(version)} | fields
        return await self.author.http.post("/desk/draft", data=told, files=[("file", file) for file in files])

    async def approve(self) -> None:
        mark = (await self.staff.author.look(self.request_id))["draft_sha256"]
        await self.staff.checker.do(self.request_id, {"command": "check-draft", "sha256": mark})
        await self.staff.author.do(self.request_id, SUBMIT)
        await self.staff.head.do(self.request_id, {"command": "approve-draft", "sha256": mark})

    async def send(self) -> httpx.Response:
        version = (await self.staff.author.look(self.request_id))["version"]
        return await self.staff.author.try_to(self.request_id, SEND, version)

    async def drafts(self) -> list[DraftPrepared]:
        return [fact for fact in await self.bureau.town.facts("site", "m-1") if isinstance(fact, DraftPrepared)]

    async def nothing_left(self) -> bool:
        letters = "SELECT count(*) FROM events WHERE stream LIKE 'register-outgoing%' OR type IN ('AnswerSent', 'RefusalIssued')"
        return not await self.bureau.town.value(letters)


async def at_work(bureau: Bureau) -> AtWork:
    staff = await in_hands(bureau.town)
    _, author = await bureau.somebody("author", "executor", unit="land")
    return AtWork(bureau, staff, author)


def kept(page: httpx.Response) -> str:
    """What the form remembers under seal."""
    found = re.search(r'name="files" value="([^"]+)"', page.text)
    assert found, text_of(page)
    return found[1]


@pytest.mark.requirement("N-6.3", "A-3.6.1", "A-3.6.2", "N-9.2", "E-10")
async def test_files_are_attached_marked_approved_and_given_and_the_restricted_one_stays(bureau: Bureau) -> None:
    one = await at_work(bureau)
    shown = await one.write(PLAN, SECRET, attach="yes", **FULL)
    assert (shown.status_code, await one.drafts()) == (200, []), "attaching alone makes no version"
    assert all(name in text_of(shown) for name in (PLAN[0], SECRET[0]))
    full = await one.write(files=kept(shown), **FULL, **{"restricted-1": "yes"})
    assert (full.status_code, "поэтому ответ не полный" in text_of(full)) == (400, True)
    assert (await one.write(files=kept(full), **PARTIAL, **{"restricted-1": "yes"})).status_code == 303
    [draft] = await one.drafts()
    assert [(file.name, file.restricted) for file in draft.files] == [(PLAN[0], False), (SECRET[0], True)]

    card = await one.author.get(f"/requests/{one.request_id}")
    assert "не отправляется" in text_of(card)
    for number, file in ((1, PLAN), (2, SECRET)):
        got = await one.author.get(f"/requests/{one.request_id}/answer-files/{number}")
        assert (got.status_code, got.content) == (200, file[1]), "who checks it reads all of it"
    assert (await one.author.get(f"/requests/{one.request_id}/answer-files/3")).status_code == 404

    again = await one.write(files=kept(card), **PARTIAL, **{"restricted-1": "yes"})
    assert again.status_code == 303
    assert (await one.drafts())[1].files == draft.files, "the next version goes on from them"

    async def passed_over() -> bool:
        return not await bureau.town.value("SELECT count(*) FROM timers WHERE kind = $1", HAND_OVER)

    await eventually(passed_over, what="history gets nothing of a draft")
    await one.approve()
    receipt = (await bureau.town.site.post(said("m-1"))).json()
    mine = {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]}
    assert refused(await bureau.town.site.ask("answers/files", mine | {"file": 1})) == (404, "attachment-not-found")
    assert (await one.send()).status_code == 200
    letter = (await bureau.town.site.ask("status", mine)).json()["letter"]
    assert [(file["name"], file["size"]) for file in letter["files"]] == [(PLAN[0], len(PDF))]
    given = await bureau.town.site.ask("answers/files", mine | {"file": 1})
    assert (given.status_code, given.content, given.headers["content-length"]) == (200, PDF, str(len(PDF)))
    assert refused(await bureau.town.site.ask("answers/files", mine | {"file": 2})) == (404, "attachment-not-found")
    assert refused(await bureau.town.site.ask("answers/files", mine | {"file": 1, "tracking_code": "AAAA"})) == (404, "request-not-found")
    told = [fact for fact in await bureau.town.facts("site", "m-1") if isinstance(fact, RequestStatusChanged)][-1]
    assert PLAN[0] in told.explanation
    assert SECRET[0] not in told.model_dump_json()
    assert PARTIAL["prepare-draft-restricting_act"] in told.explanation

    async def handed_over() -> list[str]:
        return [str(row["upload_id"]) for row in await bureau.town.rows("SELECT upload_id FROM uploads WHERE handed_id IS NOT NULL")]

    assert await eventually(handed_over, what="history gets what left") == [draft.files[0].upload_id]


Tamper = Callable[[Path, Path], None]


def swapped(plan: Path, other: Path) -> None:
    plan.write_bytes(other.read_bytes())


def turned_over(plan: Path, _other: Path) -> None:
    plan.write_bytes(plan.read_bytes()[:-1] + b"\0")


def gone(plan: Path, _other: Path) -> None:
    plan.unlink()


@pytest.mark.requirement("A-3.6.2", "E-5")
@pytest.mark.parametrize("tamper", [swapped, turned_over, gone])
async def test_a_file_that_is_another_one_in_the_store_stops_the_sending_and_says_why(
    bureau: Bureau, database: Database, tamper: Tamper
) -> None:
    one = await at_work(bureau)
    assert (await one.write(PLAN, ("Иной.pdf", PDF + b"\n", "application/pdf"), **FULL)).status_code == 303
    await one.approve()
    [draft] = await one.drafts()
    plan, other = (next(path for path in objects(database) if path.name == UUID(file.upload_id).hex) for file in draft.files)
    whole = plan.read_bytes()
    tamper(plan, other)
    answer = await one.send()
    assert refused(answer) == (409, "answer-file-changed")
    assert answer.json()["file"] == 1
    assert await one.nothing_left()
    plan.write_bytes(whole)
    assert (await one.send()).status_code == 200


SECOND = "stream = $1 AND type = 'DraftPrepared' AND (open->>'number')::int = 2"
OF_FIRST = "SELECT sealed FROM events WHERE stream = $1 AND type = 'DraftPrepared' AND (open->>'number')::int = 1"
MARK = "UPDATE events SET open = jsonb_set(open, '{sha256}', to_jsonb($2::text)) WHERE stream = $1 AND open ? 'sha256'"


def rewritten(how: str, first: DraftPrepared, last: DraftPrepared) -> list[tuple[str, ...]]:
    """What somebody writes who holds the whole database, but no key: SQL with what it is told beside the stream."""
    told: Any = {name: getattr(last, name) for name in Content._fields} | {"text": "Аренды не будет."}
    mark = Content(**told).sha256
    clear = last.model_copy(update={"text": told["text"], "sha256": mark}).model_dump_json()
    approval = {"number": 2, "sha256": mark, "head": "head", "bound_to": mark}
    ways: dict[str, list[tuple[str, ...]]] = {
        "all in clear": [
            (MARK, mark),
            (f"UPDATE events SET open = $2::jsonb, sealed = NULL WHERE {SECOND}", clear),  # noqa: S608 - values of ours
            ("UPDATE events SET open = $2::jsonb, sealed = NULL WHERE stream = $1 AND type = 'DraftApproved'", json.dumps(approval)),
        ],
        "another version's words": [(f"UPDATE events SET sealed = ({OF_FIRST}) WHERE {SECOND}",)],  # noqa: S608 - values of ours
        "another mark": [(MARK, first.sha256)],
        "an approval without a seal": [("UPDATE events SET sealed = NULL WHERE stream = $1 AND type = 'DraftApproved'",)],
        "broken": [(f"UPDATE events SET sealed = sealed || '\\x00' WHERE {SECOND}",)],  # noqa: S608 - values of ours
    }
    return ways[how]


@pytest.mark.requirement("A-3.6.2", "R-17", "D-19")
@pytest.mark.parametrize("how", ["all in clear", "another version's words", "another mark", "an approval without a seal", "broken"])
async def test_who_writes_into_the_store_without_a_key_sends_nothing(bureau: Bureau, database: Database, how: str) -> None:
    one = await at_work(bureau)
    assert (await one.write(**{**FULL, "prepare-draft-text": "Этого руководитель не согласовал."})).status_code == 303
    assert (await one.write(PLAN, **FULL)).status_code == 303
    await one.approve()
    first, last = await one.drafts()
    stream = f"request-{one.request_id}"
    async with database.superuser() as db:
        await db.execute("SET search_path = intake; SET session_replication_role = replica")
        for sql, *told in rewritten(how, first, last):
            assert (await db.execute(sql, stream, *told)).split()[-1] != "0", sql
    version = await bureau.town.value("SELECT max(version) FROM events WHERE stream = $1", stream)
    answer = await one.staff.author.try_to(one.request_id, SEND, version)
    assert refused(answer)[1] in ("record-damaged", "draft-damaged")
    assert await one.nothing_left()


@pytest.mark.requirement("A-3.6.2", "D-14", "N-9.5")
async def test_killed_between_approval_and_sending_one_letter_leaves_with_its_file(
    database: Database, fresh_kafka: str, tmp_path: Path
) -> None:
    async with office(database, datetime.now(UTC)) as bureau:
        one = await at_work(bureau)
        assert (await one.write(PLAN, **FULL)).status_code == 303
        await one.approve()
        body = {"version": (await one.staff.author.look(one.request_id))["version"], "do": SEND}
        await bureau.town.drained()
    headers = {"Authorization": f"Bearer {database.stack.staff_token(Role.EXECUTOR, who='author', unit='land')}"}
    path = f"/v1/desk/requests/{one.request_id}/commands"
    sent = "SELECT count(*) FROM intake.events WHERE type = 'AnswerSent'"
    async with (
        listening(fresh_kafka) as listener,
        database.superuser() as rival,
        httpx.AsyncClient(headers=headers, timeout=30) as http,
    ):
        async with started(database, tmp_path / "first.log") as intake:
            async with rival.transaction():
                await rival.execute(SQL["lock_register"])
                post = asyncio.create_task(http.post(f"{intake.url}{path}", json=body))
                await eventually(lambda: waits_for_the_lock(rival, 1), what="the letter is about to leave")
                await intake.kill()
            with pytest.raises(httpx.TransportError):
                await post
        assert await rival.fetchval(sent) == 0
        async with started(database, tmp_path / "second.log") as intake:
            answers = [await http.post(f"{intake.url}{path}", json=body) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 409]
            facts = await listener.until(lambda: listener.facts(REQUESTS.name, AnswerSent), "the letter on Kafka")
        assert (await rival.fetchval(sent), [fact.out_number for fact in facts]) == (1, [1])


@pytest.mark.requirement("A-3.6.1", "R-21")
async def test_a_version_names_only_what_was_uploaded_under_its_own_request(bureau: Bureau) -> None:
    one = await at_work(bureau)
    assert (await one.write(PLAN, **FULL)).status_code == 303
    [draft] = await one.drafts()
    other = await in_hands(bureau.town, "m-2")
    told = {"command": "prepare-draft", "scope": "full", "form": "electronic", "text": TEXT}
    file = draft.files[0].model_dump()
    version = (await other.author.look(other.request_id))["version"]
    for named in (file, file | {"upload_id": str(uuid4())}):
        assert refused(await other.author.try_to(other.request_id, told | {"files": [named]}, version)) == (409, "file-not-here")
    version = (await one.staff.author.look(one.request_id))["version"]
    changed = told | {"files": [file | {"sha256": "0" * 64}]}
    assert refused(await one.staff.author.try_to(one.request_id, changed, version)) == (409, "file-not-here")
    sealed = kept(await one.author.get(f"/requests/{one.request_id}"))
    form = {"card_id": str(other.request_id), "version": str(version), "files": sealed} | FULL
    assert (await one.author.post("/draft", **form)).status_code == 422, "the seal is of another request"
    assert (await one.author.post("/draft", **(form | {"card_id": "x"}))).status_code == 400


@pytest.mark.requirement("E-5", "R-21")
async def test_a_file_that_can_not_be_taken_leaves_what_was_typed_and_the_others_in_the_form(bureau: Bureau) -> None:
    one = await at_work(bureau)
    wrong = await one.write(PLAN, ("Программа.exe", b"MZ\x90\x00" * 20, "application/x-msdownload"), **FULL)
    assert (wrong.status_code, await one.drafts()) == (422, [])
    assert PLAN[0] in text_of(wrong)
    assert (await one.write(files=kept(wrong), **FULL)).status_code == 303
    [draft] = await one.drafts()
    assert [file.name for file in draft.files] == [PLAN[0]]
    assert (await one.write(files=kept(wrong), **FULL, **{"drop-0": "yes"})).status_code == 303
    assert (await one.drafts())[1].files == ()


@pytest.mark.requirement("N-9.5", "S-29", "N-3.3")
async def test_letters_on_paper_stand_on_the_list_of_the_post_until_they_are_marked(bureau: Bureau) -> None:
    await bureau.town.site.post(said("m-1", contacts=anna.contacts))
    one = await at_work(bureau)
    empty = await one.author.get("/post")
    assert "Писем, которые ждут отправки, нет." in text_of(empty)
    assert (await one.write(**{**FULL, "prepare-draft-form": "written"})).status_code == 303
    await one.approve()
    assert (await one.send()).status_code == 200
    for path in ("/post", "/post/print"):
        listed = text_of(await one.author.get(path))
        assert "ИСХ-1/" in listed
        assert anna.postal in listed
    page = await one.author.get("/post")
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text.partition("record-posting")[2].partition("</form>")[0]))
    marking, number = f"/requests/{one.request_id}/record-posting", "record-posting-tracking_no"
    assert (await one.author.post(marking, **fields, **{number: "№ 1"})).status_code == 422
    marked = await one.author.post(marking, **fields, **{number: "80080012345678"})
    assert marked.status_code == 303, text_of(marked)
    assert "Писем, которые ждут отправки, нет." in text_of(await one.author.get("/post"))
    told = [fact for fact in await bureau.town.facts("site", "m-1") if isinstance(fact, RequestStatusChanged)][-1]
    assert "80080012345678" in told.explanation
    _, checker = await bureau.somebody("checker", "checker")
    assert (await checker.get("/post")).status_code == 403
