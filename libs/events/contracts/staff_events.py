"""staff.events.v1: who may work here, as what, and when their rights or their sessions end. Key: the id of the account.

An account is a thread of its own. No password, no hash of one and no secret of a second factor is ever in an event.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from libs.events.fact import Event, Open, Personal

Roles = tuple[str, ...]
"""Codes of R-25, sorted."""


class Credential(StrEnum):
    PASSWORD = "password"  # noqa: S105 - a word, not a password
    SECOND_FACTOR = "second-factor"


class ChangedBy(StrEnum):
    SELF = "self"
    ADMINISTRATOR = "administrator"
    SET_UP = "set-up"


class Ending(StrEnum):
    SIGNED_OUT = "signed-out"
    DISABLED = "disabled"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a reason, not a password
    ADMINISTRATOR = "administrator"
    LOCKED = "locked"


class AccountOpened(Event):
    """Somebody may sign in from now on."""

    login: Annotated[str, Personal]
    name: Annotated[str, Personal]
    roles: Annotated[Roles, Open]
    unit: Annotated[str | None, Open] = None


class RoleChanged(Event):
    """The rights of an account are others now."""

    roles: Annotated[Roles, Open]
    unit: Annotated[str | None, Open] = None
    previous_roles: Annotated[Roles, Open]
    previous_unit: Annotated[str | None, Open] = None


class StaffDisabled(Event):
    """The account may not sign in any more; it stays for what it did."""

    reason: Annotated[str, Personal]


class StaffEnabled(Event):
    """The account may sign in again."""

    reason: Annotated[str, Personal]


class CredentialsChanged(Event):
    """What the account signs in with is another now, or there is no second factor any more."""

    what: Annotated[Credential, Open]
    how: Annotated[ChangedBy, Open]


class SessionRevoked(Event):
    """Every session of the account has ended, or with `signed-out` the one that was signed out."""

    why: Annotated[Ending, Open]


class ExternalIdentityLinked(Event):
    """Whom the provider at `issuer` calls `subject` enters with this account from now on, and no other identity does."""

    issuer: Annotated[str, Open]
    subject: Annotated[str, Personal]


class ExternalIdentityUnlinked(Event):
    """Nobody enters with this account by that provider any more."""

    issuer: Annotated[str, Open]


class DeputyAppointed(Event):
    """`deputy`, another account, may act in the name of this one from the first day to the last, both included."""

    appointment_id: Annotated[UUID, Open]
    deputy: Annotated[UUID, Open]
    first_day: Annotated[date, Open]
    last_day: Annotated[date, Open]
    reason: Annotated[str, Personal]


class DeputyEnded(Event):
    """The appointment holds no longer, though its last day has not passed."""

    appointment_id: Annotated[UUID, Open]
    deputy: Annotated[UUID, Open]
    reason: Annotated[str, Personal]


EVENTS = (
    AccountOpened,
    RoleChanged,
    StaffDisabled,
    StaffEnabled,
    CredentialsChanged,
    SessionRevoked,
    ExternalIdentityLinked,
    ExternalIdentityUnlinked,
    DeputyAppointed,
    DeputyEnded,
)
