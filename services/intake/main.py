"""Intake's composition root."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import httpx
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.access.openid import Client, OpenIdConnect
from libs.chassis.access.passwords import Passwords
from libs.chassis.access.provider import Provider
from libs.chassis.access.sessions import SessionDoor
from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenIssuer, TokenVerifier, public_key_of
from libs.chassis.bus import repair
from libs.chassis.bus.races import past_races
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import Authority, WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process, run_service
from libs.chassis.store.denylist import Denylist
from libs.chassis.store.republishing import published
from libs.web import assets
from libs.web.masthead import Masthead
from libs.web.pages import Pages
from services.intake import api, consumers, desk_api, office_api, tracking
from services.intake.account_store import AccountStore
from services.intake.accounts import Accounts
from services.intake.authority_store import AuthorityStore
from services.intake.book import Book, rules_of
from services.intake.calendar_desk import CalendarDesk
from services.intake.deputies import Deputies
from services.intake.desk import Desk
from services.intake.domain.acceptance import Accepted
from services.intake.domain.inbound import Inbound
from services.intake.entry import Claims, Entry
from services.intake.hand_over import HandOver
from services.intake.handlers import Acceptance, Person
from services.intake.live import Live
from services.intake.looks import Looks
from services.intake.newcomer_store import NewcomerStore
from services.intake.overview import Overview
from services.intake.pages import (
    account_pages,
    calendar_pages,
    card_pages,
    deputy_pages,
    entry_pages,
    export_pages,
    frame,
    hand_over_pages,
    live_pages,
    own_pages,
    paper_pages,
    register_pages,
    sign_in_pages,
    taking_pages,
)
from services.intake.pages.people import People
from services.intake.pages.register_pages import DeskParts
from services.intake.pages.taking_pages import TakingParts
from services.intake.queue import Queue
from services.intake.settings import IntakeSettings
from services.intake.sign_in import Sessions, SignIn
from services.intake.store import CATEGORIES, IntakeStore
from services.intake.taking import Taking
from services.intake.term_watch import TermWatch
from services.intake.words.alike import Likeness
from services.intake.words.export import Export
from services.intake.words.index import WordIndex
from services.intake.words.search import Search
from services.intake.words.suggestions import Hint, NoWord, hint

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
        authority=authority,
        key=key,
        journal=journal,
        roll=settings.deadline_roll,
        register_at_once=settings.register_at_once,
    )
    return Book(make=make, pool=process.pool, store=AuthorityStore(process.store, authority.code))


def hints_of(authority: Authority) -> tuple[Hint, ...]:
    """What the authority says of words; raises `WrongSettings`."""
    try:
        return tuple(hint(one.words, one.gives) for one in authority.hints)
    except NoWord as error:
        raise WrongSettings(f"The authority's file: [[hints]] names «{error}», in which there is no word to look for") from None


def code_key(settings: IntakeSettings) -> bytes:
    """The key of codes and fingerprints, derived from the master key."""
    return tracking.fingerprint(settings.master_key.get_secret_value(), "codes")


async def build(process: Process, settings: IntakeSettings) -> FastAPI:
    """The whole service on these parts; tests call the same."""
    key = code_key(settings)
    book = book_of(process, settings, key)
    store = IntakeStore(process.store, key)
    acceptance = Acceptance(
        store=store, outbox=process.outbox, book=book, authority=process.authority.code, clock=process.clock, ids=process.ids
    )

    async def register(batch: Sequence[Inbound]) -> list[Accepted | Refusal]:
        async def once() -> list[Accepted | Refusal]:
            async with process.pool.acquire() as db, db.transaction():
                return await acceptance.accept(db, batch)

        outcomes = await past_races(once)
        process.bell.ring()
        return outcomes

    queue = Queue(register, limit=settings.queue_limit)
    looking = process.health.loop("book", limit_seconds=BOOK_SILENT_SECONDS, now=time.monotonic)
    process.background.add("book", partial(book.keep, beat=looking.beat))
    progress = process.health.loop("queue", limit_seconds=QUEUE_SILENT_SECONDS, now=time.monotonic)
    process.background.add("queue", partial(queue.run, beat=progress.beat))

    words = WordIndex(pool=process.pool, events=process.store, keyring=process.keyring, key=key)
    read = process.health.loop("words", limit_seconds=WORDS_SILENT_SECONDS, now=time.monotonic)
    process.background.add("words", partial(words.run, beat=read.beat))

    def key_of(frontend: str, dialogue: str) -> str:
        return tracking.dialogue_mark(key, frontend, dialogue).hex()

    handler = process.repair(PUBLISHED).beside(consumers.handler(acceptance, key_of))
    effect = process.effect_once(consumers.CONSUMER, (*consumers.HEARS, *repair.HEARS), handler, consumers.refuser(acceptance))
    process.connect([consumers.subscription(process.group, effect, process.bell.ring)])
    watch_terms(process, settings, store, book)
    app = process.app("Intake")
    app.include_router(
        api.routes(
            put=queue.put,
            person=Person(pool=process.pool, store=store, book=book, clock=process.clock),
            frontends=FrontendKeys(settings.frontend_keys_file),
            key=key,
            clock=process.clock,
            telemetry=process.telemetry,
        )
    )
    app.include_router(office_api.routes(book=book, frontends=FrontendKeys(settings.frontend_keys_file), clock=process.clock))
    taking = Taking(put=queue.put, book=book, clock=process.clock)
    open_desk(app, process, settings, store, book, taking)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def watch_terms(process: Process, settings: IntakeSettings, store: IntakeStore, book: Book) -> None:
    """What days do by themselves."""
    watch = TermWatch(pool=process.pool, store=store, book=book, clock=process.clock, ring=process.bell.ring)
    silent_seconds = settings.term_look_seconds + QUEUE_SILENT_SECONDS
    progress = process.health.loop("term-watch", limit_seconds=silent_seconds, now=time.monotonic)
    process.background.add("term-watch", partial(watch.run, beat=progress.beat, pause_seconds=settings.term_look_seconds))


def open_desk(app: FastAPI, process: Process, settings: IntakeSettings, store: IntakeStore, book: Book, taking: Taking) -> None:
    """The desk's doors, for programs and for people."""
    looks = Looks(
        pool=process.pool,
        events=process.store,
        zone=process.authority.time_zone,
        clock=process.clock,
        ring=process.bell.ring,
        traceparent=process.telemetry.current_traceparent,
    )
    desk = Desk(pool=process.pool, store=store, book=book, looks=looks, clock=process.clock, ring=process.bell.ring)
    verifier = TokenVerifier(settings.staff_public_key, issuer=process.authority.code, clock=process.clock)
    app.include_router(desk_api.routes(desk, StaffDoor(verifier, Denylist(process.pool).until), process.telemetry))
    pages = frame.desk_pages(assets.load(), Masthead.of(process.authority), demo=settings.demo)
    people = people_of(process, settings, code_key(settings), pages)
    overview = Overview(pool=process.pool, store=store, book=book, clock=process.clock)

    async def versions(request_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        async with process.pool.acquire() as db:
            return await store.versions(db, request_ids)

    live = Live(versions, time.monotonic)
    process.background.add("live", partial(live.keep, beat=process.health.loop("live", limit_seconds=60.0, now=time.monotonic).beat))
    key = code_key(settings)
    search = Search(pool=process.pool, overview=overview, key=key)
    parts = DeskParts(
        pages=pages,
        door=people.door,
        desk=desk,
        overview=overview,
        search=search,
        likeness=Likeness(pool=process.pool, overview=overview, search=search, key=key),
        hints=hints_of(process.authority),
        looks=looks,
        live=live,
        authority=process.authority,
        book=book,
    )
    authorities = AuthorityStore(process.store, process.authority.code)
    calendar = CalendarDesk(pool=process.pool, authorities=authorities, store=store, book=book, clock=process.clock, ring=process.bell.ring)
    work = HandOver(desk=desk, accounts=people.accounts, store=store, book=book, batch=settings.hand_over_batch)
    export = Export(pool=process.pool, overview=overview, zone=process.authority.time_zone)
    taking_parts = TakingParts(
        desk=parts,
        taking=taking,
        accounts=people.accounts,
        people=people,
        telemetry=process.telemetry,
        new_id=process.ids.new,
        status_address=f"{settings.site_url}/status" if settings.site_url else None,
    )
    routers = [
        register_pages.routes(parts),
        export_pages.routes(parts, export, people.accounts),
        live_pages.routes(live, people.door),
        card_pages.routes(parts, people.accounts, process.telemetry),
        calendar_pages.routes(parts, calendar, people.accounts, process.telemetry),
        sign_in_pages.routes(people),
        own_pages.routes(people),
        account_pages.routes(people),
        deputy_pages.routes(people),
        hand_over_pages.routes(parts, work, process.telemetry),
        taking_pages.routes(taking_parts),
        paper_pages.routes(taking_parts),
    ]
    if people.entry:
        routers.append(entry_pages.routes(people, people.entry))
    frame.mounted(app, pages, routers)


def accounts_of(process: Process, settings: IntakeSettings, key: bytes, passwords: Passwords) -> Accounts:
    """What is done to accounts; the command line takes the same."""
    return Accounts(
        pool=process.pool,
        store=AccountStore(process.store, process.keyring, key),
        passwords=passwords,
        units=[unit.code for unit in process.authority.units],
        clock=process.clock,
        ids=process.ids,
        ring=process.bell.ring,
        traceparent=process.telemetry.current_traceparent,
        set_up_code=settings.setup_code.get_secret_value() if settings.setup_code else None,
    )


def people_of(process: Process, settings: IntakeSettings, key: bytes, pages: Pages) -> People:
    """What the pages about accounts stand on; its door is that of every page of the desk."""
    passwords = Passwords()
    accounts = accounts_of(process, settings, key, passwords)
    sessions = Sessions(
        pool=process.pool,
        store=accounts.store,
        clock=process.clock,
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
        day_of=process.authority.day_of,
    )
    sign_in = SignIn(sessions=sessions, accounts=accounts, passwords=passwords)
    return People(
        pages=pages,
        door=SessionDoor(sessions.find),
        accounts=accounts,
        sign_in=sign_in,
        entry=entry_of(process, settings, key, accounts, sign_in),
        deputies=Deputies(accounts=accounts, authority=process.authority),
        clock=process.clock,
        units=process.authority.units,
        issuer=process.authority.short_name,
        secret=tracking.fingerprint(key, "desk cookies"),
        tokens=TokenIssuer(_private_key(settings), issuer=process.authority.code, clock=process.clock),
    )


def _private_key(settings: IntakeSettings) -> bytes:
    key = settings.staff_private_key.get_secret_value()
    if public_key_of(key) != settings.staff_public_key:
        raise WrongSettings("OTKLIK_STAFF_PRIVATE_KEY is not the key of OTKLIK_STAFF_PUBLIC_KEY: no service would take its tokens")
    return key


def entry_of(process: Process, settings: IntakeSettings, key: bytes, accounts: Accounts, sign_in: SignIn) -> Entry | None:
    """The way in by the provider that the settings name; None: there is none."""
    if settings.openid_issuer is None:
        return None
    if not (settings.openid_client_id and settings.openid_client_secret and settings.desk_url):
        raise WrongSettings("OTKLIK_OPENID_ISSUER needs OTKLIK_OPENID_CLIENT_ID, OTKLIK_OPENID_CLIENT_SECRET and OTKLIK_DESK_URL beside it")
    http = httpx.AsyncClient(timeout=settings.openid_timeout_seconds, follow_redirects=False)

    async def keep_open(stopping: Stopping) -> None:
        async with http:
            await stopping.wait()

    process.background.add("openid", keep_open)
    client = Client(
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret.get_secret_value(),
        redirect_uri=f"{settings.desk_url}{entry_pages.BACK}",
        left_uri=f"{settings.desk_url}{sign_in_pages.SIGN_IN}",
        scopes=settings.openid_scopes,
        subject_claim=settings.openid_subject_claim,
    )
    claims = Claims(
        name=settings.openid_name_claim,
        login=settings.openid_login_claim,
        roles=settings.openid_roles_claim,
        roles_of=settings.openid_roles or {},
        opens=settings.openid_opens_accounts,
    )
    return Entry(
        openid=OpenIdConnect(Provider(settings.openid_issuer, http, process.clock), client, process.clock),
        claims=claims,
        pool=process.pool,
        newcomers=NewcomerStore(key),
        accounts=accounts,
        sign_in=sign_in,
        clock=process.clock,
    )


if __name__ == "__main__":
    run_service("intake", IntakeSettings, build)
