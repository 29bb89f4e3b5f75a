"""Intake's composition root."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.bus import repair
from libs.chassis.bus.races import past_races
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import WrongSettings
from libs.chassis.process import Process, run_service
from libs.chassis.store.republishing import published
from services.intake import answer_api, api, consumers, person_api, saved_form_api, tracking, upload_api
from services.intake.authority import api as authority_api
from services.intake.authority import office_api
from services.intake.authority.book import Book, rules_of
from services.intake.authority.store import AuthorityStore
from services.intake.code_reminders import REMIND, CodeReminders
from services.intake.desk_root import code_key, open_desk, set_up_of
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound
from services.intake.files_root import FileParts, files_of
from services.intake.handlers import Acceptance
from services.intake.letter_store import LetterStore
from services.intake.pages import frame
from services.intake.papers.answers import Answers
from services.intake.papers.sheets import Sheets
from services.intake.person import Person
from services.intake.queue import Queue
from services.intake.saved_form_store import SavedFormStore
from services.intake.saved_forms import EXPIRE, SavedForms
from services.intake.settings import IntakeSettings
from services.intake.store import CATEGORIES, IntakeStore
from services.intake.taking import Taking
from services.intake.term_watch import TermWatch
from services.intake.verification import Verification
from services.intake.words.index import WordIndex

QUEUE_SILENT_SECONDS = 60.0
BOOK_SILENT_SECONDS = 60.0
WORDS_SILENT_SECONDS = 120.0
PUBLISHED = tuple(published(category) for category in CATEGORIES.values() if category.topic is not None)


def book_of(process: Process, settings: IntakeSettings, key: bytes) -> Book:
    """Raises `WrongSettings` when the authority's file can't be worked with."""
    authority = process.authority
    journal = authority.journal(settings.journal) if settings.journal else authority.journals[0]
    if journal is None:
        raise WrongSettings(f"OTKLIK_JOURNAL: the authority's file has no journal {settings.journal}")
    make = partial(
        rules_of,
        key=key,
        journal=journal,
        roll=settings.deadline_roll,
        register_at_once=settings.register_at_once,
    )
    return Book(file=authority, make=make, pool=process.pool, store=AuthorityStore(process.store, authority.code))


async def build(process: Process, settings: IntakeSettings) -> FastAPI:
    """The whole service on these parts; tests call the same."""
    key = code_key(settings)
    book = book_of(process, settings, key)
    set_up = set_up_of(process, book)
    store = IntakeStore(process.store, key)
    files = files_of(process, settings, store, book)
    acceptance = Acceptance(
        store=store,
        uploads=files.kept,
        outbox=process.outbox,
        book=book,
        authority=process.authority.code,
        clock=process.clock,
        ids=process.ids,
    )

    async def register(batch: Sequence[Inbound]) -> list[Accepted | Refusal]:
        async def once() -> list[Accepted | Refusal]:
            async with process.pool.acquire() as db, db.transaction():
                return await acceptance.accept(db, batch)

        outcomes = await past_races(once)
        process.bell.ring()
        return outcomes

    queue = Queue(register, limit=settings.queue_limit)
    words = WordIndex(pool=process.pool, events=process.store, keyring=process.keyring, key=key)
    process.keep_going("queue", queue.run, QUEUE_SILENT_SECONDS)
    process.keep_going("book", book.keep, BOOK_SILENT_SECONDS)
    process.keep_going("words", words.run, WORDS_SILENT_SECONDS)

    def key_of(frontend: str, dialogue: str) -> str:
        return tracking.dialogue_mark(key, frontend, dialogue).hex()

    handler = process.repair(PUBLISHED).beside(consumers.handler(acceptance, key_of, set_up, files.copies))
    effect = process.effect_once(consumers.CONSUMER, (*consumers.HEARS, *repair.HEARS), handler, consumers.refuser(acceptance))
    process.connect([consumers.subscription(process.group, effect, process.bell.ring)])
    watch_terms(process, settings, store, book)
    app = process.app("Intake", streams=[upload_api.PATH, *frame.WITH_FILES])
    answers = answers_of(process, settings, book)
    for door in doors_for_frontends(process, settings, store, book, queue, files, answers):
        app.include_router(door)
    taking = Taking(put=queue.put, book=book, clock=process.clock)
    open_desk(app, process, settings, store, set_up, taking, files, answers)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def doors_for_frontends(
    process: Process, settings: IntakeSettings, store: IntakeStore, book: Book, queue: Queue, files: FileParts, answers: Answers
) -> list[APIRouter]:
    """All that programs with a frontend's key may ask."""
    key, frontends, clock, telemetry = code_key(settings), FrontendKeys(settings.frontend_keys_file), process.clock, process.telemetry
    person = Person(pool=process.pool, store=store, book=book, put=queue.put, clock=clock)
    reminders = reminders_of(process, store, book, key)
    return [
        authority_api.routes(book=book, pool=process.pool, frontends=frontends, clock=clock),
        api.routes(put=queue.put, frontends=frontends, key=key, clock=clock, telemetry=telemetry),
        person_api.routes(
            person=person,
            remind=reminders.ask,
            frontends=frontends,
            telemetry=telemetry,
        ),
        answer_api.routes(
            person=person,
            answers=answers,
            files=files.of_answers,
            verification=Verification(process.pool, LetterStore()),
            frontends=frontends,
        ),
        saved_form_api.routes(saved_forms=saved_forms_of(process, key), frontends=frontends),
        office_api.routes(book=book, frontends=frontends, clock=clock),
        upload_api.routes(uploads=files.uploads, frontends=frontends, key=key),
    ]


def answers_of(process: Process, settings: IntakeSettings, book: Book) -> Answers:
    verify = f"{settings.site_url}/verify" if settings.site_url else ""
    return Answers(sheets=Sheets(), book=book, clock=process.clock, verify=verify)


def saved_forms_of(process: Process, key: bytes) -> SavedForms:
    """With their timer."""
    saved_forms = SavedForms(pool=process.pool, store=SavedFormStore(), key=key, clock=process.clock)
    process.timers.on(EXPIRE, saved_forms.expire)
    return saved_forms


def reminders_of(process: Process, store: IntakeStore, book: Book, key: bytes) -> CodeReminders:
    """With their timer."""
    reminders = CodeReminders(
        pool=process.pool, store=store, book=book, key=key, clock=process.clock, ids=process.ids, ring=process.bell.ring
    )
    process.timers.on(REMIND, reminders.remind)
    return reminders


def watch_terms(process: Process, settings: IntakeSettings, store: IntakeStore, book: Book) -> None:
    """What days do by themselves."""
    watch = TermWatch(pool=process.pool, store=store, book=book, clock=process.clock, ring=process.bell.ring)
    pause = settings.term_look_seconds
    process.keep_going("term-watch", watch.run, pause + QUEUE_SILENT_SECONDS, pause_seconds=pause)


if __name__ == "__main__":
    run_service("intake", IntakeSettings, build)
