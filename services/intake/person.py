"""What somebody with a tracking code, or with the link of a letter, may do (E-10, E-11, N-3.2, N-3.4)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Context
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.intake_clients import ClientIdentitiesLinked, ContactConfirmed
from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged, RequestChannelsChanged, RequestEmailConfirmed
from libs.events.fact import Event
from libs.events.vocabulary import AdditionalChannel, Attachment, MessageRef, Status
from services.intake import tracking
from services.intake.authority.book import Book
from services.intake.completeness import has_full_name
from services.intake.contexts import person_context
from services.intake.domain.acceptance import Accepted, Rules
from services.intake.domain.channels import AddressNotValid as AddressNotValid
from services.intake.domain.channels import EmailNotValid as EmailNotValid
from services.intake.domain.channels import additional_of, email_of
from services.intake.domain.client import Client, contact_identity
from services.intake.domain.correcting import Correction, corrected
from services.intake.domain.desk import withdrawn
from services.intake.domain.inbound import Inbound, by_http
from services.intake.domain.last_days import TransitionForbidden as TransitionForbidden
from services.intake.domain.request import Request
from services.intake.domain.telling import by_email, standing, telling
from services.intake.domain.term import why_due
from services.intake.store import CLIENT, REQUEST, IntakeStore


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
class Mine:
    """A request that somebody proved to be theirs; `why_due` says how its term was counted."""

    request_id: UUID
    client_id: UUID | None
    request: Request
    why_due: str | None = None


class Act(NamedTuple):
    """What an act of the person is decided by."""

    mine: Mine
    client: Client
    rules: Rules
    at: datetime


class Clarification(NamedTuple):
    """What a person writes under our question; `external_id` is the frontend's own, as of any message."""

    external_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()


class Person:
    """Each act takes the number and the code anew, and raises `RequestNotFound`, the same whichever of the two is wrong."""

    def __init__(self, *, pool: Pool, store: IntakeStore, book: Book, put: Callable[[Inbound], Awaitable[Accepted]], clock: Clock) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._put = put
        self._clock = clock

    async def status(self, number: str, code: str) -> Mine:
        async with self._pool.acquire() as db:
            mine = await self._mine(db, number, code)
            client, rules = await self._store.client(db, mine.client_id), await self._book.opened(db)
        confirmed = mine.request.email_confirmed or mine.request.email in client.confirmed
        shown = mine.request._replace(email_confirmed=confirmed)
        return replace(mine, request=shown, why_due=why_due(shown, rules))

    async def change_email(self, number: str, code: str, email: str | None, traceparent: str | None) -> str | None:
        """The address that later notices are doubled to, or None; raises `EmailNotValid`."""
        address = email_of(email)

        def decide(act: Act) -> list[Event]:
            return _new_email(act, address) if act.mine.request.email != address else []

        await self._act(number, code, decide, traceparent)
        return address

    async def change_additional(
        self, number: str, code: str, additional: AdditionalChannel | None, traceparent: str | None
    ) -> AdditionalChannel | None:
        """The channel beside the original one and e-mail, or None; raises `AddressNotValid`."""
        additional = additional_of(additional)

        def decide(act: Act) -> list[Event]:
            return [RequestAdditionalChannelChanged(additional=additional)] if act.mine.request.additional != additional else []

        await self._act(number, code, decide, traceparent)
        return additional

    async def correct(self, number: str, code: str, wanted: Correction, traceparent: str | None) -> None:
        """What the request says of the person. Raises `DataNotValid`; repeated, it changes nothing."""
        await self._act(number, code, lambda act: corrected(act.mine.request, wanted), traceparent)

    async def withdraw(self, number: str, code: str, reason: str | None, traceparent: str | None) -> None:
        """No answer is wanted any more (8-FZ art. 8); raises `TransitionForbidden`. Repeated, it changes nothing."""

        def decide(act: Act) -> list[Event]:
            request = act.mine.request
            if request.status is Status.WITHDRAWN:
                return []
            return withdrawn(request, reason, act.at, act.rules, telling(act.mine.request_id, request, act.client, act.rules.key))

        await self._act(number, code, decide, traceparent)

    async def clarify(self, frontend: str, number: str, code: str, said: Clarification, traceparent: str | None) -> None:
        """The answer to our question is a message like any other. Repeated, it is one; raises `TransitionForbidden` when none waits."""
        ref = MessageRef(frontend=frontend, external_id=said.external_id)
        async with self._pool.acquire() as db:
            request = (await self._mine(db, number, code)).request
            if await self._store.seen(db, [ref]):
                return
        if request.status is not Status.AWAITING_CLARIFICATION:
            raise TransitionForbidden(request.status)
        now, named = self._clock.now(), request.reference or request.number
        message = MessageReceived(
            external_id=said.external_id,
            received_at=now,
            dialogue=request.dialogue if request.frontend == frontend else named,
            text=said.text,
            attachments=said.attachments,
            thread_ref=named,
        )
        size = len(message.model_dump_json().encode())
        inbound = by_http(frontend, message, None, self._book.rules.key, now, traceparent, size)
        await self._put(replace(inbound, proved=True))

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

    async def _act(self, number: str, code: str, decide: Callable[[Act], Sequence[Event]], traceparent: str | None) -> None:
        """Load, decide, append."""
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            mine = await self._mine(db, number, code)
            client, rules = await self._store.client(db, mine.client_id), await self._book.opened(db)
            now = self._clock.now()
            if facts := decide(Act(mine, client, rules, now)):
                await self._store.save(db, [_append(mine, facts, now, traceparent)])

    async def _confirmed(self, db: Connection, mine: Mine, email: str, traceparent: str | None) -> None:
        now = self._clock.now()
        appends = [_append(mine, [RequestEmailConfirmed(confirmed_at=now)], now, traceparent)]
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

    async def _mine(self, db: Connection, number: str, code: str) -> Mine:
        """A wrong number takes the same steps as a wrong code."""
        offered = tracking.typed(code)
        for request_id in await self._store.find(db, tracking.typed(number)) or [tracking.NOBODYS]:
            is_right = tracking.same(offered, tracking.tracking_code(self._book.rules.key, request_id))
            found = await self._store.request(db, request_id) if is_right else None
            if found is not None:
                return Mine(request_id, found[1], found[0])
        raise RequestNotFound


def _new_email(act: Act, address: str | None) -> list[Event]:
    """With the letter that holds the link, for an address that still has to be confirmed."""
    mine = act.mine
    if address is None or address in act.client.confirmed:
        return [RequestChannelsChanged(email=address, email_confirmed=address is not None)]
    token = tracking.confirm_token(act.rules.key, mine.request_id, address)
    return [RequestChannelsChanged(email=address, notice=standing(mine.request, by_email(address, False, token)))]


def _append(mine: Mine, facts: Sequence[Event], at: datetime, traceparent: str | None) -> Append:
    return Append(
        category=REQUEST,
        aggregate_id=str(mine.request_id),
        expected_version=mine.request.version,
        facts=facts,
        context=person_context(mine.request_id, mine.client_id, at, traceparent),
    )


def _for_client(client_id: UUID, version: int, facts: Sequence[Event], context: Context) -> Append:
    return Append(category=CLIENT, aggregate_id=str(client_id), expected_version=version, facts=facts, context=context)
