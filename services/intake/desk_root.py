"""The desk's part of the composition root: everything that its pages stand on is created here."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

import httpx
from fastapi import APIRouter, FastAPI

from libs.chassis.access.back_channel import BackChannel
from libs.chassis.access.openid import Client, OpenIdConnect
from libs.chassis.access.passwords import Passwords
from libs.chassis.access.provider import Provider
from libs.chassis.access.sessions import SessionDoor
from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenIssuer, TokenVerifier, public_key_of
from libs.chassis.ops.settings import Authority, WrongSettings
from libs.chassis.ops.stop import Stopping
from libs.chassis.process import Process
from libs.chassis.store.database import Connection
from libs.chassis.store.denylist import Denylist
from libs.web import assets
from libs.web.masthead import Masthead
from libs.web.pages import Pages
from services.intake import desk_api, tracking
from services.intake.authority.book import Book
from services.intake.authority.set_up import SetUp
from services.intake.authority.store import AuthorityStore
from services.intake.calendar_desk import CalendarDesk
from services.intake.desk import Desk
from services.intake.domain.authority.decided import effective
from services.intake.feed_store import FeedStore
from services.intake.feeds import Feeds
from services.intake.files_root import FileParts, files_of_answers, files_of_cards
from services.intake.files_root import code_key as code_key
from services.intake.hand_over import HandOver
from services.intake.indicators.board import Board
from services.intake.indicators.review import Indicators
from services.intake.letter_store import LetterStore
from services.intake.live import Live
from services.intake.looks import Looks
from services.intake.outgoing import Outgoing
from services.intake.overview import Overview
from services.intake.pages import frame, live_pages
from services.intake.pages.cards import (
    answer_pages,
    attachment_pages,
    card_pages,
    client_pages,
    draft_pages,
    paper_pages,
    post_pages,
    ready_made_pages,
    taking_pages,
)
from services.intake.pages.cards.card_pages import Card
from services.intake.pages.cards.client_pages import ClientParts
from services.intake.pages.cards.draft_files import DraftFiles
from services.intake.pages.cards.taking_pages import TakingParts
from services.intake.pages.leading import board_pages, indicator_pages
from services.intake.pages.people import People
from services.intake.pages.register import export_pages, hand_over_pages, register_pages, together_pages, view_pages
from services.intake.pages.register.register_pages import DeskParts
from services.intake.pages.settings import calendar_pages, list_pages, point_pages, settings_pages, text_pages
from services.intake.pages.settings.settings_pages import SettingsParts
from services.intake.pages.staff import account_pages, deputy_pages, entry_pages, feed_pages, own_pages, sign_in_pages
from services.intake.papers.answers import Answers
from services.intake.settings import IntakeSettings
from services.intake.staff.accounts import Accounts
from services.intake.staff.deputies import Deputies
from services.intake.staff.entry import Claims, Entry
from services.intake.staff.newcomer_store import NewcomerStore
from services.intake.staff.sign_in import Sessions, SignIn
from services.intake.staff.store import AccountStore
from services.intake.store import IntakeStore
from services.intake.taking import Taking
from services.intake.together import Together
from services.intake.view_store import ViewStore
from services.intake.views import SavedViews
from services.intake.words.alike import Likeness
from services.intake.words.export import Export
from services.intake.words.search import Search
from services.intake.words.suggestions import Hint, NoWord, hint

LIVE_SILENT_SECONDS = 60.0


def hints_of(authority: Authority) -> tuple[Hint, ...]:
    """What the authority says of words; raises `WrongSettings`."""
    try:
        return tuple(hint(one.words, one.gives) for one in authority.hints)
    except NoWord as error:
        raise WrongSettings(f"The authority's file: [[hints]] names «{error}», in which there is no word to look for") from None


def open_desk(
    app: FastAPI,
    process: Process,
    settings: IntakeSettings,
    store: IntakeStore,
    set_up: SetUp,
    taking: Taking,
    files: FileParts,
    answers: Answers,
) -> None:
    """The desk's doors, for programs and for people."""
    looks = looks_of(process)
    desk = Desk(
        pool=process.pool,
        store=store,
        book=set_up.book,
        files=files.of_answers,
        looks=looks,
        clock=process.clock,
        ring=process.bell.ring,
    )
    verifier = TokenVerifier(settings.staff_public_key, issuer=process.authority.code, clock=process.clock)
    app.include_router(desk_api.routes(desk, StaffDoor(verifier, Denylist(process.pool).until, looks.refused), process.telemetry))
    pages = frame.desk_pages(assets.load(), lambda: Masthead.of(set_up.book.authority), demo=settings.demo)
    people = people_of(process, settings, code_key(settings), pages, set_up.book, looks)
    parts = parts_of(process, settings, store, set_up.book, desk, people, looks)
    requests = about_requests(process, settings, parts, people, taking, files, answers)
    routers = [*requests, *about_people(process, settings, store, parts, people, set_up)]
    limit = settings.http_body_limit_bytes
    frame.mounted(app, pages, routers, limit, limit + settings.files_total_limit_bytes)


def looks_of(process: Process) -> Looks:
    return Looks(
        pool=process.pool,
        events=process.store,
        zone=process.authority.time_zone,
        clock=process.clock,
        ring=process.bell.ring,
        traceparent=process.telemetry.current_traceparent,
    )


def live_of(process: Process, store: IntakeStore) -> Live:
    """With its loop."""

    async def versions(request_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        async with process.pool.acquire() as db:
            return await store.versions(db, request_ids)

    live = Live(versions, time.monotonic)
    process.keep_going("live", live.keep, LIVE_SILENT_SECONDS)
    return live


def parts_of(
    process: Process, settings: IntakeSettings, store: IntakeStore, book: Book, desk: Desk, people: People, looks: Looks
) -> DeskParts:
    """What the pages about requests stand on."""
    key = code_key(settings)
    overview = Overview(pool=process.pool, store=store, book=book, clock=process.clock)
    search = Search(pool=process.pool, overview=overview, key=key)
    return DeskParts(
        pages=people.pages,
        door=people.door,
        desk=desk,
        overview=overview,
        search=search,
        likeness=Likeness(pool=process.pool, overview=overview, search=search, key=key),
        hints=hints_of(process.authority),
        looks=looks,
        live=live_of(process, store),
        views=SavedViews(pool=process.pool, store=ViewStore(), ids=process.ids),
        book=book,
    )


def about_requests(
    process: Process,
    settings: IntakeSettings,
    parts: DeskParts,
    people: People,
    taking: Taking,
    files: FileParts,
    answers: Answers,
) -> list[APIRouter]:
    """Pages about requests."""
    export = Export(pool=process.pool, overview=parts.overview, zone=process.authority.time_zone)
    taking_parts = TakingParts(
        desk=parts,
        taking=taking,
        accounts=people.accounts,
        people=people,
        telemetry=process.telemetry,
        new_id=process.ids.new,
        status_address=f"{settings.site_url}/status" if settings.site_url else None,
        files=files_of_cards(process, settings, files.uploads),
    )
    draft_files = DraftFiles(taken=files_of_answers(process, settings, files.uploads))
    of_clients = ClientParts(desk=parts, people=people, history_url=settings.history_url)
    card = Card(parts, people.accounts, files.attachments, draft_files, process.telemetry, of_clients.shown)
    return [
        register_pages.routes(parts),
        view_pages.routes(parts, people.accounts),
        export_pages.routes(parts, export, people.accounts),
        live_pages.routes(parts.live, people.door),
        attachment_pages.routes(parts, files.attachments, process.telemetry),
        client_pages.routes(of_clients),
        card_pages.routes(parts, card),
        draft_pages.routes(parts, card, draft_files, files.of_answers),
        ready_made_pages.routes(parts),
        taking_pages.routes(taking_parts),
        paper_pages.routes(taking_parts),
        answer_pages.routes(parts, answers),
    ]


def about_people(
    process: Process, settings: IntakeSettings, store: IntakeStore, parts: DeskParts, people: People, set_up: SetUp
) -> list[APIRouter]:
    """Pages about staff and the authority."""
    calendar = CalendarDesk(
        pool=process.pool, authorities=set_up.store, store=store, book=set_up.book, clock=process.clock, ring=process.bell.ring
    )
    work = HandOver(desk=parts.desk, accounts=people.accounts, store=store, book=set_up.book, batch=settings.hand_over_batch)
    settings_parts = settings_of(process, people, people.pages, set_up)
    indicators = Indicators(pool=process.pool, book=set_up.book, clock=process.clock)
    return [
        indicator_pages.routes(parts, indicators),
        board_pages.routes(parts, Board(process.pool)),
        sign_in_pages.routes(people),
        own_pages.routes(people),
        feed_pages.routes(people, settings.desk_url),
        account_pages.routes(people),
        deputy_pages.routes(people),
        post_pages.routes(parts, Outgoing(process.pool, store, LetterStore())),
        hand_over_pages.routes(parts, work, process.telemetry),
        together_pages.routes(parts, Together(desk=parts.desk, pool=process.pool, store=store), people.accounts, process.telemetry),
        calendar_pages.routes(parts, calendar, people.accounts, process.telemetry),
        settings_pages.routes(settings_parts),
        text_pages.routes(settings_parts),
        point_pages.routes(settings_parts),
        list_pages.routes(settings_parts),
        *([entry_pages.routes(people, people.entry)] if people.entry else []),
    ]


def set_up_of(process: Process, book: Book) -> SetUp:
    """What administrators decide about the authority, and what the notifier tells of it."""
    return SetUp(
        file=process.authority,
        pool=process.pool,
        store=AuthorityStore(process.store, process.authority.code),
        book=book,
        clock=process.clock,
        ids=process.ids,
        ring=process.bell.ring,
    )


def settings_of(process: Process, people: People, pages: Pages, set_up: SetUp) -> SettingsParts:
    return SettingsParts(
        pages=pages,
        door=people.door,
        set_up=set_up,
        book=set_up.book,
        accounts=people.accounts,
        clock=process.clock,
        telemetry=process.telemetry,
    )


def accounts_of(process: Process, settings: IntakeSettings, key: bytes, passwords: Passwords) -> Accounts:
    """What is done to accounts; the command line takes the same."""
    return Accounts(
        pool=process.pool,
        store=AccountStore(process.store, process.keyring, key),
        passwords=passwords,
        units=partial(units_now, process),
        clock=process.clock,
        ids=process.ids,
        ring=process.bell.ring,
        traceparent=process.telemetry.current_traceparent,
        set_up_code=settings.setup_code.get_secret_value() if settings.setup_code else None,
    )


async def authority_now(process: Process, db: Connection) -> Authority:
    """As it is at this moment, read from the store: the command line keeps no book."""
    return effective(process.authority, await AuthorityStore(process.store, process.authority.code).decided(db))


async def units_now(process: Process, db: Connection) -> list[str]:
    """Codes of the units that the authority has."""
    return [unit.code for unit in (await authority_now(process, db)).units]


def people_of(process: Process, settings: IntakeSettings, key: bytes, pages: Pages, book: Book, looks: Looks) -> People:
    """What the pages about accounts stand on; its door is that of every page of the desk."""
    passwords = Passwords(settings.password_memory_kib)
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
        door=SessionDoor(sessions.find, looks.refused),
        accounts=accounts,
        sign_in=sign_in,
        entry=entry_of(process, settings, key, accounts, sign_in),
        deputies=Deputies(accounts=accounts, authority=process.authority),
        feeds=Feeds(pool=process.pool, store=FeedStore(), book=book, authority=process.authority.code, clock=process.clock),
        clock=process.clock,
        book=book,
        secret=tracking.fingerprint(key, "desk cookies"),
        tokens=tokens_of(process, settings),
    )


def tokens_of(process: Process, settings: IntakeSettings) -> TokenIssuer | None:
    if settings.staff_private_key is None:
        return None
    key = settings.staff_private_key.get_secret_value()
    if public_key_of(key) != settings.staff_public_key:
        raise WrongSettings("OTKLIK_STAFF_PRIVATE_KEY is not the key of OTKLIK_STAFF_PUBLIC_KEY: no service would take its tokens")
    return TokenIssuer(key, issuer=process.authority.code, clock=process.clock)


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
    provider = Provider(settings.openid_issuer, http, process.clock)
    return Entry(
        openid=OpenIdConnect(provider, client, process.clock),
        back_channel=BackChannel(provider, client.client_id, process.clock),
        claims=claims,
        pool=process.pool,
        newcomers=NewcomerStore(key),
        accounts=accounts,
        sign_in=sign_in,
        clock=process.clock,
    )
