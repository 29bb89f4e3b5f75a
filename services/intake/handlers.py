"""Intake's use cases of messages. Both doors end in `Acceptance.accept`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection
from libs.chassis.store.events import record_of
from libs.chassis.store.outbox import Outbox, Record
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_receipts import MessageAccepted, MessageRefused
from libs.events.envelope import Actor, Envelope
from libs.events.fact import Event
from libs.events.topics import INBOUND, RECEIPTS
from services.intake import tracking
from services.intake.authority.book import Book
from services.intake.contexts import actor_of, frontend_actor
from services.intake.domain import acceptance
from services.intake.domain.acceptance import Accepted, FreshIds, Rules
from services.intake.domain.client import account_identity
from services.intake.domain.inbound import Door, Inbound
from services.intake.domain.representing import powers_identity
from services.intake.oddities import point_of
from services.intake.store import IntakeStore, Looked
from services.intake.uploads.store import UploadStore

Outcome = Accepted | Refusal


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
        await self._uploads.bind(db, known.bound, self._clock.now())
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
            identities=_identities(key, messages),
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


def _identities(key: bytes, messages: Sequence[tuple[str, MessageReceived]]) -> set[bytes]:
    """Of who sends, and of the papers by which they ask for others."""
    accounts = {account_identity(key, frontend, account) for frontend, message in messages if (account := message.sender.account)}
    papers = {powers_identity(key, message.represented) for _, message in messages if message.represented}
    return accounts | {mark for mark in papers if mark is not None}


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
