"""The files' part of the composition root: where the bytes of people and of answers lie, and what they go through."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from libs.chassis.ops.refusals import BadRequest
from libs.chassis.process import Process
from libs.chassis.store.objects import Objects
from libs.chassis.store.shelves import hand_over_of, shelf_of
from libs.chassis.store.timers import Timers
from libs.events.topics import DESK, dialogue_thread
from libs.web.sealed_cookies import Seal
from services.intake import tracking
from services.intake.answer_files import AnswerFiles
from services.intake.attachments import Attachments
from services.intake.authority.book import Book
from services.intake.copies import TAKE_BACK, Copies, CopyFigures
from services.intake.domain.answer.commands import MOST_FILES
from services.intake.pages.cards.taking_files import TakenFiles
from services.intake.settings import IntakeSettings
from services.intake.store import IntakeStore
from services.intake.uploads.handlers import LOOSE_FOR, RESCAN, Limits, Uploads
from services.intake.uploads.scanner import Clamd
from services.intake.uploads.store import HAND_OVER, UploadStore

FILES_SILENT_SECONDS: Final = 1800.0  # a sweep every ten minutes
COPY_SECONDS: Final = 300.0  # the largest file from one store into another, over a slow line
FILES_SENT_WITHIN: Final = timedelta(hours=1)  # of the end: a card that is shown still must find its files when it is saved


@dataclass(frozen=True, kw_only=True)
class FileParts:
    """What files that people send go through."""

    kept: UploadStore
    uploads: Uploads
    attachments: Attachments
    copies: Copies
    of_answers: AnswerFiles


def code_key(settings: IntakeSettings) -> bytes:
    """The key of codes and fingerprints, derived from the master key."""
    return tracking.fingerprint(settings.master_key.get_secret_value(), "codes")


def files_of(process: Process, settings: IntakeSettings, store: IntakeStore, book: Book) -> FileParts:
    """With their loops: the sweep, and timers of their own, because a scanner or a store that hangs must hold up no other timer."""
    kept, objects = UploadStore(process.keyring), Objects(shelf_of(settings))
    limits = Limits(file_bytes=settings.file_limit_bytes, files=settings.files_limit, total_bytes=settings.files_total_limit_bytes)
    scanner = Clamd(settings.scanner, settings.scanner_seconds) if settings.scanner else None
    unscanned = None if scanner else settings.unscanned_files
    uploads = Uploads(pool=process.pool, store=kept, objects=objects, scanner=scanner, limits=limits, clock=process.clock, ids=process.ids)
    attachments = Attachments(
        pool=process.pool,
        store=store,
        kept_uploads=kept,
        uploads=uploads,
        objects=objects,
        book=book,
        unscanned=unscanned,
        clock=process.clock,
        ring=process.bell.ring,
    )
    rescans = Timers(process.pool, process.clock, process.metrics)
    rescans.on(RESCAN, attachments.rescan)
    process.keep_going("uploads", uploads.run, FILES_SILENT_SECONDS)
    process.keep_going("rescans", rescans.run, FILES_SILENT_SECONDS)
    copies = Copies(
        pool=process.pool,
        store=store,
        uploads=kept,
        objects=objects,
        between=Objects(hand_over_of(settings)),
        outbox=process.outbox,
        unscanned=unscanned,
        authority=process.authority.code,
        clock=process.clock,
        ids=process.ids,
        figures=CopyFigures(process.health.registry),
    )
    copied(process, copies)
    of_answers = AnswerFiles(pool=process.pool, store=kept, objects=objects, has_scanner=scanner is not None, clock=process.clock)
    return FileParts(kept=kept, uploads=uploads, attachments=attachments, copies=copies, of_answers=of_answers)


def copied(process: Process, copies: Copies) -> None:
    """The loops that give history its copies."""
    timers = Timers(process.pool, process.clock, process.metrics, effect_seconds=COPY_SECONDS)
    timers.on(HAND_OVER, copies.hand_over)
    timers.on(TAKE_BACK, copies.take_back)
    process.keep_going("files-for-history", timers.run, FILES_SILENT_SECONDS)
    process.keep_going("copies", copies.run, FILES_SILENT_SECONDS)


def files_of_cards(process: Process, settings: IntakeSettings, uploads: Uploads) -> TakenFiles:
    """Files of the cards that staff fill in; they lie under the card's own id, as what is typed may change until it is saved."""
    key = code_key(settings)

    def thread_of(card_id: str) -> UUID:
        return dialogue_thread(DESK, tracking.dialogue_mark(key, DESK, card_id).hex())

    return TakenFiles(
        uploads=uploads,
        seal=Seal("files of a card", key, int((LOOSE_FOR - FILES_SENT_WITHIN).total_seconds()), process.clock),
        new_id=process.ids.new,
        thread_of=thread_of,
        most=settings.files_limit,
        limit_bytes=settings.file_limit_bytes,
    )


def files_of_answers(process: Process, settings: IntakeSettings, uploads: Uploads) -> TakenFiles:
    """Files of answers lie under their request, and are destroyed with it."""

    def thread_of(request_id: str) -> UUID:
        try:
            return UUID(request_id)
        except ValueError:
            raise BadRequest from None

    return TakenFiles(
        uploads=uploads,
        seal=Seal("files of an answer", code_key(settings), int((LOOSE_FOR - FILES_SENT_WITHIN).total_seconds()), process.clock),
        new_id=process.ids.new,
        thread_of=thread_of,
        most=MOST_FILES,
        limit_bytes=settings.file_limit_bytes,
    )
