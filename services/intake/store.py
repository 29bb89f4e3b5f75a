"""Intake's SQL: what a batch of messages has to know, and the read models that tell it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.destruction import destroyed
from libs.chassis.store.events import Append, Category, EventStore, Recorded
from libs.chassis.store.models import ReadModels, Row, refresh
from libs.chassis.store.outbox import Record
from libs.chassis.store.queries import queries
from libs.events.contracts import audit_events, intake_clients, intake_requests
from libs.events.contracts.intake_clients import ClientIdentified, ContactConfirmed, RepresentativeDismissed, RepresentativeEmpowered
from libs.events.contracts.intake_requests import (
    HistoricalEntryImported,
    HistoricalRequestImported,
    PersonalDataCorrected,
    RequestAdditionalChannelChanged,
    RequestChannelsChanged,
    RequestReceived,
    RequestRegistered,
    RequestRevised,
    RequestSupplemented,
)
from libs.events.registry import Registry
from libs.events.topics import AUDIT as AUDIT_TOPIC
from libs.events.topics import CLIENTS, REQUESTS
from libs.events.vocabulary import MessageRef, Represented, Status, Urgency
from services.intake import tracking
from services.intake.authority.store import AUTHORITY
from services.intake.contexts import context_of
from services.intake.deadlines import LONGEST, nearest
from services.intake.domain import client as clients
from services.intake.domain import register as registers
from services.intake.domain import request as requests
from services.intake.domain.acceptance import Facts, Known, Rules, Seen
from services.intake.domain.answer import letters
from services.intake.domain.client import account_identity, contact_identity
from services.intake.domain.filters import After
from services.intake.domain.inbound import digest
from services.intake.domain.measures import Measured, spans
from services.intake.domain.representing import powers_identity
from services.intake.staff import store as account_store
from services.intake.staff.store import STAFF
from services.intake.transitions import OPEN

SQL = queries(__file__)

REQUEST = Category(name="request", registry=Registry(intake_requests.EVENTS), topic=REQUESTS)
CLIENT = Category(name="client", registry=Registry(intake_clients.EVENTS), topic=CLIENTS)
REGISTER = Category(name="register", registry=Registry(registers.EVENTS))
AUDIT = Category(name="audit", registry=Registry(audit_events.EVENTS), topic=AUDIT_TOPIC)
CATEGORIES = {category.name: category for category in (REQUEST, CLIENT, REGISTER, STAFF, AUTHORITY, AUDIT)}


def models(key: bytes) -> tuple[ReadModels, ...]:
    """Every read model of intake; `key` is that of the fingerprints."""
    of_requests = {"requests": REQUEST_COLUMNS, "messages": MESSAGE_COLUMNS, "dialogues": DIALOGUE_COLUMNS, "letters": LETTER_COLUMNS}
    of_requests |= {"measures": MEASURE_COLUMNS}
    of_clients = {"clients": ("stream", "client_id", "kind"), "identities": IDENTITY_COLUMNS}
    return (
        ReadModels(category=REQUEST, tables=of_requests, rows=partial(_rows_of_request, key)),
        ReadModels(category=CLIENT, tables=of_clients, rows=partial(_rows_of_client, key)),
        account_store.model(key),
    )


MESSAGE_COLUMNS = ("stream", "frontend", "external_id", "request_id", "digests")
LETTER_COLUMNS = ("stream", "request_id", "number", "sha256", "sent_on", "awaits_post")
DIALOGUE_COLUMNS = ("stream", "mark", "request_id", "open")
IDENTITY_COLUMNS = ("stream", "client_id", "identity", "strong")
MEASURE_COLUMNS = ("stream", "since", "until", *Measured._fields)
REQUEST_COLUMNS = (
    *("stream", "request_id", "reference", "reg_no", "plain_no", "journal", "year", "number", "client_id", "status", "point", "channel"),
    *("received_at", "registered_at", "due_on", "flags", "type", "topic", "urgency", "unit", "executor", "open", "act_on", "rank"),
    *("term_told", "wait_until", "last_on"),
)
# Facts that change what a request is found by (services/intake/words).
WORDED = (
    *(RequestReceived, RequestSupplemented, RequestRevised, RequestChannelsChanged, RequestAdditionalChannelChanged),
    *(PersonalDataCorrected, HistoricalRequestImported, HistoricalEntryImported),
)
TO_REGISTER = timedelta(days=LONGEST["register_days"])  # what has no number yet is due then


def _id(category: Category, stream: str) -> UUID:
    return UUID(category.aggregate(stream))


def state_of(events: Sequence[Recorded]) -> requests.Request:
    return requests.replayed([(event.fact, event.envelope.occurred_at) for event in events])


def _rows_of_request(key: bytes, stream: str, events: Sequence[Recorded]) -> dict[str, list[Row]]:
    request_id, states = _id(REQUEST, stream), requests.states([(event.fact, event.envelope.occurred_at) for event in events])
    state = states[-1]
    registered = next((event.fact for event in events if isinstance(event.fact, RequestRegistered)), None)
    first = events[0].envelope
    known = [(state, one.envelope.occurred_at, one.envelope.recorded_at) for one, state in zip(events, states, strict=True)]
    waiting = set(state.lacks) if registered is None and not state.imported else set()
    row = (
        stream,
        request_id,
        tracking.typed(state.reference or tracking.reference(request_id)),
        state.reg_no,
        tracking.typed(state.reg_no) if state.reg_no else None,
        registered.journal if registered else None,
        registered.year if registered else None,
        registered.number if registered else None,
        first.client_id,
        state.status.value,
        first.point,
        state.frontend or "import",
        state.received_at,
        registered.reg_at if registered else None,
        state.due_on,
        sorted(flag.value for flag in state.flags | waiting),
        *_sorting(state),
        *_watched(state),
    )
    return {
        "requests": [row],
        "messages": _message_rows(key, stream, request_id, events),
        "dialogues": _dialogue_rows(key, stream, request_id, state),
        "letters": letters.rows(stream, request_id, state, [event.fact for event in events]),
        "measures": [(stream, span.since, span.until, *span.measured) for span in spans(known, first.point)],
    }


def _sorting(state: requests.Request) -> Row:
    sorted_as = state.classification
    received_on = state.received_at.date() + TO_REGISTER if state.received_at else date.max
    return (
        sorted_as.type if sorted_as else None,
        sorted_as.topic if sorted_as else None,
        sorted_as.urgency.value if sorted_as else None,
        state.unit or (sorted_as.unit if sorted_as else None),
        state.executor,
        state.status in OPEN,
        state.due_on or received_on,
        0 if sorted_as and sorted_as.urgency is Urgency.URGENT else 1,
    )


def _watched(state: requests.Request) -> Row:
    """How much of the present term was told, until when an answer to our question is waited for, and where the term's days end."""
    registered_elsewhere = state.imported and state.due_on is None
    told = 2 if state.missed or registered_elsewhere else int(state.approaching)
    return (told, state.wait_until if state.status is Status.AWAITING_CLARIFICATION else None, state.last_on)


def _message_rows(key: bytes, stream: str, request_id: UUID, events: Sequence[Recorded]) -> list[Row]:
    texts: dict[MessageRef, list[bytes]] = {}
    for event in events:
        if isinstance(event.fact, RequestReceived | RequestSupplemented | RequestRevised):
            texts.setdefault(event.fact.message_ref, []).append(digest(key, event.fact.text, event.fact.attachments))
    return [(stream, ref.frontend, ref.external_id, request_id, digests) for ref, digests in texts.items()]


def _dialogue_rows(key: bytes, stream: str, request_id: UUID, state: requests.Request) -> list[Row]:
    if state.imported:
        return []
    lacks_something = state.reg_no is None and state.status is Status.RECEIVED
    is_open = lacks_something or state.status is Status.AWAITING_CLARIFICATION
    return [(stream, tracking.dialogue_mark(key, state.frontend, state.dialogue), request_id, is_open)]


def _rows_of_client(key: bytes, stream: str, events: Sequence[Recorded]) -> dict[str, list[Row]]:
    client_id, state = _id(CLIENT, stream), clients.replayed([event.fact for event in events])
    found: set[bytes] = set()
    name = next((event.fact.name for event in events if isinstance(event.fact, ClientIdentified) and event.fact.name), "")
    for event in events:
        match event.fact:
            case ClientIdentified(platform=str() as platform, account=str() as account):
                found.add(account_identity(key, platform, account))
            case ContactConfirmed(address=address, name=str() as name):
                found.add(contact_identity(key, address, name))
            case RepresentativeEmpowered(powers=powers) | RepresentativeDismissed(powers=powers) if name:
                mark = powers_identity(key, Represented(name=name, powers=powers))
                found |= {mark} if mark else set()
            case _:
                pass
    return {
        "clients": [(stream, client_id, state.kind.value)],
        "identities": [(stream, client_id, identity, True) for identity in found],
    }


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What a batch asks about."""

    refs: Collection[MessageRef]
    dialogues: Collection[bytes]
    references: Collection[str]
    identities: Collection[bytes]
    registers: Collection[tuple[str, int]]


class IntakeStore:
    """Loads what is known and appends what was decided, both in the caller's transaction."""

    def __init__(self, events: EventStore, key: bytes) -> None:
        self._events = events
        self._models = models(key)

    async def versions(self, db: Connection, request_ids: Sequence[UUID]) -> dict[UUID, int]:
        rows = await db.fetch(SQL["request_versions"], [REQUEST.stream(request_id) for request_id in request_ids])
        return {_id(REQUEST, row["stream"]): row["version"] for row in rows}

    async def lock(self, db: Connection) -> None:
        """One batch at a time, whichever door it came by: what is looked up stays true until it commits."""
        await db.execute(SQL["lock_register"])

    async def known(self, db: Connection, looked: Looked) -> Known:
        """Everything that the messages of a batch could touch."""
        known = Known()
        known.messages = await self.seen(db, looked.refs)
        for row in await db.fetch(SQL["open_dialogues"], list(looked.dialogues)):
            known.open_dialogues[row["mark"]] = row["request_id"]
        named = {row["looked"]: row["request_id"] for row in await db.fetch(SQL["requests_by_number"], list(looked.references))}
        known.gone = await destroyed(db, {*named.values(), *(seen.request_id for seen in known.messages.values())})
        known.references |= {number: request_id for number, request_id in named.items() if request_id not in known.gone}
        for row in await db.fetch(SQL["clients_by_identity"], list(looked.identities)):
            known.identities.setdefault(row["identity"], row["client_id"])
        for journal, year in looked.registers:
            known.registers[journal, year] = await self.register(db, journal, year)
        touched = {seen.request_id for seen in known.messages.values()} | {*known.open_dialogues.values(), *known.references.values()}
        await self._load(db, known, touched - known.gone)
        return known

    async def seen(self, db: Connection, refs: Collection[MessageRef]) -> dict[MessageRef, Seen]:
        """Those of the messages that came before."""
        asked = list(refs)
        rows = await db.fetch(SQL["known_messages"], [ref.frontend for ref in asked], [ref.external_id for ref in asked])
        found = ((MessageRef(frontend=row["frontend"], external_id=row["external_id"]), row) for row in rows)
        return {ref: Seen(row["request_id"], tuple(row["digests"])) for ref, row in found}

    async def _load(self, db: Connection, known: Known, touched: Collection[UUID]) -> None:
        for aggregate, events in (await self._events.read(db, REQUEST, touched)).items():
            known.requests[UUID(aggregate)] = state_of(events)
            if events[0].envelope.client_id is not None:
                known.client_of[UUID(aggregate)] = events[0].envelope.client_id
        wanted = {*known.client_of.values(), *known.identities.values()}
        for aggregate, events in (await self._events.read(db, CLIENT, wanted)).items():
            known.clients[UUID(aggregate)] = clients.replayed([event.fact for event in events])

    async def register(self, db: Connection, journal: str, year: int) -> registers.Register:
        aggregate = f"{journal}-{year}"
        version = await self._events.version(db, REGISTER, aggregate)
        first = await self._events.first(db, REGISTER, aggregate) if version else None
        return registers.opened(journal, year, version, first.fact if first else None)

    async def append(self, db: Connection, facts: Sequence[Facts], told: Sequence[Record]) -> None:
        """Events, read models and outbox rows of what a batch decided; `told`: what frontends hear of it."""
        await self.save(db, [_append(fact) for fact in facts], told)

    async def save(self, db: Connection, appends: Sequence[Append], told: Sequence[Record] = ()) -> None:
        recorded = await self._events.append(db, appends, told)
        streams: dict[str, list[Recorded]] = {}
        for row in recorded:
            streams.setdefault(row.stream, []).append(row)
        new = {name for name, rows in streams.items() if rows[0].version == 1}
        for category in (REQUEST, CLIENT):
            grown = [category.aggregate(name) for name in streams.keys() - new if name.startswith(category.stream(""))]
            for aggregate, rows in (await self._events.read(db, category, grown)).items() if grown else ():
                streams[category.stream(aggregate)] = rows
        await refresh(db, self._models, streams, new=new)
        worded = sorted({row.stream for row in recorded if isinstance(row.fact, WORDED)})
        if worded:
            await db.execute(SQL["words_changed"], worded)

    async def request(self, db: Connection, request_id: UUID) -> tuple[requests.Request, UUID | None] | None:
        """A request and its client, or None."""
        events = (await self.told(db, [request_id])).get(request_id)
        return (state_of(events), events[0].envelope.client_id) if events else None

    async def told(self, db: Connection, request_ids: Collection[UUID]) -> dict[UUID, Sequence[Recorded]]:
        """All events of these requests, by request; a destroyed one has none that could be read."""
        gone = await destroyed(db, request_ids)
        left = [request_id for request_id in request_ids if request_id not in gone]
        return {UUID(aggregate): events for aggregate, events in (await self._events.read(db, REQUEST, left)).items()}

    async def states(self, db: Connection, request_ids: Collection[UUID]) -> dict[UUID, requests.Request]:
        return {request_id: state_of(events) for request_id, events in (await self.told(db, request_ids)).items()}

    async def remains(self, db: Connection, request_ids: Collection[UUID]) -> dict[UUID, requests.Request]:
        """Number, status and days of those that were destroyed: nobody's name, nobody's words."""
        rows = await db.fetch(SQL["remains_of_requests"], list(await destroyed(db, request_ids)))
        return {row["request_id"]: _remains(row) for row in rows}

    async def register_rows(self, db: Connection, queue: bool, asked: Sequence[object], after: After | None, limit: int) -> list[After]:
        """Rows of the register by the filters `asked`, in the order of the two queries."""
        if queue:
            place = (after.rank, after.act_on, after.request_id) if after else (None, None, None)
            rows = await db.fetch(SQL["queue_rows"], *asked, *place, limit)
        else:
            rows = await db.fetch(SQL["newest_rows"], *asked, after.request_id if after else None, limit)
        return [After(rank=row["rank"], act_on=row["act_on"], request_id=row["request_id"]) for row in rows]

    async def requests_of_client(self, db: Connection, client_id: UUID, but: UUID, limit: int) -> list[UUID]:
        return [row["request_id"] for row in await db.fetch(SQL["requests_of_client"], client_id, but, limit)]

    async def work_of(self, db: Connection, account: str, limit: int) -> list[UUID]:
        """Open requests that an account is to answer."""
        return [row["request_id"] for row in await db.fetch(SQL["work_of"], account, limit)]

    async def is_disabled(self, db: Connection, account: str) -> bool:
        """Whether it is an account of somebody who may not work here any more."""
        return bool(await db.fetchval(SQL["account_disabled"], account))

    async def things_to_do(self, db: Connection, today: date, soon: date, account: str, unit: str | None) -> dict[str, int]:
        return dict(await db.fetchrow(SQL["things_to_do"], today, soon, account, unit) or {})

    async def concerned(self, db: Connection, today: date, rules: Rules, limit: int) -> list[UUID]:
        """Open requests that the passing of days concerns today: a term is near or over, or a question waited long enough."""
        terms = rules.terms
        near, near_registration = (today + timedelta(days=days) for days in (terms.warn_days, terms.register_warn_days))
        by_registration = [near_registration, str(rules.time_zone), terms.register_days, sorted(rules.oral_points)]
        return [row["request_id"] for row in await db.fetch(SQL["concerned_requests"], today, near, *by_registration, limit)]

    async def misplaced(self, db: Connection, today: date, rules: Rules, limit: int) -> list[UUID]:
        """Open requests whose last day is another one since a day was declared working or off."""
        declared = {day: fact.working for day, fact in rules.declared.items() if day >= today}
        if not declared:
            return []
        off, working = (sorted(day for day, is_working in declared.items() if is_working is wanted) for wanted in (False, True))
        beside = sorted({day for one in working for day in nearest(one, rules.is_working)})
        return [row["request_id"] for row in await db.fetch(SQL["misplaced_requests"], today, off, working, beside, limit)]

    async def client(self, db: Connection, client_id: UUID | None) -> clients.Client:
        """One of whom nothing is known where there is none."""
        if client_id is None:
            return clients.Client()
        events = (await self._events.read(db, CLIENT, [client_id])).get(str(client_id), [])
        return clients.replayed([event.fact for event in events])

    async def clients(self, db: Connection, client_ids: Collection[UUID]) -> dict[UUID, clients.Client]:
        """These of whom something is known."""
        told = await self._events.read(db, CLIENT, client_ids) if client_ids else {}
        return {UUID(aggregate): clients.replayed([event.fact for event in events]) for aggregate, events in told.items()}

    async def client_by_identity(self, db: Connection, identity: bytes) -> UUID | None:
        rows = await db.fetch(SQL["clients_by_identity"], [identity])
        return rows[0]["client_id"] if rows else None

    async def note_reminder(self, db: Connection, mark: bytes, at: datetime, since: datetime, most: int) -> bool:
        """False when as many as `most` codes went there since then."""
        return bool(await db.fetchval(SQL["note_reminder"], mark, at, since, most))

    async def forget_reminders(self, db: Connection, before: datetime) -> None:
        await db.execute(SQL["forget_reminders"], before)

    async def find(self, db: Connection, number: str) -> list[UUID]:
        """By reference or register number, as `tracking.typed` makes it plain; numbers of two journals may look alike then."""
        return [row["request_id"] for row in await db.fetch(SQL["requests_by_number"], [number])]


def _remains(row: Mapping[str, Any]) -> requests.Request:
    told = {name: row[name] for name in ("reference", "reg_no", "received_at", "registered_at", "due_on")}
    return requests.Request(**told, status=Status(row["status"]))


def _append(fact: Facts) -> Append:
    return Append(
        category=CATEGORIES[fact.kind],
        aggregate_id=fact.aggregate_id,
        expected_version=fact.expected_version,
        facts=fact.events,
        context=context_of(fact),
    )
