"""Intake's HTTP door for half-written forms (docs/frontends)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPBearer

from libs.chassis.access.frontends import FrontendKeys
from libs.chassis.ops.concurrency import ConcurrencyLimit
from libs.chassis.ops.problems import RESPONSES
from services.intake.api import NEVER_STORED, checked, never_stored, read, takes
from services.intake.bodies import KeptAnswer, SavedFormAnswer, SavedFormBody, SavedFormNameBody
from services.intake.saved_forms import SavedForms

MOST_AT_ONCE = 10


def routes(*, saved_forms: SavedForms, frontends: FrontendKeys) -> APIRouter:
    Frontend = Annotated[str, Depends(frontends)]  # noqa: N806 - a type
    bearer = HTTPBearer(auto_error=False, description="the key of the frontend")
    few = Depends(ConcurrencyLimit(MOST_AT_ONCE))
    router = APIRouter(prefix="/v1/saved-forms", dependencies=[Depends(never_stored), Depends(bearer), few], responses=RESPONSES)

    @router.post("", status_code=201, response_model=KeptAnswer, openapi_extra=takes(SavedFormBody))
    async def keep(request: Request, frontend: Frontend) -> dict[str, datetime]:
        """Puts a form by; the same name again takes its place."""
        body = checked(SavedFormBody, await read(request))
        return {"kept_until": (await saved_forms.keep(frontend, body.name, body.sealed, body.uploads)).kept_until}

    @router.post("/open", response_model=SavedFormAnswer, openapi_extra=takes(SavedFormNameBody))
    async def look(request: Request, frontend: Frontend) -> dict[str, Any]:
        """What was put by; it stays."""
        return (await saved_forms.open(frontend, checked(SavedFormNameBody, await read(request)).name))._asdict()

    @router.post("/forget", status_code=204, openapi_extra=takes(SavedFormNameBody))
    async def forget(request: Request, frontend: Frontend) -> Response:
        """It was sent, or is not wanted any more; repeated, it changes nothing."""
        await saved_forms.forget(frontend, checked(SavedFormNameBody, await read(request)).name)
        return Response(status_code=204, headers=NEVER_STORED)

    return router
