"""Roles of staff and who holds them (R-25). Pure: rules may ask for a role."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from libs.chassis.ops.refusals import Refusal


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    EXECUTOR = "executor"
    CHECKER = "checker"
    HEAD = "head"
    OPERATOR = "operator"  # takes calls and visits, reads history
    EDITOR = "editor"
    MAILER = "mailer"
    SURVEYOR = "surveyor"
    AUDITOR = "auditor"  # reads the audits
    SRE = "sre"  # sees no personal data


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Somebody signed in; `id` is an account, never a name. `acting_for` is the account whose roles and unit they have as its deputy."""

    id: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    unit: str | None = None
    acting_for: str | None = None

    @property
    def works_as(self) -> str:
        """The account whose work is theirs now."""
        return self.acting_for or self.id

    def may(self, allowed: frozenset[Role]) -> bool:
        return not allowed.isdisjoint(self.roles)


Refused = Callable[[Staff, str], Awaitable[None]]
"""Writes down that somebody tried what their roles do not allow."""


async def not_written_down(_staff: Staff, _act: str) -> None:
    """Where nothing is done, only shown: a look that is refused is no act."""


class NotSignedIn(Refusal):
    """No valid staff token came with the request."""

    code = "not-signed-in"
    status = 401
    says = "Вы не вошли в систему, или время сеанса истекло. Войдите и повторите."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="staff"'}


class NotAllowed(Refusal):
    """The role of the one who asks does not allow this."""

    code = "not-allowed"
    status = 403
    says = "Ваша роль не даёт права на это действие. Обратитесь к администратору."
