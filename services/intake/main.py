"""Intake's composition root."""

import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from functools import cache, partial
from typing import Any

import holidays
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.access.passwords import Passwords
from libs.chassis.access.sessions import SessionDoor
from libs.chassis.access.staff import StaffDoor
from libs.chassis.access.tokens import TokenVerifier
from libs.chassis.bus import repair
from libs.chassis.bus.races import past_races
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import Authority, WrongSettings
from libs.chassis.process import Process, run_service
from libs.chassis.store.republishing import published
from libs.web import assets
from libs.web.masthead import Masthead
from libs.web.pages import Pages
from services.intake import api, consumers, desk_api, tracking
from services.intake.account_store import AccountStore
from services.intake.accounts import Accounts
from services.intake.deadlines import TermRules, TermTooLong
from services.intake.desk import Desk
from services.intake.domain.acceptance import Accepted, Rules
from services.intake.domain.inbound import Inbound
from services.intake.domain.lists import Lists
from services.intake.handlers import Acceptance, Person
from services.intake.oddities import PointRule
from services.intake.overview import Overview
from services.intake.pages import account_pages, card_pages, frame, own_pages, register_pages, sign_in_pages
from services.intake.pages.people import People
from services.intake.pages.register_pages import DeskParts
from services.intake.queue import Queue
from services.intake.settings import IntakeSettings
from services.intake.sign_in import Sessions, SignIn
from services.intake.store import CATEGORIES, IntakeStore

DAYS = frozenset(field.name for field in fields(TermRules) if field.name.endswith("_days"))
QUEUE_SILENT_SECONDS = 60.0
PUBLISHED = tuple(published(category) for category in CATEGORIES.values() if category.topic is not None)


def rules_of(process: Process, settings: IntakeSettings) -> Rules:
    """What the authority's file and the settings say."""
    authority = process.authority
    journal = authority.journal(settings.journal) if settings.journal else authority.journals[0]
    if journal is None:
        raise WrongSettings(f"OTKLIK_JOURNAL: the authority's file has no journal {settings.journal}")
    calendar = holidays.country_holidays("RU")

    @cache
    def is_working(day: date) -> bool:
        return bool(calendar.is_working_day(day))

    return Rules(
        points=tuple(PointRule(point.code, point.kind) for point in authority.points),
        journal=journal.code,
        index=journal.index,
        time_zone=authority.time_zone,
        terms=terms_of(authority, settings.deadline_roll),
        is_working=is_working,
        key=code_key(settings),
        lists=lists_of(authority),
        register_at_once=settings.register_at_once,
    )


def terms_of(authority: Authority, roll: str) -> TermRules:
    """The law's terms, or the shorter ones that the authority promises; raises `WrongSettings`."""
    unknown = sorted(authority.terms.keys() - DAYS)
    if unknown:
        raise WrongSettings(f"The authority's file: [terms] has no {', '.join(unknown)}; it takes {', '.join(sorted(DAYS))}")
    told: dict[str, Any] = {"roll": roll, **authority.terms}
    try:
        return TermRules(**told)
    except TermTooLong as error:
        raise WrongSettings(f"The authority's file: [terms] {error}") from None


def lists_of(authority: Authority) -> Lists:
    return Lists(
        regime_of={one.code: one.regime for one in authority.types},
        topics=tuple(topic.code for topic in authority.topics),
        topics_of={unit.code: frozenset(unit.topics) for unit in authority.units},
    )


def code_key(settings: IntakeSettings) -> bytes:
    """The key of codes and fingerprints, derived from the master key."""
    return tracking.fingerprint(settings.master_key.get_secret_value(), "codes")


async def build(process: Process, settings: IntakeSettings) -> FastAPI:
    """The whole service on these parts; tests call the same."""
    rules = rules_of(process, settings)
    store = IntakeStore(process.store, rules.key)
    acceptance = Acceptance(
        store=store, outbox=process.outbox, rules=rules, authority=process.authority.code, clock=process.clock, ids=process.ids
    )

    async def register(batch: Sequence[Inbound]) -> list[Accepted | Refusal]:
        async def once() -> list[Accepted | Refusal]:
            async with process.pool.acquire() as db, db.transaction():
                return await acceptance.accept(db, batch)

        outcomes = await past_races(once)
        process.bell.ring()
        return outcomes

    queue = Queue(register, limit=settings.queue_limit)
    progress = process.health.loop("queue", limit_seconds=QUEUE_SILENT_SECONDS, now=time.monotonic)
    process.background.add("queue", partial(queue.run, beat=progress.beat))

    def key_of(frontend: str, dialogue: str) -> str:
        return tracking.dialogue_mark(rules.key, frontend, dialogue).hex()

    handler = process.repair(PUBLISHED).beside(consumers.handler(acceptance, key_of))
    effect = process.effect_once(consumers.CONSUMER, (*consumers.HEARS, *repair.HEARS), handler, consumers.refuser(acceptance))
    process.connect([consumers.subscription(process.group, effect, process.bell.ring)])
    app = process.app("Intake")
    app.include_router(
        api.routes(
            put=queue.put,
            person=Person(pool=process.pool, store=store, rules=rules, clock=process.clock),
            frontends=FrontendKeys(settings.frontend_keys_file),
            key=rules.key,
            clock=process.clock,
            telemetry=process.telemetry,
        )
    )
    open_desk(app, process, settings, store, rules)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    return app


def open_desk(app: FastAPI, process: Process, settings: IntakeSettings, store: IntakeStore, rules: Rules) -> None:
    """The desk's doors, for programs and for people."""
    desk = Desk(pool=process.pool, store=store, rules=rules, clock=process.clock, ring=process.bell.ring)
    verifier = TokenVerifier(settings.staff_public_key, issuer=process.authority.code, clock=process.clock)
    app.include_router(desk_api.routes(desk, StaffDoor(verifier), process.telemetry))
    pages = frame.desk_pages(assets.load(), Masthead.of(process.authority), demo=settings.demo)
    people = people_of(process, settings, rules.key, pages)
    overview = Overview(pool=process.pool, store=store, rules=rules, clock=process.clock)
    parts = DeskParts(pages=pages, door=people.door, desk=desk, overview=overview, authority=process.authority, lists=rules.lists)
    about_requests = [register_pages.routes(parts), card_pages.routes(parts, people.accounts, process.telemetry)]
    about_people = [sign_in_pages.routes(people), own_pages.routes(people), account_pages.routes(people)]
    frame.mounted(app, pages, [*about_requests, *about_people])


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
    )
    return People(
        pages=pages,
        door=SessionDoor(sessions.find),
        accounts=accounts,
        sign_in=SignIn(sessions=sessions, accounts=accounts, passwords=passwords),
        clock=process.clock,
        units=process.authority.units,
        issuer=process.authority.short_name,
        secret=tracking.fingerprint(key, "desk cookies"),
    )


if __name__ == "__main__":
    run_service("intake", IntakeSettings, build)
