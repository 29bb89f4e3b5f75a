"""What a route for staff depends on: `staff = StaffDoor(verifier)` in `main`, `who: Staff = Depends(staff(Role.OPERATOR))` in the door."""

from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from libs.chassis.access.roles import NotAllowed, NotSignedIn, Role, Staff
from libs.chassis.access.tokens import Verifies

_BEARER = HTTPBearer(scheme_name="staff", bearerFormat="JWT", description="staff token, Ed25519-signed", auto_error=False)


class RequiredStaff:
    """A dependency; `roles` tells a guard test who may come in."""

    def __init__(self, verifier: Verifies, roles: frozenset[Role]) -> None:
        self.roles = roles
        self._verifier = verifier

    async def __call__(self, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]) -> Staff:
        if credentials is None:
            raise NotSignedIn
        staff = self._verifier.verify(credentials.credentials).staff
        if not staff.may(self.roles):
            raise NotAllowed
        return staff


class StaffDoor:
    """Makes the dependency of a route from the roles that may use it."""

    def __init__(self, verifier: Verifies) -> None:
        self._verifier = verifier

    def __call__(self, *roles: Role) -> RequiredStaff:
        if not roles:
            raise ValueError("name the roles that may use this route")
        return RequiredStaff(self._verifier, frozenset(roles))
