"""What every page of the desk stands in: its look, its error pages, the way to signing in."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from libs.chassis.access.roles import NotSignedIn
from libs.chassis.access.sessions import SAFE_METHODS
from libs.chassis.ops.refusals import InternalError, Refusal
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.web.assets import Assets
from libs.web.headers import BodyLimit, SafeHeaders
from libs.web.masthead import Masthead
from libs.web.pages import Pages
from libs.web.posted_files import PostedFile, posted_with_files

HOME = "/desk"
SIGN_IN = "/desk/sign-in"
KEEPING = ("/desk/new/", "/desk/requests/", "/desk/draft")
WITH_FILES = ("/desk/new/reception", "/desk/new/post", "/desk/draft")  # forms that send files
AWAY = ("Система временно недоступна", "Ничего не сделано и ничего не потеряно. Повторите через минуту.")

log = structlog.stdlib.get_logger("desk")


def desk_pages(assets: Assets, masthead: Callable[[], Masthead], *, demo: bool) -> Pages:
    """What draws the desk's pages."""
    return Pages(folder=Path(__file__).parent, assets=assets, masthead=masthead, demo=demo, home=HOME, service="Рабочее место")


def mounted(app: FastAPI, pages: Pages, routers: Sequence[APIRouter], limit_bytes: int, with_files_bytes: int) -> None:
    """Puts the desk beside the doors for programs: an app of its own, because its refusals are pages. The limits are those of a form."""
    desk = FastAPI(openapi_url=None, redirect_slashes=False)
    for router in routers:
        desk.include_router(router)
    pages.install_errors(desk)

    async def refused(request: Request, error: Exception) -> Response:
        refusal = error if isinstance(error, Refusal) else InternalError()
        if isinstance(refusal, NotSignedIn):
            if keeps(request):
                return await kept(pages, request, "Время сеанса истекло", status=refusal.status, signed_out=True)
            return RedirectResponse(sign_in_address(request), status_code=303)
        return pages.show_message(
            request, "Так сделать нельзя", refusal.says, status=refusal.status, onward={"href": HOME, "text": "На главную страницу"}
        )

    async def away(request: Request, error: Exception) -> Response:
        log.warning("a page is answered with 503", error=error)
        if keeps(request):
            return await kept(pages, request, AWAY[0], status=503, signed_out=False)
        return pages.show_message(request, *AWAY, status=503, headers={"retry-after": "60"})

    desk.add_exception_handler(Refusal, refused)
    for kind in INFRASTRUCTURE_ERRORS:
        desk.add_exception_handler(kind, away)
    desk.add_middleware(BodyLimit, limit_bytes=limit_bytes, larger=dict.fromkeys(WITH_FILES, with_files_bytes))
    desk.add_middleware(SafeHeaders, also={"referrer-policy": "same-origin"})  # without it browsers hide the Origin of our own forms
    pages.install_common(app)
    app.add_api_route(HOME, lambda: RedirectResponse(f"{HOME}/", status_code=308), methods=["GET"], include_in_schema=False)
    app.mount(HOME, desk)


def keeps(request: Request) -> bool:
    """Whether a form was posted that took somebody time to fill in."""
    return request.method not in SAFE_METHODS and request.url.path.startswith(KEEPING)


async def kept(pages: Pages, request: Request, heading: str, *, status: int, signed_out: bool) -> Response:
    """What was typed, in the browser that typed it: after signing in in another tab the same form is sent from here."""
    return pages.show(
        request,
        "page/kept.html",
        status=status,
        headers={"retry-after": "60"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
        who=None,
        heading=pages.language(request).text(heading),
        signed_out=signed_out,
        sign_in=SIGN_IN,
        typed=await posted_with_files(request, _passed_over),
    )


async def _passed_over(_file: PostedFile) -> None:
    """Nobody is there to take it; what the card brought earlier stays in its sealed field."""


def sign_in_address(request: Request) -> str:
    """Where to sign in, and after it back to this page, if it was one to look at."""
    if request.method not in SAFE_METHODS or request.url.path == HOME:
        return SIGN_IN
    return f"{SIGN_IN}?{urlencode({'next': request.url.path})}"
