"""What frontends may tell people of the authority: who it is, how else to reach it, where it may be asked (N-0.1, A-1.1)."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel
from starlette.responses import Response

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.problems import RESPONSES
from libs.chassis.store.database import Pool
from libs.events.contracts.authority_events import Audience
from services.intake.authority.book import Book

FRESH_SECONDS = 5


class PointAnswer(BaseModel):
    """A point of interaction that stands on the list today."""

    code: str
    title: str
    kind: Audience
    where: str


class TermsAnswer(BaseModel):
    """Days that the authority takes at most, and the act that lets it; from the registration, the first from the receipt."""

    act: str
    register_days: int
    answer_days: int
    extension_days: int
    extension_notice_days: int
    redirect_days: int


class AuthorityAnswer(BaseModel):
    """Empty is what the authority did not say; `time_zone` is the one that its days are counted in."""

    code: str
    name: str
    short_name: str
    act: str
    postal_address: str
    phones: list[str]
    hours: str
    time_zone: str
    points: list[PointAnswer]
    terms: TermsAnswer


def routes(*, book: Book, pool: Pool, frontends: FrontendKeys, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=RESPONSES)

    @router.get("/authority", response_model=AuthorityAnswer, responses={304: {"description": "It is as `If-None-Match` says"}})
    async def authority(
        _: Annotated[str, Depends(frontends)], if_none_match: Annotated[str | None, Header(max_length=200)] = None
    ) -> Response:
        """Who the authority is now; ask again with `If-None-Match` as often as you like."""
        async with pool.acquire() as db:
            await book.opened(db)
        raw = told(book, clock).model_dump_json().encode()
        tag = f'"{hashlib.sha256(raw).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": f"max-age={FRESH_SECONDS}"}
        if if_none_match == tag:
            return Response(status_code=304, headers=headers)
        return Response(raw, headers=headers, media_type="application/json")

    return router


def told(book: Book, clock: Clock) -> AuthorityAnswer:
    now = book.authority
    today = book.rules.day_of(clock.now())
    standing = {rule.code for rule in book.rules.points if rule.stands_on(today)}
    return AuthorityAnswer(
        code=now.code,
        name=now.name,
        short_name=now.short_name,
        act=now.act,
        postal_address=now.postal_address,
        phones=list(now.phones),
        hours=now.hours,
        time_zone=now.time_zone.key,
        points=[
            PointAnswer(code=point.code, title=point.title, kind=Audience(point.kind), where=point.where)
            for point in now.points
            if point.code in standing
        ],
        terms=TermsAnswer.model_validate(book.rules.terms, from_attributes=True),
    )
