"""The work of somebody who leaves goes to a colleague, request by request: each is a reassignment like any other (S-8)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import RequestReassigned
from services.intake.authority.book import Book
from services.intake.desk import Desk
from services.intake.domain.authority.lists import UnitNotCompetent
from services.intake.domain.commands import Account, Assign, Command, Text
from services.intake.domain.last_days import TransitionForbidden
from services.intake.domain.request import Request
from services.intake.staff.accounts import Accounts
from services.intake.staff.store import Listed
from services.intake.store import IntakeStore
from services.intake.transitions import TRANSITIONS

MOST: Final = 1_000


class NobodyToTakeOver(Refusal):
    """Who takes over is another enabled executor, of a unit."""

    code = "nobody-to-take-over"
    status = 400
    says = "Выберите действующего исполнителя, у которого указано подразделение."


class TakeOver(Command):
    """`executor` takes over what another one has, in their own unit."""

    executor: Account
    reason: Text


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A request that waits for somebody who leaves; `why_not` says why the one who was chosen can't take it."""

    request_id: UUID
    request: Request
    why_not: str | None = None


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """Whoever presses the button again goes on where it stopped: what was handed over is not theirs any more.

    `batch` is how many go by one press: a page has to come back.
    """

    desk: Desk
    accounts: Accounts
    store: IntakeStore
    book: Book
    batch: int

    async def work_of(self, account_id: UUID, to: str | None = None) -> Sequence[Piece]:
        """What is due first stands first; with `to`, whether they could take it."""
        unit = (await self.taker(account_id, to)).account.unit if to else None
        async with self.accounts.pool.acquire() as db:
            rules = await self.book.opened(db)
            found = await self.store.work_of(db, str(account_id), MOST)
            states = await self.store.states(db, found)
        pieces = [Piece(request_id=request_id, request=states[request_id]) for request_id in found]
        if unit is None:
            return pieces
        topics = rules.lists.topics_of.get(unit, frozenset())
        return [replace(piece, why_not=_why_not(piece.request, topics)) for piece in pieces]

    async def takers(self, account_id: UUID) -> Sequence[Listed]:
        """Who may take over."""
        return [one for one in await self.accounts.listed() if one.account_id != account_id and _may_take(one)]

    async def taker(self, account_id: UUID, to: str) -> Listed:
        """Raises `NobodyToTakeOver`."""
        found = next((one for one in await self.takers(account_id) if str(one.account_id) == to), None)
        if found is None:
            raise NobodyToTakeOver
        return found

    async def next_batch(self, by: Staff, account_id: UUID, command: TakeOver, traceparent: str | None) -> int:
        """How many were handed over now; what was changed meanwhile, or can't be taken, stays for the next press."""
        unit = (await self.taker(account_id, command.executor)).account.unit
        assign = Assign(command="assign", unit=unit or "", executor=command.executor, reason=command.reason)
        able = [piece for piece in await self.work_of(account_id, command.executor) if piece.why_not is None]
        done = 0
        for piece in able[: self.batch]:
            try:
                await self.desk.act(by, piece.request_id, piece.request.version, assign, traceparent)
            except Refusal:
                continue  # the page that follows shows it, with what it is now
            done += 1
        return done


def _may_take(one: Listed) -> bool:
    return one.account.enabled and Role.EXECUTOR in one.account.roles and one.account.unit is not None


def _why_not(request: Request, topics: Collection[str]) -> str | None:
    if request.status not in TRANSITIONS[RequestReassigned].sources:
        return TransitionForbidden.says
    return None if request.classification and request.classification.topic in topics else UnitNotCompetent.says
