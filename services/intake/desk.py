"""What staff do at the desk: load, decide, append; whoever read an older version is told so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Append
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind
from services.intake import tracking
from services.intake.deadlines import answer_due
from services.intake.domain import desk
from services.intake.domain.acceptance import Rules
from services.intake.domain.commands import AnyCommand, Merge, Register
from services.intake.domain.desk import Case, DeskRules, Telling
from services.intake.domain.register import number_given
from services.intake.domain.term import why_due
from services.intake.store import REGISTER, REQUEST, IntakeStore, staff_context
from services.intake.transitions import TRANSITIONS


class CaseNotFound(Refusal):
    """No request has this id."""

    code = "case-not-found"
    status = 404
    says = "Такого запроса нет. Проверьте ссылку или найдите запрос по номеру."


class ChangedMeanwhile(Refusal):
    """Somebody changed the request since it was read; `version` is the present one."""

    code = "changed-meanwhile"
    says = "Пока вы работали с запросом, его изменили. Посмотрите, что изменилось, и повторите действие, если оно ещё нужно."

    def __init__(self, version: int) -> None:
        super().__init__()
        self._version = version

    def extras(self) -> dict[str, object]:
        return {"version": self._version}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as the desk shows it, why its answer is due that day, and ids of the transitions that are open to who looks."""

    case: Case
    why_due: str | None
    possible: Sequence[str]


class Desk:
    """Requests by id, for staff."""

    def __init__(
        self, *, pool: Pool, store: IntakeStore, rules: Rules, desk_rules: DeskRules, clock: Clock, ring: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._store = store
        self._rules = rules
        self._desk_rules = desk_rules
        self._clock = clock
        self._ring = ring

    async def look(self, by: Staff, request_id: UUID) -> Seen:
        async with self._pool.acquire() as db:
            case = await self._case(db, request_id)
        return self._seen(case, by)

    async def act(self, by: Staff, request_id: UUID, version: int, command: AnyCommand, traceparent: str | None) -> Seen:
        """The request after the command; the first of two who read the same version wins."""
        async with self._pool.acquire() as db, db.transaction():
            await self._store.lock(db)
            case = await self._case(db, request_id, command.into if isinstance(command, Merge) else None)
            if case.request.version != version:
                raise ChangedMeanwhile(case.request.version)
            await self._store.save(db, await self._appends(db, case, command, by, self._clock.now(), traceparent))
            case = await self._case(db, request_id)
        self._ring()
        return self._seen(case, by)

    def _seen(self, case: Case, by: Staff) -> Seen:
        rules = self._rules
        why = why_due(case.request, rules.time_zone, rules.terms, rules.is_working)
        return Seen(case=case, why_due=why, possible=desk.possible(case.request, by))

    async def _appends(
        self, db: Connection, case: Case, command: AnyCommand, by: Staff, at: datetime, traceparent: str | None
    ) -> list[Append]:
        telling = await self._telling(db, case)
        if isinstance(command, Register):
            return await self._registration(db, case, by, at, telling, traceparent)
        facts = desk.decide(case, command, by, at, self._desk_rules, telling)
        return [self._append(case, facts, by, at, traceparent)]

    async def _registration(
        self, db: Connection, case: Case, by: Staff, at: datetime, telling: Telling, traceparent: str | None
    ) -> list[Append]:
        """The number is a fact of the register, too: both streams grow in one transaction."""
        desk.may_register(case.request, by)
        rules, on = self._rules, at.astimezone(self._rules.time_zone).date()
        register = await self._store.register(db, rules.journal, on.year)
        due = answer_due(on, rules.terms, rules.is_working)
        kind = case.request.kind or ClientKind.UNKNOWN
        number, registered = number_given(case.request_id, kind, register, rules.index, at, on, due, rules.terms.version)
        numbered = Append(
            category=REGISTER,
            aggregate_id=register.aggregate_id,
            expected_version=register.version,
            facts=[number],
            context=staff_context(case.request_id, None, by, Role.REGISTRAR, at, traceparent),
        )
        told = desk.told_registered(case.request, registered, on, telling)
        return [numbered, self._append(case, [registered, told], by, at, traceparent)]

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
            raise CaseNotFound
        other = await self._case(db, into) if into is not None else None
        return Case(request_id=request_id, client_id=found[1], request=found[0], into=other)

    async def _telling(self, db: Connection, case: Case) -> Telling:
        email = case.request.email
        if email is None:
            return Telling(confirmed=False, confirm_token=None)
        client = await self._store.client(db, case.client_id) if case.client_id is not None else None
        confirmed = case.request.email_confirmed or (client is not None and email in client.confirmed)
        return Telling(confirmed=confirmed, confirm_token=tracking.confirm_token(self._rules.key, case.request_id, email))
