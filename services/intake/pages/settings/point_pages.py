"""A whole list of points of interaction by one act, as an authority issues it (A-1.1)."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.authority_events import Audience
from libs.web.posted import posted
from services.intake.authority.set_up import SettingsChangedMeanwhile
from services.intake.pages.people import to
from services.intake.pages.settings import settings_forms
from services.intake.pages.settings.settings_pages import NOT_WRONG, NOTHING, SettingsParts, Wrong
from services.intake.pages.settings.settings_words import SETTINGS

WORDS = {audience: word for word, audience in reversed(settings_forms.AUDIENCE_OF.items()) if word}  # the Russian ones come first


def routes(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/settings/load-points", include_in_schema=False)
    may = Depends(parts.door(Role.ADMINISTRATOR))

    async def shown(request: Request, who: SignedIn, typed: Mapping[str, str] = NOTHING, wrong: Wrong = NOT_WRONG) -> Response:
        decided = await parts.set_up.look()
        now = parts.book.authority
        lines = [f"{point.title}; {WORDS[Audience(point.kind)]}; {point.code}" for point in now.points]
        return parts.pages.show(
            request,
            "page/settings_points.html",
            who=who,
            version=decided.version,
            values={"act": "", "since": "", "points": "\n".join(lines), **typed},
            **vars(wrong),
            zone=now.time_zone,
        )

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await shown(request, who)

    @router.post("")
    async def load(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        wrong = await parts.act(who, settings_forms.points_command(typed), typed, _field_of)
        return await shown(request, who, typed, wrong) if wrong else to(f"{SETTINGS}/points?done=loaded")

    return router


def _field_of(refusal: Refusal) -> str:
    return "form" if isinstance(refusal, SettingsChangedMeanwhile) else "points"
