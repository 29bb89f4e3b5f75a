"""Intake's use cases. Both doors end in `Acceptance.accept`; `Person` is what somebody with a tracking code may do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Context, record_of
from libs.chassis.store.outbox import Outbox, Record
from libs.events.contracts.channel_receipts import MessageAccepted, MessageRefused
from libs.events.contracts.intake_clients import ClientIdentitiesLinked, ContactConfirmed
from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged, RequestChannelsChanged, RequestEmailConfirmed
from libs.events.envelope import Actor, Envelope
from libs.events.fact import Event
from libs.events.topics import INBOUND, RECEIPTS
from libs.events.vocabulary import AdditionalChannel, Standing, Status
from services.intake import tracking
from services.intake.authority.book import Book
from services.intake.completeness import has_full_name
from services.intake.domain import acceptance
from services.intake.domain.acceptance import Accepted, FreshIds, Rules
from services.intake.domain.channels import AddressNotValid as AddressNotValid
from services.intake.domain.channels import EmailNotValid as EmailNotValid
from services.intake.domain.channels import additional_of, email_of
from services.intake.domain.client import account_identity, contact_identity
from services.intake.domain.desk import withdrawn
from services.intake.domain.inbound import Door, Inbound
from services.intake.domain.last_days import TransitionForbidden as TransitionForbidden
from services.intake.domain.request import Request
from services.intake.domain.telling import by_email, standing, telling
from services.intake.domain.term import why_due
from services.intake.oddities import point_of
from services.intake.store import CLIENT, REQUEST, IntakeStore, Looked, actor_of, frontend_actor, person_context
from services.intake.uploads.store import UploadStore

Outcome = Accepted | Refusal
NOBODYS = UUID(int=0)


class RequestNotFound(Refusal):
    """No request has this number with this code; which of the two is wrong is not told."""

    code = "request-not-found"
    status = 404
    says = "Запрос с таким номером и кодом не найден. Проверьте номер и код: они указаны в расписке."


class LinkNotValid(Refusal):
    """The confirmation link belongs to no address of a request."""

    code = "link-not-valid"
    status = 404
    says = "Ссылка недействительна: возможно, адрес электронной почты с тех пор изменили."


@dataclass(frozen=True)
class Unread:
    """A record of a frontend that can't be read, but for the id of its message."""

    frontend: str
    external_id: str
    refusal: type[Refusal]
    thread_id: UUID
    arrived_at: datetime
    traceparent: str | None


class Acceptance:
    """Messages become requests: a batch in the caller's transaction, receipts in the outbox."""

    def __init__(
        self, *, store: IntakeStore, uploads: UploadStore, outbox: Outbox, book: Book, authority: str, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._uploads = uploads
        self._outbox = outbox
        self._book = book
        self._authority = authority
        self._clock = clock
        self._ids = ids

    async def accept(self, db: Connection, batch: Sequence[Inbound]) -> list[Outcome]:
        """One outcome for each message, in order; a refused one is told why and changes nothing."""
        rules = await self._book.opened(db)
        await self._store.lock(db)
        known = await self._store.known(db, self._looked(batch, rules))
        named = {attachment.upload_id for inbound in batch for attachment in inbound.message.attachments}
        known.uploads = await self._uploads.named(db, named) if named else {}
        outcomes = [self._decide(inbound, known, rules) for inbound in batch]
        await self._store.append(db, known.facts, self._told(batch, outcomes))
        await self._uploads.bind(db, known.bound)
        return outcomes

    async def hear(self, db: Connection, batch: Sequence[Inbound]) -> None:
        """As `accept`, but for copies of what this store has: they come back from the topic that intake itself published them to.

        A copy that it has not is the only trace of a message that was lost with the store, and is taken like any other.
        """
        seen = await self._store.seen(db, {inbound.ref for inbound in batch if inbound.door is Door.OWN_RECORD})
        new = [inbound for inbound in batch if inbound.door is not Door.OWN_RECORD or inbound.ref not in seen]
        if new:
            await self.accept(db, new)

    async def refuse(self, db: Connection, unread: Unread) -> None:
        """A receipt for what is set aside unread."""
        fact = MessageRefused(external_id=unread.external_id, code=unread.refusal.code, explanation=unread.refusal.says)
        key = unread.thread_id.hex
        envelope = self._envelope(fact, key, unread.thread_id, unread.frontend, unread.arrived_at)
        await self._outbox.add(db, [record_of(envelope, RECEIPTS.of(unread.frontend), key, unread.traceparent)], self._clock.now())

    def _decide(self, inbound: Inbound, known: acceptance.Known, rules: Rules) -> Outcome:
        try:
            return acceptance.accept(inbound, known, rules, FreshIds(request_id=self._ids.new(), client_id=self._ids.new()))
        except Refusal as refusal:
            return refusal

    @staticmethod
    def _looked(batch: Sequence[Inbound], rules: Rules) -> Looked:
        key, zone = rules.key, rules.time_zone
        messages = [(inbound.frontend, inbound.message) for inbound in batch]
        return Looked(
            refs={inbound.ref for inbound in batch},
            dialogues={tracking.dialogue_mark(key, frontend, message.dialogue) for frontend, message in messages},
            references={tracking.typed(message.thread_ref) for _, message in messages if message.thread_ref},
            identities={account_identity(key, frontend, account) for frontend, message in messages if (account := message.sender.account)},
            registers={(rules.journal, inbound.arrived_at.astimezone(zone).year) for inbound in batch},
        )

    def _told(self, batch: Sequence[Inbound], outcomes: Sequence[Outcome]) -> list[Record]:
        """Receipts, and for the HTTP door the message itself, so that history and others hear of it too (R-8).

        Who asked by HTTP has the answer already: what is refused or came again needs no record.
        """
        records = []
        for inbound, outcome in zip(batch, outcomes, strict=True):
            by_http = inbound.door is Door.HTTP
            if by_http and (isinstance(outcome, Refusal) or outcome.again):
                continue
            if by_http:
                records.append(self._record(inbound, outcome, inbound.message, INBOUND.of(inbound.frontend), inbound.dialogue_thread))
            thread = outcome.request_id if isinstance(outcome, Accepted) else inbound.dialogue_thread
            records.append(self._record(inbound, outcome, _receipt(inbound, outcome), RECEIPTS.of(inbound.frontend), thread))
        return records

    def _record(self, inbound: Inbound, outcome: Outcome, fact: Event, topic: str, thread_id: UUID) -> Record:
        envelope = self._envelope(
            fact,
            inbound.dialogue_key,
            thread_id,
            inbound.frontend,
            inbound.arrived_at,
            client_id=outcome.client_id if isinstance(outcome, Accepted) else None,
            point=point_of(inbound.point, inbound.frontend, self._book.rules.points_at(inbound.arrived_at)),
            causation_id=inbound.causation_id,
            actor=actor_of(inbound) if fact is inbound.message else None,
        )
        return record_of(envelope, topic, inbound.dialogue_key, inbound.traceparent)

    def _envelope(
        self,
        fact: Event,
        dialogue_key: str,
        thread_id: UUID,
        frontend: str,
        at: datetime,
        *,
        client_id: UUID | None = None,
        point: str | None = None,
        causation_id: UUID | None = None,
        actor: Actor | None = None,
    ) -> Envelope:
        return Envelope(
            event_id=self._ids.new(),
            type=fact.type_name(),
            version=fact.version,
            authority=self._authority,
            aggregate_id=dialogue_key,
            thread_id=thread_id,
            occurred_at=at,
            recorded_at=self._clock.now(),
            producer="intake",
            actor=actor or frontend_actor(frontend),
            client_id=client_id,
            point=point,
            causation_id=causation_id,
            payload=fact.payload(),
        )


def _receipt(inbound: Inbound, outcome: Outcome) -> Event:
    if isinstance(outcome, Refusal):
        return MessageRefused(external_id=inbound.message.external_id, code=outcome.code, explanation=outcome.says)
    return MessageAccepted(
        external_id=inbound.message.external_id,
        reference=outcome.reference,
        tracking_code=outcome.tracking_code,
        reg_no=outcome.reg_no,
        status=outcome.status.value,
        due_on=outcome.due_on,
    )


@dataclass(frozen=True)
class Mine:
    """A request that somebody proved to be theirs; `why_due` says how its term was counted."""

    request_id: UUID
    client_id: UUID | None
    request: Request
    why_due: str | None = None


class Person:
    """What the holder of a number and its tracking code, or of a confirmation link, may do (E-10, N-3.2, N-3.4)."""

    def __init__(self, *, pool: Pool, store: IntakeStore, book: Book, clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._clock = clock

    async def status(self, number: str, code: str) -> Mine:
        """Raises `RequestNotFound`, the same whichever of the two is wrong."""
        async with self._pool.acquire() as db:
            mine = await self._mine(db, number, code)
            confirmed = await self._is_confirmed(db, mine.client_id, mine.request.email)
            rules = await self._book.opened(db)
        shown = mine.request._replace(email_confirmed=mine.request.email_confirmed or confirmed)
        return replace(mine, request=shown, why_due=why_due(shown, rules))

    async def change_email(self, number: str, code: str, email: str | None, traceparent: str | None) -> str | None:
        """The address that later notices are doubled to, or None; raises `RequestNotFound`, `EmailNotValid`."""
        address = email_of(email)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            mine = await self._mine(db, number, code)
            if mine.request.email != address:
                confirmed = await self._is_confirmed(db, mine.client_id, address)
                fact = RequestChannelsChanged(email=address, email_confirmed=confirmed, notice=self._link_for(mine, address, confirmed))
                await self._store.save(db, [self._append(mine, [fact], self._clock.now(), traceparent)])
        return address

    def _link_for(self, mine: Mine, address: str | None, confirmed: bool) -> Standing | None:
        """The letter with the link, for an address that still has to be confirmed."""
        if address is None or confirmed:
            return None
        token = tracking.confirm_token(self._book.rules.key, mine.request_id, address)
        return standing(mine.request, by_email(address, confirmed, token))

    async def change_additional(
        self, number: str, code: str, additional: AdditionalChannel | None, traceparent: str | None
    ) -> AdditionalChannel | None:
        """The channel beside the original one and e-mail, or None; raises `RequestNotFound`, `AddressNotValid`."""
        additional = additional_of(additional)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            mine = await self._mine(db, number, code)
            if mine.request.additional != additional:
                fact = RequestAdditionalChannelChanged(additional=additional)
                await self._store.save(db, [self._append(mine, [fact], self._clock.now(), traceparent)])
        return additional

    async def withdraw(self, number: str, code: str, reason: str | None, traceparent: str | None) -> None:
        """No answer is wanted any more (8-FZ art. 8); raises `RequestNotFound`, `TransitionForbidden`. Repeated, it changes nothing."""
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            mine = await self._mine(db, number, code)
            if mine.request.status is Status.WITHDRAWN:
                return
            now, client, rules = self._clock.now(), await self._store.client(db, mine.client_id), await self._book.opened(db)
            facts = withdrawn(mine.request, reason, now, rules, telling(mine.request_id, mine.request, client, rules.key))
            await self._store.save(db, [self._append(mine, facts, now, traceparent)])

    async def confirm(self, token: str, traceparent: str | None) -> str:
        """The address that the link proved; harmless when repeated. Raises `LinkNotValid`."""
        request_id = tracking.request_of(token)
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            found = await self._store.request(db, request_id) if request_id else None
            if request_id is None or found is None or (email := found[0].email) is None:
                raise LinkNotValid
            request, client_id = found
            if not tracking.same(token, tracking.confirm_token(self._book.rules.key, request_id, email)):
                raise LinkNotValid
            if not request.email_confirmed:
                await self._confirmed(db, Mine(request_id, client_id, request), email, traceparent)
        return email

    async def _confirmed(self, db: Connection, mine: Mine, email: str, traceparent: str | None) -> None:
        now = self._clock.now()
        appends = [self._append(mine, [RequestEmailConfirmed(confirmed_at=now)], now, traceparent)]
        if mine.client_id is not None:
            client = await self._store.client(db, mine.client_id)
            facts: list[Event] = []
            if email not in client.confirmed:
                facts.append(ContactConfirmed(channel="email", how="link", address=email, name=mine.request.name))
            facts += await self._same_person(db, mine, email, client.linked)
            if facts:
                context = person_context(mine.client_id, mine.client_id, now, traceparent)
                appends.append(_for_client(mine.client_id, client.version, facts, context))
        await self._store.save(db, appends)

    async def _same_person(self, db: Connection, mine: Mine, email: str, linked: frozenset[UUID]) -> list[Event]:
        """A confirmed contact with the same full name is the same client (R-20)."""
        if not mine.request.name or not has_full_name(mine.request.name):
            return []
        other = await self._store.client_by_identity(db, contact_identity(self._book.rules.key, email, mine.request.name))
        if other is None or other == mine.client_id or other in linked:
            return []
        return [ClientIdentitiesLinked(other=other, basis="подтверждённый адрес и то же полное имя")]

    async def _is_confirmed(self, db: Connection, client_id: UUID | None, email: str | None) -> bool:
        """Whether this client proved the address, with whichever request."""
        if client_id is None or email is None:
            return False
        return email in (await self._store.client(db, client_id)).confirmed

    async def _mine(self, db: Connection, number: str, code: str) -> Mine:
        """A wrong number takes the same steps as a wrong code."""
        offered = tracking.typed(code)
        for request_id in await self._store.find(db, tracking.typed(number)) or [NOBODYS]:
            is_right = tracking.same(offered, tracking.tracking_code(self._book.rules.key, request_id))
            found = await self._store.request(db, request_id) if is_right else None
            if found is not None:
                return Mine(request_id, found[1], found[0])
        raise RequestNotFound

    def _append(self, mine: Mine, facts: Sequence[Event], at: datetime, traceparent: str | None) -> Append:
        return Append(
            category=REQUEST,
            aggregate_id=str(mine.request_id),
            expected_version=mine.request.version,
            facts=facts,
            context=person_context(mine.request_id, mine.client_id, at, traceparent),
        )


def _for_client(client_id: UUID, version: int, facts: Sequence[Event], context: Context) -> Append:
    return Append(category=CLIENT, aggregate_id=str(client_id), expected_version=version, facts=facts, context=context)
