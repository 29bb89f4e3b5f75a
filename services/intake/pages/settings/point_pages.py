"""A whole list of points of interaction by one act, as an authority issues it (A-1.1)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.roles import Role
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.refusals import BadRequest, Refusal
from libs.events.contracts.authority_events import Audience
from libs.web.posted import posted
from services.intake.authority.set_up import SettingsChangedMeanwhile
from services.intake.domain.authority.listings import Listing
from services.intake.pages.people import to
from services.intake.pages.settings import settings_forms
from services.intake.pages.settings.settings_pages import UNPROCESSABLE, SettingsParts, version_in
from services.intake.pages.settings.settings_words import SETTINGS

WORDS = {audience: word for word, audience in reversed(settings_forms.AUDIENCE_OF.items()) if word}  # the Russian ones come first


def routes(parts: SettingsParts) -> APIRouter:
    router = APIRouter(prefix="/settings/load-points", include_in_schema=False)
    may = Depends(parts.door(Role.ADMINISTRATOR))

    async def shown(
        request: Request,
        who: SignedIn,
        typed: Mapping[str, str],
        errors: dict[str, str],
        *,
        status: int = 200,
        changes: Sequence[Mapping[str, Any]] = (),
    ) -> Response:
        decided = await parts.set_up.look()
        now = parts.book.authority
        lines = [f"{point.title}; {WORDS[Audience(point.kind)]}; {point.code}" for point in now.points]
        return parts.pages.show(
            request,
            "page/settings_points.html",
            who=who,
            version=decided.version,
            values={"act": "", "since": "", "points": "\n".join(lines), **typed},
            errors=errors,
            status=status,
            changes=changes,
            zone=now.time_zone,
        )

    @router.get("")
    async def look(request: Request, who: Annotated[SignedIn, may]) -> Response:
        return await shown(request, who, {}, {})

    @router.post("")
    async def load(request: Request, who: Annotated[SignedIn, may]) -> Response:
        typed = await posted(request)
        command, errors = settings_forms.points_command(typed)
        if command is None:
            return await shown(request, who, typed, errors, status=UNPROCESSABLE)
        try:
            await parts.act(who, command, typed)
        except SettingsChangedMeanwhile as refusal:
            since = await parts.changes(version_in(typed), Listing.POINTS.value)
            return await shown(request, who, typed, {"form": refusal.says}, status=refusal.status, changes=since)
        except BadRequest:
            raise
        except Refusal as refusal:
            return await shown(request, who, typed, {"points": refusal.says}, status=refusal.status)
        return to(f"{SETTINGS}/points?done=loaded")

    return router
