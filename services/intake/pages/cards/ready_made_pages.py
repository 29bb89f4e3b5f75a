"""Ready-made texts on the card: shown as this request would fill them, and put into the draft that somebody is writing."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.sessions import SignedIn
from services.intake.desk import Seen
from services.intake.domain.answer.answering import GapLeft
from services.intake.domain.answer.gaps import known
from services.intake.domain.authority.listings import Listing
from services.intake.domain.authority.texts import Gap, NoSuchText, filled, gaps_in, offered
from services.intake.pages.register.register_pages import DeskParts
from services.intake.transitions import WRITING

INSERT = "insert"  # the button that puts a text behind what is typed, and makes no version
CHOSEN = "text-block"
TEXT = "prepare-draft-text"


def routes(parts: DeskParts) -> APIRouter:
    router = APIRouter(prefix="/requests/{request_id:uuid}", include_in_schema=False)
    may_write = Depends(parts.door(*sorted(WRITING)))

    @router.get("/texts")
    async def look(request: Request, request_id: UUID, who: Annotated[SignedIn, may_write]) -> Response:
        seen = await parts.desk.look(who.staff, request_id)
        await parts.looks.looked(who.staff, "texts", request_id)
        texts = [(one.title, filled(one.text, _known(parts, seen))) for one in offered(parts.book.decided.texts).values()]
        told = [(title, text, gaps_in(text)) for title, text in texts]
        return parts.pages.show(request, "page/ready_made.html", who=who, seen=seen, texts=told)

    return router


def inserted(parts: DeskParts, seen: Seen, typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is typed with the chosen text behind it, and what is wrong with that. Raises `NoSuchText`."""
    found = offered(parts.book.decided.texts).get(typed.get(CHOSEN, ""))
    if found is None:
        raise NoSuchText
    text = "\n\n".join(part for part in (typed.get(TEXT, "").rstrip(), filled(found.text, _known(parts, seen))) if part)
    return {**typed, TEXT: text}, {TEXT: GapLeft.says} if gaps_in(text) else {}


def _known(parts: DeskParts, seen: Seen) -> Mapping[Gap, str]:
    request, authority = seen.case.request, parts.authority
    unit = parts.book.titles[Listing.UNITS].get(request.unit or "", "")
    names = {Gap.UNIT: unit, Gap.AUTHORITY: authority.name, Gap.SIGNATORY: authority.signatory}
    return known(request, parts.book.rules, names, parts.overview.today())
