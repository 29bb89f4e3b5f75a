"""The composition root of the notifier: `python -m services.notifier.main`."""

import time
from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI

from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenVerifier
from libs.chassis.bus import repair, revocations
from libs.chassis.bus.bell import Bell
from libs.chassis.ops.settings import WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process, run_service
from libs.chassis.store import denylist
from libs.chassis.store.denylist import Denylist
from libs.chassis.store.events import Category, Recorded
from libs.chassis.store.republishing import Published, published
from libs.events.topics import OUTBOUND, frontend_of, topic_of
from services.notifier import api, consumers, mime
from services.notifier.breaker import Breaker, Patience
from services.notifier.channels import Email, Frontend, Site
from services.notifier.domain import Terms
from services.notifier.figures import Figures
from services.notifier.handlers import Handlers
from services.notifier.letterhead import Letterhead
from services.notifier.letters import Letters
from services.notifier.profiles import Profiles
from services.notifier.reach import EMAIL, FRONTEND, SITE
from services.notifier.sender import Sender
from services.notifier.settings import NotifierSettings
from services.notifier.smtp_pool import Relay, SmtpPool
from services.notifier.store import NOTICES, REPLY, TRIALS, Notices, replies_by

SENDER_SILENT_SECONDS = 60.0
LETTERHEAD_SILENT_SECONDS = 60.0
ID_LENGTH = len(str(UUID(int=0)))


def _replies_in(stream: str) -> Category:
    return replies_by(stream.removeprefix(REPLY)[: -ID_LENGTH - 1])


def _replies_on(topic: str) -> Category | None:
    frontend = frontend_of(topic)
    return replies_by(frontend) if frontend and topic_of(topic) is OUTBOUND else None


def _request(row: Recorded) -> str:
    return str(row.envelope.payload["request_id"])


def _thread(row: Recorded) -> str:
    """The key of the dialogue went with the notice's content; what is published again stays in order by its thread."""
    return str(row.envelope.thread_id)


PUBLISHED = (
    published(NOTICES, _request),
    published(TRIALS),
    Published(prefix=REPLY, of_stream=_replies_in, of_topic=_replies_on, key=_thread),
)


async def build(process: Process, settings: NotifierSettings) -> FastAPI:
    figures = Figures(process.health.registry, time.monotonic)
    letters = Letters(process.authority, settings.site_url)
    notices = Notices(process.pool, process.queue_pool, process.keyring, process.store)
    letterhead = _letterhead(process, settings, letters)
    handlers = Handlers(
        store=notices,
        at_once={SITE: Site(), FRONTEND: Frontend(letters)},
        terms=_terms(settings),
        clock=process.clock,
        figures=figures,
    )
    bell = Bell()
    heard = process.repair(PUBLISHED).beside(revocations.beside(letterhead.before(handlers.heard)))
    effects = process.effect_once(consumers.GROUP, (*consumers.HEARS, *denylist.HEARS, *repair.HEARS), heard)
    process.connect([consumers.subscription(process.group, effects.take, [process.bell, bell])])
    _send_email(process, settings, letters, notices, handlers, figures, bell, letterhead)
    app = process.app("Notifier")
    verifier = TokenVerifier(settings.staff_public_key, issuer=process.authority.code, clock=process.clock)
    app.include_router(api.routes(notices, StaffDoor(verifier, Denylist(process.pool).until)))
    return app


def _send_email(
    process: Process,
    settings: NotifierSettings,
    letters: Letters,
    notices: Notices,
    handlers: Handlers,
    figures: Figures,
    bell: Bell,
    letterhead: Letterhead,
) -> None:
    pool = SmtpPool(_relay(settings), time.monotonic)
    sender = Sender(
        name=EMAIL,
        span="SMTP send",
        channel=Email(
            pool=pool,
            letters=letters,
            sender=letterhead.sender,
            attempt_seconds=settings.attempt_seconds,
        ),
        notices=notices,
        handlers=handlers,
        breaker=Breaker(Patience(failures=settings.breaker_failures, longest_pause_seconds=settings.breaker_longest_pause_seconds)),
        workers=settings.smtp_connections,
        poll_seconds=settings.notice_poll_seconds,
        now=time.monotonic,
        figures=figures,
        telemetry=process.telemetry,
        bell=bell,
        beat=process.health.loop("sender email", limit_seconds=SENDER_SILENT_SECONDS, now=time.monotonic).beat,
        may_send=lambda: letterhead.has_name,
    )

    async def send(stopping: Stopping) -> None:
        try:
            await letterhead.look_now()
            await sender.run(stopping)
        finally:
            await pool.close()

    process.background.add("sender-email", send)
    process.background.add("notices-watch", sender.watch)


def _letterhead(process: Process, settings: NotifierSettings, letters: Letters) -> Letterhead:
    """Raises `WrongSettings` when the authority's file can't write letters."""
    profiles = Profiles(process.keyring, process.authority.code)
    letterhead = Letterhead(file=process.authority, letters=letters, mail_from=settings.mail_from, profiles=profiles, pool=process.pool)
    process.keep_going("letterhead", letterhead.keep, LETTERHEAD_SILENT_SECONDS)
    try:
        letterhead.sender()
    except mime.UnsafeHeader:
        raise WrongSettings("The authority's name or OTKLIK_MAIL_FROM can't stand in the header of a letter: shorten it.") from None
    return letterhead


def _terms(settings: NotifierSettings) -> Terms:
    return Terms(
        first_pause=timedelta(seconds=settings.notice_first_pause_seconds),
        longest_pause=timedelta(seconds=settings.notice_longest_pause_seconds),
        unreachable_pause=timedelta(seconds=settings.notice_unreachable_pause_seconds),
        give_up=timedelta(hours=settings.notice_give_up_hours),
    )


def _relay(settings: NotifierSettings) -> Relay:
    password = settings.smtp_password
    return Relay(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password.get_secret_value() if password else None,
        connections=settings.smtp_connections,
        timeout_seconds=settings.smtp_timeout_seconds,
        letters_per_connection=settings.smtp_letters_per_connection,
        connection_seconds=settings.smtp_connection_seconds,
    )


if __name__ == "__main__":
    run_service("notifier", NotifierSettings, build)
