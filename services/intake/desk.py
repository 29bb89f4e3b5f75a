"""What staff do at the desk: load, decide, append; whoever read an older version is told so."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from uuid import UUID

import structlog

from libs.chassis.access.roles import NotAllowed, Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append, Recorded
from libs.chassis.store.sealing import BrokenSeal
from libs.events.contracts.intake_requests import PowersChecked, RequestStatusChanged
from libs.events.fact import Event
from services.intake import tracking
from services.intake.answer_files import AnswerFiles
from services.intake.authority.book import Book
from services.intake.contexts import staff_context
from services.intake.domain import channels, desk
from services.intake.domain.acceptance import number_given
from services.intake.domain.answer.commands import AnyCommand, PrepareDraft, SendAnswer
from services.intake.domain.commands import Assign, Decided, Merge, OverrideChannel, Register
from services.intake.domain.desk import Case
from services.intake.domain.last_days import LastDay, last_days, latest_due
from services.intake.domain.register import NumberAssigned
from services.intake.domain.register import Register as Journal
from services.intake.domain.representing import of_represented, powers_identity, represented_id
from services.intake.domain.request import Request, evolve
from services.intake.domain.telling import Telling, telling
from services.intake.domain.term import why_due
from services.intake.looks import Looks
from services.intake.store import CLIENT, REGISTER, REQUEST, IntakeStore, state_of
from services.intake.transitions import APPROVED, TRANSITIONS

log = structlog.stdlib.get_logger("desk")


class CaseNotFound(Refusal):
    """No request has this id."""

    code = "case-not-found"
    status = 404
    says = "Такого запроса нет. Проверьте ссылку или найдите запрос по номеру."


class CaseDestroyed(Refusal):
    """The request was kept as long as the law wants it kept; its number and its days are all that is left."""

    code = "case-destroyed"
    status = 410
    says = "Срок хранения этого запроса истёк, его содержание уничтожено. В реестре остались номер и даты."


class ExecutorAway(Refusal):
    """Whoever was chosen may not work here any more."""

    code = "executor-away"
    status = 400
    says = "Учётная запись этого исполнителя отключена. Выберите другого исполнителя."


class ChangedMeanwhile(Refusal):
    """Somebody changed the request since it was read; `version` is the present one."""

    code = "changed-meanwhile"
    says = "Пока вы работали с запросом, его изменили. Посмотрите, что изменилось, и повторите действие, если оно ещё нужно."

    def __init__(self, version: int) -> None:
        super().__init__()
        self._version = version

    def extras(self) -> dict[str, object]:
        return {"version": self._version}


class RecordDamaged(Refusal):
    """What is kept of the request was changed by other hands, or its key is gone: nothing is shown and nothing is done."""

    code = "record-damaged"
    says = "Записи запроса в хранилище изменены или повреждены, поэтому ничего не сделано. Сообщите администратору: их вернут из копии."


@contextmanager
def whole() -> Iterator[None]:
    """Raises `RecordDamaged`."""
    try:
        yield
    except BrokenSeal as error:
        log.error("a request can't be read", error=error)
        raise RecordDamaged from error


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as the desk shows it with its events, why its answer is due that day, and ids of the transitions open to who looks.

    `last_days` by transition; `latest_due` is the last day that an extension may name.
    """

    case: Case
    events: Sequence[Recorded]
    why_due: str | None
    possible: Sequence[str]
    last_days: Mapping[str, LastDay]
    latest_due: date | None


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """A request as it is and as it would be; `told`: its client would hear of it."""

    now: Request
    then: Request
    told: bool


class Desk:
    """Requests by id, for staff."""

    def __init__(
        self, *, pool: Pool, store: IntakeStore, book: Book, files: AnswerFiles, looks: Looks, clock: Clock, ring: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._store = store
        self._book = book
        self._files = files
        self._looks = looks
        self._clock = clock
        self._ring = ring

    async def look(self, by: Staff, request_id: UUID) -> Seen:
        with whole():
            async with self._pool.acquire() as db:
                return await self._seen(db, request_id, by)

    async def by_number(self, typed: str) -> UUID | None:
        """The one request that has this register number or reference, however it is typed."""
        async with self._pool.acquire() as db:
            found = await self._store.find(db, tracking.typed(typed))
        return found[0] if len(found) == 1 else None

    async def act(self, by: Staff, request_id: UUID, version: int, command: AnyCommand, traceparent: str | None) -> Seen:
        """The request after the command; the first of two who read the same version wins. What the roles forbid is written down."""
        try:
            with whole():
                if isinstance(command, SendAnswer):
                    await self._prove(request_id)
                seen = await self._acted(by, request_id, version, command, traceparent)
        except NotAllowed:
            await self._looks.refused(by, command.command, request_id)
            raise
        self._ring()
        return seen

    async def foresee(self, by: Staff, request_id: UUID, version: int, command: AnyCommand) -> Foreseen:
        """What `act` would do, and raises what it would raise; nothing is done."""
        async with self._pool.acquire() as db:
            await self._book.opened(db)
            case, appends = await self._decided(db, by, request_id, version, command, None)
        facts = appends[-1].facts  # the request's own stand last
        told = any(isinstance(fact, RequestStatusChanged) and fact.visible for fact in facts)
        return Foreseen(now=case.request, then=reduce(evolve, facts, case.request), told=told)  # type: ignore[arg-type]  # facts of a request

    async def did(self, by: Staff, request_id: UUID, version: int, command: Decided) -> bool:
        """Whether this person's very command is what came next after that version: a form was sent twice."""
        async with self._pool.acquire() as db:
            rules = await self._book.opened(db)
            case = await self._case(db, request_id, _other(command))
            events = (await self._store.told(db, [request_id]))[request_id]
        if len(events) <= version or (actor := events[version].envelope.actor) is None or actor.id != by.id:
            return False
        before, how = replace(case, request=state_of(events[:version])), Telling(confirmed=False, confirm_token=None)
        try:
            facts = desk.decide(before, command, by, events[version].envelope.occurred_at, rules, how)
        except Refusal:
            return False
        return facts[0] == events[version].fact

    async def _acted(self, by: Staff, request_id: UUID, version: int, command: AnyCommand, traceparent: str | None) -> Seen:
        async with self._pool.acquire() as db, db.transaction():
            await self._book.opened(db)
            await self._store.lock(db)
            _, appends = await self._decided(db, by, request_id, version, command, traceparent)
            await self._store.save(db, appends)
            if isinstance(command, PrepareDraft):
                await self._files.claim(db, request_id, command.files)
            seen = await self._seen(db, request_id, by)
            if isinstance(command, SendAnswer):
                await self._files.offer(db, seen.case.request)
            return seen

    async def _prove(self, request_id: UUID) -> None:
        """Before anybody waits for it: bytes are read while no lock is held. What is changed afterwards is another version."""
        async with self._pool.acquire() as db:
            request = (await self._case(db, request_id)).request
        if request.status in APPROVED:
            await self._files.prove(request_id, request)

    async def _decided(
        self, db: Connection, by: Staff, request_id: UUID, version: int, command: AnyCommand, traceparent: str | None
    ) -> tuple[Case, list[Append]]:
        case = await self._case(db, request_id, _other(command))
        if case.request.version != version:
            raise ChangedMeanwhile(case.request.version)
        return case, await self._appends(db, case, command, by, self._clock.now(), traceparent)

    async def _seen(self, db: Connection, request_id: UUID, by: Staff) -> Seen:
        events = (await self._store.told(db, [request_id])).get(request_id)
        if events is None:
            raise await self._missing(db, request_id)
        rules = await self._book.opened(db)
        case = Case(request_id=request_id, client_id=events[0].envelope.client_id, request=state_of(events))
        return Seen(
            case=case,
            events=events,
            why_due=why_due(case.request, rules),
            possible=desk.possible(case.request, by),
            last_days=last_days(case.request, rules),
            latest_due=latest_due(case.request, rules),
        )

    async def _appends(
        self, db: Connection, case: Case, command: AnyCommand, by: Staff, at: datetime, traceparent: str | None
    ) -> list[Append]:
        client = await self._store.client(db, case.client_id)
        told = channels.as_changed(case.request, command) if isinstance(command, OverrideChannel) else case.request
        how = telling(case.request_id, told, client, self._book.rules.key)
        if isinstance(command, Register):
            return await self._registration(db, case, by, at, how, traceparent)
        if isinstance(command, SendAnswer):
            return await self._sending(db, case, by, at, how, traceparent)
        if isinstance(command, Assign) and command.executor and await self._store.is_disabled(db, command.executor):
            raise ExecutorAway
        facts = desk.decide(case, command, by, at, self._book.rules, how)
        appended = self._append(case, facts, by, at, traceparent)
        fact = facts[0]
        return await self._of_represented(db, case, fact, appended) if isinstance(fact, PowersChecked) else [appended]

    async def _registration(
        self, db: Connection, case: Case, by: Staff, at: datetime, how: Telling, traceparent: str | None
    ) -> list[Append]:
        """The number is a fact of the register, too: both streams grow in one transaction."""
        desk.may_register(case.request, by)
        on = self._book.rules.day_of(at)
        register = await self._store.register(db, self._book.rules.journal, on.year)
        number, registered = number_given(case.request_id, case.request, register, self._book.rules, at)
        told = desk.told_registered(case.request, registered, on, how)
        appended = self._append(case, [registered, told], by, at, traceparent)
        return [_numbered(register, number, appended), appended]

    async def _sending(self, db: Connection, case: Case, by: Staff, at: datetime, how: Telling, traceparent: str | None) -> list[Append]:
        """Likewise the outgoing number of an answer."""
        rules = self._book.rules
        register = await self._store.register(db, rules.out_journal, rules.day_of(at).year)
        appended = self._append(case, desk.sent(case.request, by, register, rules, at, how), by, at, traceparent)
        return [_numbered(register, NumberAssigned(request_id=case.request_id), appended), appended]

    async def _of_represented(self, db: Connection, case: Case, fact: PowersChecked, appended: Append) -> list[Append]:
        """In whose file the powers stand, too; by the client that the envelope names, the request is in their history from then on."""
        identity = powers_identity(self._book.rules.key, fact.represented)
        known = await self._store.client_by_identity(db, identity) if identity else None
        client_id = known or represented_id(case.request_id)
        client = await self._store.client(db, client_id)
        told = of_represented(client, fact, case.request_id, case.client_id)
        if not told:
            return [appended]
        context = replace(appended.context, client_id=client_id)
        own = Append(
            category=CLIENT,
            aggregate_id=str(client_id),
            expected_version=client.version,
            facts=told,
            context=replace(context, thread_id=client_id),
        )
        return [own, replace(appended, context=context)]

    def _append(self, case: Case, facts: Sequence[Event], by: Staff, at: datetime, traceparent: str | None) -> Append:
        role = min(by.roles & TRANSITIONS[type(facts[0])].roles)  # decided: there is one
        return Append(
            category=REQUEST,
            aggregate_id=str(case.request_id),
            expected_version=case.request.version,
            facts=facts,
            context=staff_context(case.request_id, case.client_id, by, role, at, traceparent),
        )

    async def _case(self, db: Connection, request_id: UUID, into: UUID | None = None) -> Case:
        found = await self._store.request(db, request_id)
        if found is None:
            raise await self._missing(db, request_id)
        other = await self._case(db, into) if into is not None else None
        return Case(request_id=request_id, client_id=found[1], request=found[0], into=other)

    async def _missing(self, db: Connection, request_id: UUID) -> Refusal:
        """Why there is nothing to show."""
        return CaseDestroyed() if await self._store.remains(db, [request_id]) else CaseNotFound()


def _other(command: AnyCommand) -> UUID | None:
    """The request that a command names beside the one it is about."""
    return command.into if isinstance(command, Merge) else None


def _numbered(journal: Journal, number: NumberAssigned, of: Append) -> Append:
    """The number as a fact of its journal, by whom and when the request says; the client is no affair of a journal."""
    return Append(
        category=REGISTER,
        aggregate_id=journal.aggregate_id,
        expected_version=journal.version,
        facts=[number],
        context=replace(of.context, client_id=None),
    )
