"""What a route for staff depends on: `staff = StaffDoor(verifier, denied)` in `main`, `who: Staff = Depends(staff(Role.OPERATOR))`."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from libs.chassis.access import carried
from libs.chassis.access.roles import NotAllowed, NotSignedIn, Refused, Role, Staff, not_written_down
from libs.chassis.access.sessions import SAFE_METHODS, act_of
from libs.chassis.access.tokens import Verifies

_BEARER = HTTPBearer(scheme_name="staff", bearerFormat="JWT", description="staff token, Ed25519-signed", auto_error=False)


Denied = Callable[[Collection[str]], Awaitable[datetime | None]]
"""Up to when the tokens of any of these accounts are worth nothing; None: each of them is good as long as it says."""


class RequiredStaff:
    """Who may come in by a staff token; `roles` tells a guard test."""

    def __init__(self, verifier: Verifies, denied: Denied, refused: Refused, roles: frozenset[Role]) -> None:
        self.roles = roles
        self._refused = refused
        self._verifier = verifier
        self._denied = denied

    async def admitted(self, request: Request, offered: str | None) -> Staff:
        if offered is None:
            raise NotSignedIn
        token = self._verifier.verify(offered)
        staff = token.staff
        until = await self._denied([account for account in (staff.id, staff.acting_for) if account is not None])
        if until is not None and token.issued_at <= until:
            raise NotSignedIn
        if not staff.may(self.roles):
            if request.method not in SAFE_METHODS:
                await self._refused(staff, act_of(request))
            raise NotAllowed
        return staff


class BearerStaff(RequiredStaff):
    """The dependency of a route for programs: the token stands in a header."""

    async def __call__(self, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Staff:
        return await self.admitted(request, credentials.credentials if credentials else None)


class CarriedStaff(RequiredStaff):
    """The dependency of a page that only shows: the token stands in the cookie that the desk set."""

    async def __call__(self, request: Request) -> Staff:
        return await self.admitted(request, request.cookies.get(carried.COOKIE))


class StaffDoor:
    """Makes the dependency of a route from the roles that may use it."""

    def __init__(self, verifier: Verifies, denied: Denied, refused: Refused = not_written_down) -> None:
        self._verifier = verifier
        self._refused = refused
        self._denied = denied

    def __call__(self, *roles: Role) -> BearerStaff:
        return BearerStaff(self._verifier, self._denied, self._refused, _named(roles))

    def page(self, *roles: Role) -> CarriedStaff:
        return CarriedStaff(self._verifier, self._denied, self._refused, _named(roles))


def _named(roles: Collection[Role]) -> frozenset[Role]:
    if not roles:
        raise ValueError("name the roles that may use this route")
    return frozenset(roles)
