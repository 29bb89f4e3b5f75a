"""Entry by the authority's provider: there, back, and out, also when the provider says so itself.

Browsers keep a strict cookie to themselves while another site leads them, so who comes back gets a page that leads on, not a redirect.
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from libs.chassis.access.back_channel import LogoutNotProved
from libs.chassis.access.openid import Begun, EntryForgotten
from libs.chassis.access.provider import ProviderAway
from libs.chassis.ops.refusals import Refusal
from libs.web.posted import posted
from services.intake.pages.people import DESK, People, keep_session, to
from services.intake.pages.staff.sign_in_pages import LEAVE, SIGN_IN, local
from services.intake.staff.entry import Entry, NotLinked

BEGIN = f"{SIGN_IN}/provider"
BACK = f"{BEGIN}/back"
LOGGED_OUT = f"{BEGIN}/logged-out"


def routes(people: People, entry: Entry) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    cookie = people.begun()

    @router.get(BEGIN.removeprefix(DESK))
    async def begin(request: Request) -> Response:
        try:
            address, begun = await entry.openid.begin()
        except ProviderAway as refusal:
            return stopped(people, request, refusal)
        answer = to(address)
        cookie.write(request, answer, {**begun.kept(), "next": local(request.query_params.get("next", ""))})
        return answer

    @router.get(BACK.removeprefix(DESK))
    async def come_back(request: Request) -> Response:
        kept = cookie.read(request)
        try:
            if kept is None:
                raise EntryForgotten
            token = await entry.finish(Begun.of(kept), request.query_params)
        except Refusal as refusal:
            return stopped(people, request, refusal)
        answer = onward(people, request, kept["next"], "Вы вошли")
        keep_session(request, answer, token)
        cookie.clear(answer)
        return answer

    router.include_router(_out(people, entry))
    return router


def _out(people: People, entry: Entry) -> APIRouter:
    router = APIRouter()

    @router.get(LEAVE.removeprefix(DESK))
    async def leave(request: Request) -> Response:
        """Out of here already; the provider has a session of its own."""
        try:
            address = await entry.openid.end_address()
        except ProviderAway:
            address = None
        return people.pages.show(request, "page/entry_left.html", who=None, address=address)

    @router.post(LOGGED_OUT.removeprefix(DESK))
    async def logged_out(request: Request) -> Response:
        """By the provider, not by a browser; answered as OpenID Connect Back-Channel Logout 1.0, 2.8 has it."""
        try:
            await entry.logged_out((await posted(request)).get("logout_token", ""))
        except (LogoutNotProved, ProviderAway) as refusal:
            told = {"error": "invalid_request", "error_description": refusal.code}
            return JSONResponse(told, status_code=LogoutNotProved.status)
        return Response()

    return router


def onward(people: People, request: Request, address: str, heading: str) -> Response:
    """A page of ours that leads on by itself, and by a link where a browser does not."""
    headers = {"refresh": f"0; url={address}"}
    return people.pages.show_message(request, heading, headers=headers, onward={"href": address, "text": "Продолжить"})


def stopped(people: People, request: Request, refusal: Refusal) -> Response:
    """Why nobody is let in, with what to tell an administrator; a new try starts from the beginning."""
    shown = refusal.shown if isinstance(refusal, NotLinked) else None
    answer = people.pages.show(
        request,
        "page/entry_stopped.html",
        who=None,
        refusal=refusal,
        shown=shown,
        status=refusal.status,
        headers=dict(refusal.headers()),
    )
    people.begun().clear(answer)
    return answer
