"""Attachments that intake hands over to history: put once they may be opened, taken back at history's word or without it (E-5)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from libs.chassis.store.database import Connection
from libs.chassis.store.objects import Objects, Shelf
from libs.chassis.store.outbox import Outbox, Record
from libs.chassis.store.sealing import BrokenSeal
from libs.chassis.store.shelves import hand_over_of, shelf_of
from libs.chassis.store.timers import Timer
from libs.events.contracts.history_events import AttachmentKept, AttachmentNotKept, Unkept
from libs.events.contracts.intake_attachments import AttachmentHandedOver
from libs.events.envelope import encode, lone
from libs.events.fact import Event
from libs.events.topics import ATTACHMENTS, HISTORY
from libs.events.vocabulary import FileState
from services.intake.copies import TAKE_BACK, Copies, CopyFigures
from services.intake.domain.uploads.attachments import Unscanned
from services.intake.domain.uploads.copies import LIES_FOR
from services.intake.settings import IntakeSettings
from services.intake.store import IntakeStore
from services.intake.uploads.store import HAND_OVER, UploadStore
from simulators import clamd
from tests.buckets import Buckets
from tests.integration.intake.people import Office, office
from tests.integration.intake.test_attachments import SCAN, objects, request_with, scanned_by, upload
from tests.integration.intake.town import Listener, listening, serving
from tests.stack import Database, eventually
from tests.unit.intake.files import EICAR

pytestmark = [pytest.mark.requirement("E-5"), pytest.mark.usefixtures("fresh_kafka")]


def between(bureau: Office) -> Shelf:
    return hand_over_of(cast(IntakeSettings, bureau.town.service.process.settings))


async def read(shelf: Shelf, fact: AttachmentHandedOver) -> bytes:
    return b"".join([piece async for piece in Objects(shelf).read(fact.object_id, bytes.fromhex(fact.key))])


async def handed_over(listener: Listener, count: int = 1) -> list[AttachmentHandedOver]:
    await listener.until(lambda: len(listener.on(ATTACHMENTS.name)) >= count, f"{count} files handed over")
    return [heard.fact for heard in listener.on(ATTACHMENTS.name)]


async def say(bureau: Office, fact: Event, times: int = 1) -> None:
    """As history would, and again."""
    kafka = bureau.town.site.kafka
    assert kafka is not None
    made = lone(fact, event_id=uuid4(), at=datetime.now(UTC), authority="demo", producer="history")
    for _ in range(times):
        await kafka.send_and_wait(HISTORY.name, encode(made), key=str(made.thread_id).encode())


def kept(fact: AttachmentHandedOver) -> AttachmentKept:
    return AttachmentKept(
        request_id=fact.request_id, upload_id=fact.upload_id, object_id=fact.object_id, state=fact.state, attachment=fact.attachment
    )


def not_kept(fact: AttachmentHandedOver) -> AttachmentNotKept:
    return AttachmentNotKept(request_id=fact.request_id, upload_id=fact.upload_id, object_id=fact.object_id, reason=Unkept.BROKEN)


async def gone(bureau: Office, fact: AttachmentHandedOver) -> None:
    async def is_gone() -> bool:
        return await between(bureau).size(fact.object_id) is None

    await eventually(is_gone, what="the object is taken back")


async def timers(bureau: Office) -> dict[str, int]:
    rows = await bureau.town.rows("SELECT kind, count(*) AS n FROM timers GROUP BY kind")
    return {row["kind"]: row["n"] for row in rows if row["kind"].endswith("-attachment")}


@pytest.mark.requirement("R-6", "R-17")
@pytest.mark.parametrize("place", ["folder", "bucket"])
async def test_a_clean_file_is_handed_over_once_under_a_key_of_its_own_and_taken_back_when_history_has_it(
    database: Database, buckets: Buckets, place: str
) -> None:
    told = buckets.told(setting="hand_over") if place == "bucket" else {}
    async with (
        scanned_by(database, quiet=False, **told) as (bureau, _),
        listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener,
    ):
        request_id = await request_with(bureau, await upload(bureau.town.site, name="\u202eСкан\\паспорта", type=""))
        [fact] = await handed_over(listener)
        [heard] = listener.on(ATTACHMENTS.name)
        assert (heard.record.key, heard.envelope.thread_id, fact.request_id) == (str(request_id).encode(), request_id, request_id)
        assert (fact.attachment.name, fact.attachment.size) == ("паспорта.pdf", len(SCAN))
        assert await read(between(bureau), fact) == SCAN
        version = await bureau.town.value("SELECT max(version) FROM events WHERE stream LIKE '%' || $1", str(request_id))
        again = await request_with(bureau, await upload(bureau.town.site, name="\u202eСкан\\паспорта", type=""), text="Ещё вопрос")
        assert again == request_id, "an edit that names the same file"
        await say(bureau, kept(fact), times=3)
        await gone(bureau, fact)
        row = await bureau.town.rows("SELECT copied_at IS NOT NULL AS copied, handed_id, not_kept FROM uploads")
        assert row == [{"copied": True, "handed_id": None, "not_kept": 0}]
        assert len(await handed_over(listener)) == 1
        assert await bureau.town.value("SELECT count(*) FROM timers WHERE kind = $1", HAND_OVER) == 0
        assert version is not None


@pytest.mark.parametrize("raw", [SCAN, EICAR], ids=["doubtful", "infected"])
async def test_what_nobody_may_open_stays_with_intake_until_somebody_answers_for_it(database: Database, raw: bytes) -> None:
    mood: clamd.Mood = "well" if raw is EICAR else "doubtful"
    async with (
        scanned_by(database, mood, quiet=False) as (bureau, _),
        listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener,
    ):
        request_id = await request_with(bureau, await upload(bureau.town.site, raw, name="file", type=""))

        async def passed_over() -> bool:
            return await timers(bureau) == {}

        await eventually(passed_over, what="the timer has run and left nothing")
        released = await bureau.admin.post(f"/requests/{request_id}/attachments/1/release", reason="Проверил сам")
        if raw is EICAR:
            assert released.status_code == 409
            assert listener.on(ATTACHMENTS.name) == []
        else:
            [fact] = await handed_over(listener)
            assert (await read(between(bureau), fact), fact.state) == (SCAN, FileState.UNSURE)


async def test_what_waits_for_the_scanner_is_handed_over_when_it_has_spoken(database: Database) -> None:
    async with (
        scanned_by(database, "hangs-up", quiet=False) as (bureau, scanner),
        listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener,
    ):
        await request_with(bureau, await upload(bureau.town.site))
        scanner.mood = "well"
        bureau.clock.move(timedelta(hours=2))
        [fact] = await handed_over(listener)
        assert (await read(between(bureau), fact), fact.state) == (SCAN, FileState.CLEAN)


async def test_what_history_could_not_keep_is_handed_over_again_as_another_object(database: Database) -> None:
    async with (
        office(database, unscanned_files="warn") as bureau,
        listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener,
    ):
        await request_with(bureau, await upload(bureau.town.site))
        [first] = await handed_over(listener)
        await say(bureau, not_kept(first), times=2)
        await gone(bureau, first)
        assert await timers(bureau) == {HAND_OVER: 1}, "not before a minute has passed"
        bureau.clock.move(timedelta(minutes=1))
        _, second = await handed_over(listener, 2)
        assert (second.upload_id, second.object_id != first.object_id, second.key != first.key) == (first.upload_id, True, True)
        assert await read(between(bureau), second) == SCAN
        await say(bureau, not_kept(first))  # late, and of what lies there no more
        await say(bureau, kept(second))
        await gone(bureau, second)
        assert await bureau.town.value("SELECT not_kept FROM uploads") == 1


async def test_what_history_never_speaks_of_is_taken_back_after_fourteen_days_and_handed_over_again_with_an_alarm(
    database: Database,
) -> None:
    async with (
        office(database, unscanned_files="warn") as bureau,
        listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener,
    ):
        await request_with(bureau, await upload(bureau.town.site))
        [first] = await handed_over(listener)
        bureau.clock.move(LIES_FOR - timedelta(minutes=1))
        assert await read(between(bureau), first) == SCAN
        bureau.clock.move(timedelta(minutes=1))
        await gone(bureau, first)

        async def counted() -> bool:
            return bool(await bureau.town.value("SELECT not_kept = 1 FROM uploads"))

        await eventually(counted, what="it counts among those that were not kept")
        bureau.clock.move(timedelta(minutes=1))
        _, second = await handed_over(listener, 2)
        assert await read(between(bureau), second) == SCAN
        registry = CollectorRegistry()
        copies = copies_of(bureau, figures=CopyFigures(registry))
        await copies.count()
        assert registry.get_sample_value("otklik_attachments_not_kept") == 1
        await say(bureau, kept(second))
        await gone(bureau, second)
        await copies.count()
        assert registry.get_sample_value("otklik_attachments_not_kept") == 0


class Killed(BaseException):
    """The process ends here."""


class DiesBeforeItsCommit(Outbox):
    """The object lies there, and nobody lives to say so."""

    async def add(self, db: Connection, records: Sequence[Record], at: datetime) -> None:
        raise Killed


def copies_of(bureau: Office, **changed: Any) -> Copies:
    """The same use case at the test's own hand: what this service passes over as unchecked, it hands over."""
    process = bureau.town.service.process
    settings = cast(IntakeSettings, process.settings)
    parts: dict[str, Any] = {
        "pool": process.pool,
        "store": IntakeStore(process.store, b"k" * 32),
        "uploads": UploadStore(process.keyring),
        "objects": Objects(shelf_of(settings)),
        "between": Objects(hand_over_of(settings)),
        "outbox": process.outbox,
        "unscanned": Unscanned.WARN,
        "authority": process.authority.code,
        "clock": bureau.clock,
        "ids": process.ids,
        "figures": CopyFigures(CollectorRegistry()),
    }
    return Copies(**parts | changed)


async def hand_over(bureau: Office, copies: Copies) -> None:
    upload_id = await bureau.town.value("SELECT upload_id FROM uploads")
    async with bureau.town.service.process.pool.acquire() as db, db.transaction():
        await copies.hand_over(db, Timer(kind=HAND_OVER, key=str(upload_id), due_at=bureau.clock.now()))


def lying(database: Database) -> int:
    folder = database.stack.parts.directory / f"{database.name}-hand-over"
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.mark.requirement("R-1", "R-2", "R-6")
async def test_whoever_is_killed_before_the_commit_has_handed_nothing_over_and_what_lies_there_is_taken_back(database: Database) -> None:
    async with office(database) as bureau, listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener:
        await request_with(bureau, await upload(bureau.town.site))
        with pytest.raises(Killed):
            await hand_over(bureau, copies_of(bureau, outbox=DiesBeforeItsCommit(bureau.town.service.process.keyring)))
        assert (lying(database), await bureau.town.value("SELECT handed_id FROM uploads")) == (1, None)
        assert (await timers(bureau))[TAKE_BACK] == 1
        await hand_over(bureau, copies_of(bureau))
        [fact] = await handed_over(listener)
        assert (lying(database), await read(between(bureau), fact)) == (2, SCAN)
        await hand_over(bureau, copies_of(bureau))
        assert lying(database) == 2, "what lies ready is not handed over twice"
        await say(bureau, kept(fact))
        await gone(bureau, fact)
        bureau.clock.move(LIES_FOR)

        async def empty() -> bool:
            return lying(database) == 0

        await eventually(empty, what="nothing lies there any more")
        assert await bureau.town.value("SELECT not_kept FROM uploads") == 0
        assert len(await handed_over(listener)) == 1


async def test_a_file_that_intake_itself_can_not_read_is_not_handed_over_and_waits_for_its_return(database: Database) -> None:
    async with office(database) as bureau, listening(database.stack.parts.kafka_bootstrap, ATTACHMENTS.name) as listener:
        await request_with(bureau, await upload(bureau.town.site))
        [path] = objects(database)
        whole = path.read_bytes()
        path.write_bytes(whole[:100_000])
        with pytest.raises(BrokenSeal):
            await hand_over(bureau, copies_of(bureau))
        path.unlink()
        with pytest.raises(FileNotFoundError):
            await hand_over(bureau, copies_of(bureau))
        assert (lying(database), listener.on(ATTACHMENTS.name)) == (0, [])
        path.write_bytes(whole)
        await hand_over(bureau, copies_of(bureau))
        [fact] = await handed_over(listener)
        assert await read(between(bureau), fact) == SCAN


async def test_files_that_an_earlier_release_took_in_are_offered_at_the_start(database: Database) -> None:
    async with office(database) as bureau:
        await request_with(bureau, await upload(bureau.town.site))

        async def passed_over() -> bool:
            return HAND_OVER not in await timers(bureau)

        await eventually(passed_over, what="the timer has run and left nothing")
    bootstrap = database.stack.parts.kafka_bootstrap
    async with listening(bootstrap, ATTACHMENTS.name) as listener, serving(database, unscanned_files="warn"):
        [fact] = await handed_over(listener)
        assert fact.attachment.size == len(SCAN)
