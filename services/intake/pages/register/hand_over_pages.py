"""The work of somebody who leaves: what it is, to whom it goes, and after a second press of the button it is theirs."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.telemetry import Telemetry
from libs.web.posted import posted
from services.intake.hand_over import HandOver, NobodyToTakeOver, Piece, TakeOver
from services.intake.pages import titles
from services.intake.pages.commands import command_of
from services.intake.pages.people import DESK, WRONG
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import LEADING

HAND_OVER = f"{DESK}/hand-over"
SHOWN = 100


def routes(parts: DeskParts, work: HandOver, telemetry: Telemetry) -> APIRouter:
    router = APIRouter(prefix="/hand-over/{account_id:uuid}", include_in_schema=False)
    may = Depends(parts.door(*sorted(LEADING)))
    page = HandOverPage(parts, work)

    @router.get("")
    async def look(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        return await page.show(request, who, account_id)

    @router.post("")
    async def check(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        """Nothing is done yet: what would be, and what could not."""
        typed = await posted(request)
        command, errors = command_of(TakeOver, {name: typed.get(name, "") for name in ("executor", "reason")}, WRONG)
        if command is None:
            return await page.show(request, who, account_id, typed=typed, errors=errors, status=422)
        return await page.ask(request, who, account_id, command)

    @router.post("/now")
    async def hand_over(request: Request, account_id: UUID, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        command, errors = command_of(TakeOver, {name: typed.get(name, "") for name in ("executor", "reason")}, WRONG)
        if command is None:
            return await page.show(request, who, account_id, typed=typed, errors=errors, status=422)
        try:
            done = await work.next_batch(who.staff, account_id, command, telemetry.current_traceparent())
        except NobodyToTakeOver as refusal:
            return await page.show(request, who, account_id, typed=typed, errors={"executor": refusal.says}, status=refusal.status)
        before = int(typed["done"]) if typed.get("done", "").isdecimal() and len(typed["done"]) < 7 else 0
        return await page.ask(request, who, account_id, command, done=before + done)

    return router


class HandOverPage:
    """Draws the list, the question and the progress."""

    def __init__(self, parts: DeskParts, work: HandOver) -> None:
        self._parts = parts
        self._work = work

    async def show(
        self,
        request: Request,
        who: SignedIn,
        account_id: UUID,
        *,
        typed: Mapping[str, str] | None = None,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        units = {unit.code: unit.title for unit in self._parts.authority.units}
        takers = [
            (str(one.account_id), f"{one.account.name} – {units.get(one.account.unit or '', '')}")
            for one in await self._work.takers(account_id)
        ]
        values = {"executor": "", "reason": "", **(typed or {})}
        pieces = await self._work.work_of(account_id)
        facts: dict[str, Any] = {"takers": [("", "Выберите исполнителя"), *takers], "values": values, "errors": errors or {}}
        return await self._drawn(request, who, account_id, "page/hand_over.html", pieces, status=status, **facts)

    async def ask(self, request: Request, who: SignedIn, account_id: UUID, command: TakeOver, *, done: int | None = None) -> Response:
        """The question before it, and with `done` how far it is and whether there is more."""
        try:
            taker = await self._work.taker(account_id, command.executor)
        except NobodyToTakeOver as refusal:
            return await self.show(
                request, who, account_id, typed=command.model_dump(), errors={"executor": refusal.says}, status=refusal.status
            )
        pieces = await self._work.work_of(account_id, command.executor)
        able = [piece for piece in pieces if piece.why_not is None]
        facts: dict[str, Any] = {
            "taker": taker,
            "command": command,
            "done": done,
            "able": len(able),
            "batch": min(self._work.batch, len(able)),
        }
        stuck = [piece for piece in pieces if piece.why_not is not None]
        return await self._drawn(request, who, account_id, "page/hand_over_asked.html", stuck, **facts)

    async def _drawn(
        self, request: Request, who: SignedIn, account_id: UUID, template: str, pieces: Sequence[Piece], *, status: int = 200, **facts: Any
    ) -> Response:
        leaver = await self._work.accounts.one(account_id)
        return self._parts.pages.show(
            request,
            template,
            who=who,
            leaver=leaver,
            here=f"{HAND_OVER}/{account_id}",
            pieces=pieces[:SHOWN],
            count=len(pieces),
            titles=titles,
            status=status,
            **facts,
        )
