"""One act for several requests: foreseen for each, then done to each as a command of its own, with the version that was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Pool
from services.intake.desk import CaseNotFound, ChangedMeanwhile, Desk
from services.intake.domain import desk as rules
from services.intake.domain.commands import Decided, Merge
from services.intake.domain.request import Request
from services.intake.store import IntakeStore
from services.intake.transitions import TRANSITIONS

TOGETHER: Final = ("S-7", "S-8", "S-5", "S-13", "S-2")  # what is the same for many: the rest is about one person's words
MAY: Final = frozenset[Role]().union(*(one.roles for one in TRANSITIONS.values() if one.id in TOGETHER))


class Chosen(NamedTuple):
    """A request, and its version when its row was drawn."""

    request_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of one of them: `then` it will be, or is, like this; or `why_not` says why nothing is done to it."""

    one: Chosen
    now: Request
    then: Request | None = None
    told: bool = False
    why_not: str | None = None


@dataclass(frozen=True, kw_only=True)
class Together:
    desk: Desk
    pool: Pool
    store: IntakeStore

    async def look(self, chosen: Sequence[Chosen]) -> Sequence[Request]:
        """As they are now. Raises `CaseNotFound`."""
        async with self.pool.acquire() as db:
            found = await self.store.states(db, [one.request_id for one in chosen])
        if len(found) < len(chosen):
            raise CaseNotFound
        return [found[one.request_id] for one in chosen]

    async def foresee(self, by: Staff, chosen: Sequence[Chosen], command: Decided) -> Sequence[Outcome]:
        """Nothing is done yet."""
        return [await self._foreseen(by, one, now, command) for one, now in await self._each(chosen, command)]

    async def act(self, by: Staff, chosen: Sequence[Chosen], command: Decided, traceparent: str | None) -> Sequence[Outcome]:
        """Each by itself: what one of them is refused keeps none of the others back."""
        return [await self._acted(by, one, now, command, traceparent) for one, now in await self._each(chosen, command)]

    async def _each(self, chosen: Sequence[Chosen], command: Decided) -> list[tuple[Chosen, Request]]:
        """Into which the others are merged stays as it is."""
        into = command.into if isinstance(command, Merge) else None
        return [(one, now) for one, now in zip(chosen, await self.look(chosen), strict=True) if one.request_id != into]

    async def _foreseen(self, by: Staff, one: Chosen, now: Request, command: Decided) -> Outcome:
        try:
            found = await self.desk.foresee(by, one.request_id, one.version, command)
        except Refusal as refusal:
            return Outcome(one=one, now=now, why_not=refusal.says)
        return Outcome(one=one, now=found.now, then=found.then, told=found.told)

    async def _acted(self, by: Staff, one: Chosen, now: Request, command: Decided, traceparent: str | None) -> Outcome:
        try:
            seen = await self.desk.act(by, one.request_id, one.version, command, traceparent)
        except ChangedMeanwhile as refusal:
            done = await self.desk.did(by, one.request_id, one.version, command)
            return Outcome(one=one, now=now, then=now) if done else Outcome(one=one, now=now, why_not=refusal.says)
        except Refusal as refusal:
            return Outcome(one=one, now=now, why_not=refusal.says)
        return Outcome(one=one, now=now, then=seen.case.request)


def open_to_all(requests: Sequence[Request], by: Staff) -> list[str]:
    """Ids of the transitions that this person may do to each of them now."""
    possible = [frozenset(rules.possible(request, by)) for request in requests]
    return [one for one in TOGETHER if all(one in each for each in possible)]
