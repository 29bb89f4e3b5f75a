"""The composition root of the site: `python -m frontends.site.main`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from frontends.site import intake_door
from frontends.site.act_pages import ANSWER, ActPages
from frontends.site.attached_files import AttachedFiles
from frontends.site.attempts import Attempts
from frontends.site.code_pages import LOST, CodePages
from frontends.site.confirm_pages import ConfirmPages
from frontends.site.figures import Figures
from frontends.site.how_pages import HowPages
from frontends.site.intake_door import IntakeDoor
from frontends.site.office import OfficeSign
from frontends.site.pages import RequestPages
from frontends.site.saved_forms import SavedForms
from frontends.site.saved_pages import SAVE, SAVED, SavedPages
from frontends.site.sent_forms import SentForms
from frontends.site.settings import SiteSettings
from frontends.site.status_pages import AGAIN, StatusPages
from frontends.site.status_view import StatusView
from frontends.site.verify_pages import VERIFY, VerifyPages
from frontends.site.whose import Whose
from libs.chassis.ops import health, logs, metrics
from libs.chassis.ops.clock import Clock, SystemClock
from libs.chassis.ops.settings import Authority, load_authority
from libs.chassis.ops.stop import Background, run, serve
from libs.chassis.ops.telemetry import Telemetry
from libs.web import assets
from libs.web.assets import Assets
from libs.web.headers import BodyLimit, SafeHeaders
from libs.web.pages import Pages
from libs.web.sealed_cookies import Seal, SealedCookie

SECRET_SHOWN_SECONDS = 30 * 60
FILES_KEPT_SECONDS = 12 * 60 * 60  # intake removes what no message named within a day
FORMS_WITH_FILES = ("/request", "/request/unsent", SAVE, ANSWER)


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What the site is handed: the way to intake, the time, ids and the files of its pages; `background` is what runs beside them."""

    http: httpx.AsyncClient
    assets: Assets
    clock: Clock
    new_id: Callable[[], UUID] = uuid4  # random: the id of a form is all that protects its receipt
    telemetry: Telemetry
    background: Background = field(default_factory=Background)


def build(settings: SiteSettings, authority: Authority, outside: Outside) -> FastAPI:
    app = FastAPI(title="Site", openapi_url=None)
    door = IntakeDoor(outside.http)
    whose = Whose(authority, door)
    outside.background.add("whose", whose.keep)
    pages = Pages(folder=Path(__file__).parent, assets=outside.assets, masthead=lambda: whose.masthead, demo=settings.demo)
    registry = metrics.registry()
    office = OfficeSign(door)
    files = AttachedFiles(
        door=door,
        seal=Seal("files of a form", settings.frontend_key.get_secret_value().encode(), FILES_KEPT_SECONDS, outside.clock),
        new_id=outside.new_id,
        limit_bytes=settings.file_limit_bytes,
        most=settings.files_limit,
        attempts=Attempts.allowed(settings.files_per_address),
    )
    request_pages = RequestPages(
        pages=pages,
        door=door,
        clock=outside.clock,
        new_id=outside.new_id,
        receipts=_cookie("receipt", "/request/sent", settings, outside.clock),
        unsent=_cookie("unsent", "/request/unsent", settings, outside.clock),
        saved=SavedForms(door=door, secret=settings.frontend_key.get_secret_value().encode(), clock=outside.clock),
        sent=SentForms(_cookie("sent", "/request", settings, outside.clock)),
        figures=Figures(registry),
        files=files,
        point=settings.point,
        status_address=f"{settings.site_url}/status",
        office=office,
        zone=authority.time_zone,
    )
    app.include_router(request_pages.routes())
    app.include_router(saved_pages_of(settings, outside, request_pages).routes())
    app.include_router(HowPages(pages=pages, whose=whose, office=office).routes())
    for router in about_sent_requests(settings, outside, pages, door, lambda: whose.zone, files):
        app.include_router(router)
    app.include_router(health.routes(_health(door, registry)))
    pages.install(app)
    with_files = settings.http_body_limit_bytes + settings.files_total_limit_bytes
    larger = dict.fromkeys(FORMS_WITH_FILES, with_files)
    app.add_middleware(BodyLimit, limit_bytes=settings.http_body_limit_bytes, larger=larger)
    app.add_middleware(SafeHeaders)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    outside.telemetry.instrument(app)
    return app


def saved_pages_of(settings: SiteSettings, outside: Outside, form: RequestPages) -> SavedPages:
    return SavedPages(
        form=form,
        saved=_cookie("saved", SAVED, settings, outside.clock),
        saving=Attempts.allowed(settings.saves_per_address),
        guessing=Attempts.allowed(settings.status_attempts),
    )


def about_sent_requests(
    settings: SiteSettings, outside: Outside, pages: Pages, door: IntakeDoor, zone: Callable[[], tzinfo], files: AttachedFiles
) -> list[APIRouter]:
    """Pages for those who have asked already."""
    attempts = Attempts.allowed(settings.status_attempts)
    view = StatusView(
        pages=pages,
        door=door,
        clock=outside.clock,
        new_id=outside.new_id,
        zone=zone,
        lookups=_cookie("lookup", "/status", settings, outside.clock),
        typed=_cookie("typed", AGAIN, settings, outside.clock),
        files=files,
    )
    status_pages, act_pages = StatusPages(view=view, attempts=attempts), ActPages(view=view, door=door, files=files)
    confirm_pages = ConfirmPages(
        pages=pages, door=door, confirmed=_cookie("confirmed", "/confirm", settings, outside.clock), attempts=attempts
    )
    code_pages = CodePages(
        pages=pages,
        door=door,
        typed=_cookie("known-by", LOST, settings, outside.clock),
        attempts=Attempts.allowed(settings.code_reminders_per_address),
    )
    verify_pages = VerifyPages(
        pages=pages,
        door=door,
        asked=_cookie("verify", VERIFY, settings, outside.clock),
        attempts=Attempts.allowed(settings.status_attempts),
    )
    return [status_pages.routes(), act_pages.routes(), confirm_pages.routes(), code_pages.routes(), verify_pages.routes()]


async def main() -> None:
    settings = SiteSettings.read()
    authority = load_authority(settings.authority_file)
    telemetry = Telemetry.from_settings("site", settings.otlp_endpoint)
    logs.configure(service="site", level=settings.log_level, traceparent=telemetry.current_traceparent)
    http = intake_door.client(settings.intake_url, settings.frontend_key.get_secret_value(), settings.intake_timeout_seconds)
    async with http:
        outside = Outside(http=http, assets=assets.load(), clock=SystemClock(), telemetry=telemetry)
        await serve(build(settings, authority, outside), settings, outside.background)
    telemetry.shutdown()


def _cookie(name: str, path: str, settings: SiteSettings, clock: Clock) -> SealedCookie:
    """Sealed under a key derived from the frontend's own, which every replica has and which is changed with it."""
    secret = settings.frontend_key.get_secret_value().encode()
    return SealedCookie(name, secret, SECRET_SHOWN_SECONDS, path, clock)


def _health(door: IntakeDoor, registry: CollectorRegistry) -> health.Health:
    """The pages are served also while intake is down, so that people are told; whether it is there is said beside."""
    return health.Health(registry=registry, readiness=health.Readiness(doors={"http": {}, "requests": {"intake": door.check}}))


if __name__ == "__main__":
    run(main)
