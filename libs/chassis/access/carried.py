"""How a staff token comes to the pages of another service: in a cookie of their path alone, set by the desk, read by no script.

One host is enough for it, whatever the port; no address holds the token, and no form of another site can bring it along.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from libs.chassis.access.tokens import LIFETIME

COOKIE: Final = "staff-token"
TIMELINES: Final = "/timelines"  # history's pages


def carry(request: Request, response: Response, token: str) -> None:
    """To the timelines, for as long as the token lives."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LIFETIME.total_seconds()),
        path=TIMELINES,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
