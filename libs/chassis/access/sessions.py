"""What a page for staff depends on: somebody signed in, known by a cookie, in a role that may open it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from libs.chassis.access.roles import NotAllowed, NotSignedIn, Refused, Role, Staff, not_written_down
from libs.chassis.ops.refusals import Refusal

COOKIE: Final = "desk"  # http-only, SameSite=Strict, of the whole desk
SAFE_METHODS: Final = frozenset(("GET", "HEAD"))


class ForeignForm(Refusal):
    """A form was posted from a page of another site (OWASP: cross-site request forgery)."""

    code = "foreign-form"
    status = 403
    says = "Форма пришла с другого сайта, ничего не сделано. Откройте страницу заново и повторите действие."


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """Who is signed in, and as whom colleagues know them; `in_place_of` is the name of the one they stand in for."""

    staff: Staff
    name: str
    in_place_of: str | None = None


Find = Callable[[str], Awaitable[SignedIn | None]]
"""Who holds this cookie; None: nobody, any more."""


class RequiredSession:
    """A dependency; `roles` tells a guard test who may come in."""

    def __init__(self, find: Find, refused: Refused, roles: frozenset[Role]) -> None:
        self.roles = roles
        self._find = find
        self._refused = refused

    async def __call__(self, request: Request) -> SignedIn:
        if request.method not in SAFE_METHODS and is_foreign(request):
            raise ForeignForm
        token = request.cookies.get(COOKIE)
        who = await self._find(token) if token else None
        if who is None:
            raise NotSignedIn
        if not who.staff.may(self.roles):
            if request.method not in SAFE_METHODS:
                await self._refused(who.staff, act_of(request))
            raise NotAllowed
        return who


class SessionDoor:
    """Makes the dependency of a page from the roles that may open it."""

    def __init__(self, find: Find, refused: Refused = not_written_down) -> None:
        self._find = find
        self._refused = refused

    def __call__(self, *roles: Role) -> RequiredSession:
        if not roles:
            raise ValueError("name the roles that may open this page")
        return RequiredSession(self._find, self._refused, frozenset(roles))


def act_of(request: Request) -> str:
    """The route, never what stands in its place in the address."""
    return f"{request.method} {request.scope['route'].path}"


def is_foreign(request: Request) -> bool:
    """Whether a browser says that the form stood on another site; programs say nothing of that.

    Under `Referrer-Policy: no-referrer`, which our pages have, the Origin of our own forms is `null`; Sec-Fetch-Site still tells them.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
