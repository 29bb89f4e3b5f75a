"""Answers on paper: the letter that left, and a draft that somebody wants to see as the person will."""

from dataclasses import dataclass
from typing import ClassVar

from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from services.intake.authority.book import Book
from services.intake.domain.answer import paper
from services.intake.domain.answer.paper import Head
from services.intake.domain.request import Request
from services.intake.papers.sheets import Sheets


class NothingSent(Refusal):
    """No answer has left yet."""

    code: ClassVar[str] = "nothing-sent"
    says: ClassVar[str] = "Ответ ещё не отправлен, поэтому печатать нечего."


@dataclass(frozen=True, kw_only=True)
class Answers:
    """`verify`: the address of the page that knows the marks of what left; empty where there is no site."""

    sheets: Sheets
    book: Book
    clock: Clock
    verify: str

    async def sent(self, request: Request, *, large: bool) -> bytes:
        """Raises `NothingSent`."""
        if request.letter is None:
            raise NothingSent
        return await self.sheets.answer(paper.of_letter(request, request.letter, self._head(), large=large))

    async def draft(self, request: Request, *, large: bool) -> bytes:
        """There is one."""
        today = self.book.authority.day_of(self.clock.now())
        return await self.sheets.answer(paper.of_draft(request, self._head(), today, large=large))

    def _head(self) -> Head:
        told = self.book.authority
        return Head(told.name, told.postal_address, self.verify)
