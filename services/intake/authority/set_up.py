"""What administrators do to the authority: load, decide, append; whoever read an older version of the same subject is told so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.chassis.access.roles import NotAllowed, Staff
from libs.chassis.bus.races import past_races
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.refusals import Refusal
from libs.chassis.ops.settings import Authority
from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.events import Recorded
from libs.events.contracts.authority_events import TrialLetterEnded
from libs.events.contracts.notifier_trials import TrialLetterTried
from libs.events.envelope import Actor
from libs.events.fact import Event
from services.intake.authority.book import Book
from services.intake.authority.store import AuthorityStore
from services.intake.domain.authority import set_up as rules
from services.intake.domain.authority.commands import SetUpCommand
from services.intake.domain.authority.decided import Decided, replayed

NOTIFIER = Actor(role="system", id="notifier")


class SettingsChangedMeanwhile(Refusal):
    """Somebody changed the same part of the settings since it was read; `version` is the present one."""

    code = "changed-meanwhile"
    says = "Пока вы работали с этой страницей, её изменили. Посмотрите, что изменилось, и повторите действие, если оно ещё нужно."

    def __init__(self, version: int) -> None:
        super().__init__()
        self._version = version

    def extras(self) -> dict[str, object]:
        return {"version": self._version}


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """`ring` tells the relay that there is something to publish."""

    file: Authority
    pool: Pool
    store: AuthorityStore
    book: Book
    clock: Clock
    ids: Ids
    ring: Callable[[], None]

    async def act(self, by: Staff, version: int, command: SetUpCommand, traceparent: str | None) -> Sequence[Event]:
        """The facts that followed, none where it was like that already; the first of two who read the same version wins.

        Raises `NotAllowed`.
        """
        new_id, role = self.ids.new(), min(by.roles & rules.allowed(command), default=None)
        if role is None:
            raise NotAllowed

        async def once() -> tuple[Decided, list[Event]]:
            async with self.pool.acquire() as db, db.transaction():
                decided = await self.store.decided(db)
                if decided.touched.get(rules.subject_of(command), 0) > version:
                    raise SettingsChangedMeanwhile(decided.version)
                facts = rules.decide(self.file, decided, command, new_id)
                return await self._appended(db, decided, facts, Actor(role=role.value, id=by.id), traceparent), facts

        decided, facts = await past_races(once)
        self.book.take(decided)
        self.ring()
        return facts

    async def look(self) -> Decided:
        """Everything that was decided until now, by whatever process."""
        async with self.pool.acquire() as db:
            decided = await self.store.decided(db)
        self.book.take(decided)
        return decided

    async def history(self, db_after: int = 0) -> Sequence[Recorded]:
        """Who changed what and when, after a version."""
        async with self.pool.acquire() as db:
            return [row for row in await self.store.recorded(db) if row.version > db_after]

    async def trial_ended(self, db: Connection, told: TrialLetterTried, traceparent: str | None) -> None:
        """In the caller's transaction; what is not known, or has ended, changes nothing."""
        decided = await self.store.decided(db)
        trial = decided.trial
        if trial is None or trial.asked.letter_id != told.letter_id or trial.ended is not None:
            return
        ended = TrialLetterEnded(letter_id=told.letter_id, sent=told.sent, reason=told.reason)
        await self._appended(db, decided, [ended], NOTIFIER, traceparent)

    async def _appended(self, db: Connection, decided: Decided, facts: Sequence[Event], by: Actor, traceparent: str | None) -> Decided:
        if not facts:
            return decided
        await self.store.append(db, decided.version, facts, by=by, at=self.clock.now(), traceparent=traceparent)
        return replayed(facts, decided)
