"""History's own copies of attachments: fetched from where intake puts them, proved, given to staff, and never lost on the way (E-5)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
import pytest

from libs.chassis.access import carried
from libs.chassis.access.guards import guarded_routes
from libs.chassis.access.roles import Role
from libs.chassis.ops.clock import FixedClock
from libs.chassis.store.bucket import PART_BYTES
from libs.chassis.store.database import Connection
from libs.chassis.store.destruction import destroy
from libs.chassis.store.objects import Directory, Objects, Shelf
from libs.chassis.store.shelves import hand_over_of, shelf_of
from libs.chassis.store.timers import Timers
from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.contracts.intake_requests import AttachmentExamined
from libs.events.topics import ATTACHMENTS
from libs.events.vocabulary import FileState
from services.history.attachment_store import FETCH, AttachmentStore
from services.history.attachments import Attachments
from services.history.domain.entries import Entry
from services.history.domain.questions import READERS
from services.history.handlers import Keeper, Looks
from services.history.main import attachments
from services.history.store import Appended, Log
from tests.buckets import Buckets
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping, keeping
from tests.stack import Database
from tests.unit.history.told import AT, HANDED_KEY, delivered, envelope, handed_over

pytestmark = pytest.mark.requirement("E-5", "R-6")

SCAN = b"what a person attached " * 4_000 + bytes(range(256)) * (PART_BYTES // 200)
NAUGHTY = '\u202e"; filename=evil.exe\r\nX: «Скан» 💥.pdf'


class Killed(BaseException):
    """The process ends here."""


class DiesBeforeItsCommit(Log):
    """The copy is there, and nobody lives to say so."""

    async def append(self, db: Connection, entries: Sequence[Entry], at: datetime) -> Appended:
        raise Killed


@dataclass
class Copying:
    """History with the loop of its copies in the test's own hand, and a clock that the test moves."""

    history: Keeping
    keeper: Keeper
    files: Attachments
    clock: FixedClock
    between: Shelf
    own: Shelf

    async def put(self, fact: AttachmentHandedOver, raw: bytes = SCAN, key: bytes = HANDED_KEY) -> None:
        """As intake does."""
        await Objects(self.between).write(fact.object_id, key, pieces(raw))

    async def hear(self, fact: AttachmentHandedOver, times: int = 1) -> UUID:
        """The event's id."""
        told = envelope(fact, seq=None, thread_id=fact.request_id)
        await self.keeper.take([delivered(told, ATTACHMENTS.name) for _ in range(times)])
        return told.event_id

    async def fetch(self, pause: timedelta = timedelta()) -> None:
        """So much later: what is due by then is done."""
        self.clock.move(pause)
        timers = Timers(self.history.process.pool, self.clock, self.history.process.metrics)
        timers.on(FETCH, self.files.fetch)
        while await timers.turn():
            pass

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What history said of files, in order."""
        rows = await self.history.rows(
            "SELECT type, open FROM history.log WHERE type IN ('AttachmentKept', 'AttachmentNotKept') ORDER BY shard, position"
        )
        return [(row["type"], orjson.loads(row["open"])) for row in rows]

    async def row(self) -> dict[str, Any]:
        [row] = await self.history.rows("SELECT * FROM history.attachments")
        return row

    async def waiting(self) -> int:
        [row] = await self.history.rows("SELECT count(*) AS n FROM history.timers")
        return int(row["n"])

    async def save(self, upload_id: UUID, headers: dict[str, str]) -> Any:
        return await self.history.http.get(f"/v1/attachments/{upload_id}", headers=headers)


async def pieces(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


@asynccontextmanager
async def copying(database: Database, **told: Any) -> AsyncIterator[Copying]:
    async with keeping(database, **told) as history:
        process, clock = history.process, FixedClock(AT)
        looks = Looks(
            log=history.log,
            pool=process.pool,
            outbox=process.outbox,
            clock=clock,
            ids=process.ids,
            authority=process.authority.code,
            ring=process.bell.ring,
        )
        files = replace(attachments(process, history.settings, looks), clock=clock)
        own, between = shelf_of(history.settings), hand_over_of(history.settings)
        yield Copying(history, replace(history.keeper, clock=clock), files, clock, between, own)


@pytest.fixture(params=["folder", "bucket"])
async def copies(request: pytest.FixtureRequest, database: Database, buckets: Buckets) -> AsyncIterator[Copying]:
    """Both places in folders, or both in a bucket."""
    told = buckets.told() | buckets.told(setting="hand_over") if request.param == "bucket" else {}
    async with copying(database, **told) as made:
        yield made


@pytest.mark.requirement("N-2.2", "R-17", "D-25", "R-25")
async def test_a_file_is_fetched_sealed_anew_told_once_and_given_byte_for_byte_for_saving_alone(
    copies: Copying, signed_in: SignedIn
) -> None:
    fact = handed_over(SCAN, name=NAUGHTY)
    await copies.put(fact)
    event_id = await copies.hear(fact, times=3)
    await copies.hear(fact)  # by another record
    assert (await copies.save(fact.upload_id, signed_in(Role.HEAD))).status_code == 404, "not yet"
    await copies.fetch()
    ids = {"request_id": str(fact.request_id), "upload_id": str(fact.upload_id), "object_id": str(fact.object_id), "state": "clean"}
    assert await copies.told() == [("AttachmentKept", ids)]
    assert (await copies.row())["copy_id"] == event_id
    stored = b"".join([piece async for piece in copies.own.get(event_id)])
    assert SCAN[:1000] not in stored
    got = await copies.save(fact.upload_id, signed_in(*READERS))
    assert (got.status_code, got.content == SCAN) == (200, True)
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert quote("💥.pdf") in got.headers["content-disposition"]
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert (got.headers["x-content-type-options"], got.headers["cache-control"]) == ("nosniff", "no-store")
    for role in READERS:
        assert (await copies.save(fact.upload_id, signed_in(role))).status_code == 200
    for role in (Role.AUDITOR, Role.SRE, Role.ADMINISTRATOR):
        assert (await copies.save(fact.upload_id, signed_in(role))).status_code == 403
    looks = await copies.history.rows("SELECT open FROM history.log WHERE type = 'HistoryViewed'")
    filters = [orjson.loads(row["open"])["filter"] for row in looks]
    assert filters == [{"attachment": str(fact.upload_id)}] * (len(READERS) + 2)


async def test_on_the_page_of_the_client_a_file_is_saved_with_the_cookie_of_the_desk(database: Database, signed_in: SignedIn) -> None:
    async with copying(database) as copies:
        fact = handed_over(SCAN)
        await copies.put(fact)
        await copies.hear(fact)
        await copies.fetch()
        path = f"{carried.TIMELINES}/attachments/{fact.upload_id}"
        [route] = [one for one in guarded_routes(copies.history.app) if one.path.startswith(f"{carried.TIMELINES}/attachments")]
        assert route.roles == frozenset(READERS)
        token = signed_in(Role.EXECUTOR)["Authorization"].removeprefix("Bearer ")
        got = await copies.history.http.get(path, headers={"Cookie": f"{carried.COOKIE}={token}"})
        assert (got.status_code, got.content == SCAN) == (200, True)
        assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert (await copies.history.http.get(path)).status_code == 401


@pytest.mark.requirement("R-17")
async def test_the_key_of_what_was_handed_over_stands_nowhere_in_clear_and_is_forgotten_with_it(database: Database) -> None:
    async with copying(database) as copies:
        fact = handed_over(SCAN, name="Евпраксия.pdf")
        await copies.put(fact)
        await copies.hear(fact)
        before, row = await copies.history.everything_stored(), await copies.row()
        await copies.fetch()
        for stored in (before, await copies.history.everything_stored()):
            assert not [form for form in (fact.key, HANDED_KEY.hex(), "Евпраксия", fact.attachment.sha256) if form in stored]
        async with copies.history.process.pool.acquire() as db:
            found = await copies.files.store.one(db, fact.upload_id)
        assert found is not None
        assert (found.file.key, found.file.attachment) == ("", fact.attachment)
        assert row["sealed"] != (await copies.row())["sealed"]


async def test_whoever_is_killed_in_between_has_done_nothing_and_the_next_try_makes_one_copy(copies: Copying) -> None:
    fact = handed_over(SCAN)
    await copies.put(fact)
    event_id = await copies.hear(fact)
    files, dies = copies.files, DiesBeforeItsCommit(copies.history.process.keyring)
    copies.files = replace(files, log=dies)
    with pytest.raises(Killed):
        await copies.fetch()
    assert await copies.own.size(event_id) is not None
    assert ((await copies.row())["state"], await copies.waiting(), await copies.told()) == ("due", 1, [])
    copies.files = files
    await copies.fetch()
    assert ((await copies.row())["state"], await copies.waiting(), len(await copies.told())) == ("kept", 0, 1)
    found = await opened(copies, fact.upload_id)
    assert found == SCAN


async def opened(copies: Copying, upload_id: UUID) -> bytes:
    async with copies.history.process.pool.acquire() as db:
        found = await copies.files.store.one(db, upload_id)
    assert found is not None
    return b"".join([piece async for piece in copies.files.objects.read(found.file.copy_id, found.key)])


BAD: list[tuple[str, dict[str, Any]]] = [
    ("absent", {}),
    ("broken", {"raw": SCAN, "key": b"x" * 32}),
    ("differs", {"raw": SCAN[:-1]}),
    ("differs", {"raw": SCAN + b"!"}),
    ("differs", {"raw": b"?" + SCAN[1:]}),
]


@pytest.mark.parametrize(("reason", "lies"), BAD, ids=[f"{reason}-{n}" for n, (reason, _) in enumerate(BAD)])
async def test_what_is_no_use_is_told_once_and_kept_when_it_is_handed_over_again(
    copies: Copying, signed_in: SignedIn, reason: str, lies: dict[str, Any]
) -> None:
    fact, other = handed_over(SCAN), handed_over(b"another")
    if lies:
        await copies.put(fact, **lies)
    event_id = await copies.hear(fact)
    await copies.put(other, b"another")
    await copies.hear(other)
    await copies.fetch()
    told = dict(await copies.told())
    assert told["AttachmentNotKept"] | {"request_id": ""} == {
        "request_id": "",
        "upload_id": str(fact.upload_id),
        "object_id": str(fact.object_id),
        "reason": reason,
    }
    assert told["AttachmentKept"]["upload_id"] == str(other.upload_id), "nobody waits behind it"
    await copies.fetch(timedelta(days=30))
    assert (len(await copies.told()), await copies.waiting()) == (2, 0), "nothing goes round in circles"
    assert await copies.own.size(event_id) is None
    assert (await copies.save(fact.upload_id, signed_in(Role.HEAD))).status_code == 404
    [row] = [row for row in await copies.history.rows("SELECT * FROM history.attachments") if row["upload_id"] == fact.upload_id]
    assert (row["state"], row["reason"]) == ("refused", reason)
    again = handed_over(SCAN, upload_id=fact.upload_id, request_id=fact.request_id)
    await copies.put(again)
    await copies.hear(again)
    await copies.fetch()
    assert (await copies.save(fact.upload_id, signed_in(Role.HEAD))).content == SCAN


async def test_an_object_that_was_cut_off_where_it_lay_is_told_to_be_broken(database: Database) -> None:
    async with copying(database) as copies:
        fact = handed_over(SCAN)
        await copies.put(fact)
        assert isinstance(copies.between, Directory)
        path = copies.between.path(fact.object_id)
        path.write_bytes(path.read_bytes()[:100_000])
        await copies.hear(fact)
        await copies.fetch()
        assert [(kind, said["reason"]) for kind, said in await copies.told()] == [("AttachmentNotKept", "broken")]


async def test_what_was_kept_already_is_confirmed_when_it_is_handed_over_again_and_not_fetched(copies: Copying) -> None:
    fact = handed_over(SCAN)
    await copies.put(fact)
    event_id = await copies.hear(fact)
    await copies.fetch()
    again = handed_over(SCAN, upload_id=fact.upload_id, request_id=fact.request_id)  # and nothing lies there
    await copies.hear(again)
    await copies.fetch()
    said = [(kind, said["object_id"]) for kind, said in await copies.told()]
    assert sorted(said) == sorted([("AttachmentKept", str(fact.object_id)), ("AttachmentKept", str(again.object_id))])
    assert ((await copies.row())["copy_id"], await opened(copies, fact.upload_id)) == (event_id, SCAN)


async def test_an_event_of_another_request_moves_no_file_there(database: Database) -> None:
    async with copying(database) as copies:
        fact = handed_over(SCAN)
        await copies.put(fact)
        await copies.hear(fact)
        await copies.hear(handed_over(b"another", upload_id=fact.upload_id))
        await copies.fetch()
        row = await copies.row()
        assert (row["thread_id"], row["object_id"], row["state"]) == (fact.request_id, fact.object_id, "kept")


@pytest.mark.requirement("R-4")
@pytest.mark.parametrize("away", ["hand_over", "objects"])
async def test_a_store_that_is_away_is_waited_for(database: Database, buckets: Buckets, away: str) -> None:
    there = buckets.told(setting=away)
    async with copying(database, **(there | {away: there[away].replace(buckets.endpoint, "http://127.0.0.1:1")})) as copies:
        fact = handed_over(SCAN)
        await copies.hear(fact)
        if away == "objects":
            await copies.put(fact)
        await copies.fetch()
        assert ((await copies.row())["state"], await copies.told(), await copies.waiting()) == ("due", [], 1)
    async with copying(database, **there) as copies:
        if away == "hand_over":
            await copies.put(fact)
        await copies.fetch(timedelta(hours=1))
        assert ((await copies.row())["state"], await opened(copies, fact.upload_id)) == ("kept", SCAN)


@pytest.mark.requirement("R-17")
async def test_a_copy_whose_thread_is_destroyed_goes_with_it_and_so_does_one_that_was_still_expected(
    copies: Copying, signed_in: SignedIn
) -> None:
    kept, due, stays = handed_over(SCAN), handed_over(SCAN), handed_over(SCAN)
    ids = []
    for fact in (kept, stays):
        await copies.put(fact)
        ids.append(await copies.hear(fact))
    await copies.fetch()
    await copies.hear(due)
    async with copies.history.database.superuser() as db:
        await db.execute("SET search_path = history")
        await destroy(db, [kept.request_id, due.request_id])
    async with keeping(copies.history.database) as anew:  # whose keyring remembers no key
        copies.files = replace(copies.files, store=AttachmentStore(anew.process.keyring))
        await copies.fetch()
        assert await copies.files.sweep() == 2
    assert [await copies.own.size(copy_id) is None for copy_id in ids] == [True, False]
    assert [row["upload_id"] for row in await copies.history.rows("SELECT upload_id FROM history.attachments")] == [stays.upload_id]
    assert (await copies.save(kept.upload_id, signed_in(Role.HEAD))).status_code == 404
    assert (await copies.save(stays.upload_id, signed_in(Role.HEAD))).content == SCAN
    assert [kind for kind, _ in await copies.told()] == ["AttachmentKept"] * 2


async def test_a_file_in_which_the_scanner_finds_something_later_is_not_given_any_more(database: Database, signed_in: SignedIn) -> None:
    async with copying(database) as copies:
        fact, other = handed_over(SCAN, state=FileState.UNCHECKED), handed_over(b"another")
        for one, raw in ((fact, SCAN), (other, b"another")):
            await copies.put(one, raw)
            await copies.hear(one)
        await copies.fetch()
        for state, statuses in ((FileState.UNSURE, (200, 200)), (FileState.INFECTED, (403, 200)), (FileState.CLEAN, (200, 200))):
            for thread, word in ((fact.request_id, state), (other.request_id, FileState.INFECTED)):  # the other request's word is not asked
                copies.clock.move(timedelta(seconds=1))
                said = AttachmentExamined(upload_id=str(fact.upload_id), state=word, thread=thread)
                await copies.keeper.take([delivered(envelope(said, thread_id=thread, occurred_at=copies.clock.now()))])
            got = [(await copies.save(one.upload_id, signed_in(Role.HEAD))).status_code for one in (fact, other)]
            assert tuple(got) == statuses, state


async def test_a_copy_that_was_changed_or_lost_is_not_given(database: Database, signed_in: SignedIn) -> None:
    async with copying(database) as copies:
        fact = handed_over(SCAN)
        await copies.put(fact)
        copy_id = await copies.hear(fact)
        await copies.fetch()
        assert isinstance(copies.own, Directory)
        path = copies.own.path(copy_id)
        whole = path.read_bytes()
        path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        assert (await copies.save(fact.upload_id, signed_in(Role.HEAD))).status_code == 410
        path.unlink()
        answer = await copies.save(fact.upload_id, signed_in(Role.HEAD))
        assert (answer.status_code, answer.json()["code"]) == (410, "attachment-damaged")
