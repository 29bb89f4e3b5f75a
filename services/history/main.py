"""History as a process: everything is created here and handed over."""

from datetime import timedelta

from fastapi import FastAPI

from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenVerifier
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process, run_service
from libs.chassis.store.denylist import Denylist
from libs.chassis.store.objects import Objects
from libs.chassis.store.shelves import hand_over_of, shelf_of
from libs.chassis.store.timers import Timers
from libs.web import assets
from libs.web.masthead import Masthead
from libs.web.pages import Pages
from services.history import api, consumers, pages
from services.history.attachment_store import FETCH, AttachmentStore
from services.history.attachments import COPY_SECONDS, Attachments
from services.history.attachments import SILENT_SECONDS as FILES_SILENT_SECONDS
from services.history.domain.cursors import Cursors
from services.history.domain.heads import Signer
from services.history.gap_store import GapStore
from services.history.gaps import SILENT_SECONDS, TIMER, Gaps
from services.history.handlers import Keeper, Looks
from services.history.heads import HeadFigures, Heads
from services.history.heads_file import HeadsFile
from services.history.pages import TimelineParts
from services.history.settings import HistorySettings
from services.history.store import Log

MONTHS_SECONDS = 3600.0


def keeper(process: Process) -> Keeper:
    return Keeper(
        log=Log(process.keyring),
        deny=Denylist.deny,
        expect=AttachmentStore(process.keyring).expect,
        pool=process.pool,
        clock=process.clock,
        authority=process.authority.code,
        metrics=process.metrics,
        telemetry=process.telemetry,
    )


def heads(process: Process, settings: HistorySettings) -> Heads:
    signer = Signer(settings.head_signing_key.get_secret_value())
    return Heads(
        pool=process.pool,
        outbox=process.outbox,
        signer=signer,
        file=HeadsFile(settings.heads_file, signer),
        clock=process.clock,
        ids=process.ids,
        authority=process.authority.code,
        figures=HeadFigures(process.health.registry),
        every_seconds=settings.heads_every_seconds,
        ring=process.bell.ring,
    )


def gaps(process: Process, settings: HistorySettings) -> Gaps:
    return Gaps(
        store=GapStore(),
        log=Log(process.keyring),
        pool=process.pool,
        outbox=process.outbox,
        clock=process.clock,
        ids=process.ids,
        authority=process.authority.code,
        metrics=process.metrics,
        grace=timedelta(seconds=settings.gap_grace_seconds),
    )


def attachments(process: Process, settings: HistorySettings, looks: Looks) -> Attachments:
    return Attachments(
        pool=process.pool,
        store=AttachmentStore(process.keyring),
        log=Log(process.keyring),
        outbox=process.outbox,
        objects=Objects(shelf_of(settings)),
        between=Objects(hand_over_of(settings)),
        looks=looks,
        clock=process.clock,
        ids=process.ids,
        authority=process.authority.code,
    )


def fetching(process: Process, files: Attachments) -> Timers:
    """Timers of their own, because a store that hangs must hold up no other timer."""
    timers = Timers(process.pool, process.clock, process.metrics, effect_seconds=COPY_SECONDS)
    timers.on(FETCH, files.fetch)
    return timers


def timelines(
    process: Process, settings: HistorySettings, looks: Looks, files: Attachments, door: StaffDoor, cursors: Cursors
) -> TimelineParts:
    """What the pages stand on."""
    masthead = Masthead.of(process.authority)
    return TimelineParts(
        pages=Pages(
            folder=pages.HERE,
            assets=assets.load(),
            masthead=lambda: masthead,
            home=f"{settings.desk_url or ''}/desk/",
            service="История взаимодействия",
        ),
        looks=looks,
        attachments=files,
        door=door,
        cursors=cursors,
        zone=process.authority.time_zone,
        points={point.code: point.title for point in process.authority.points},
        desk_url=settings.desk_url,
    )


async def build(process: Process, settings: HistorySettings) -> FastAPI:
    """The same parts for the service and for its tests."""
    log = Log(process.keyring)
    looks = Looks(
        log=log,
        pool=process.pool,
        outbox=process.outbox,
        clock=process.clock,
        ids=process.ids,
        authority=process.authority.code,
        ring=process.bell.ring,
    )

    async def keep_months(stopping: Stopping) -> None:
        while not stopping.requested:
            async with process.pool.acquire() as db:
                await log.make_months(db, process.clock.now().date())
            await stopping.sleep(MONTHS_SECONDS)

    process.background.add("months", keep_months)
    search = gaps(process, settings)
    process.timers.on(TIMER, search.remind)
    process.keep_going("gaps", search.run, SILENT_SECONDS)
    if settings.replica == 1:
        process.background.add("heads", heads(process, settings).run)
    process.connect([consumers.subscription(process.group, keeper(process), settings.replica)])
    verifier = TokenVerifier(settings.staff_public_key, issuer=process.authority.code, clock=process.clock)
    cursors = Cursors(settings.master_key.get_secret_value())
    app = process.app("History")
    door = StaffDoor(verifier, Denylist(process.pool).until)
    files = attachments(process, settings, looks)
    process.keep_going("attachments", fetching(process, files).run, FILES_SILENT_SECONDS)
    process.keep_going("attachments-sweep", files.run, FILES_SILENT_SECONDS)
    app.include_router(api.routes(looks, files, door, cursors))
    pages.mounted(app, timelines(process, settings, looks, files, door, cursors))
    return app


if __name__ == "__main__":
    run_service("history", HistorySettings, build)
