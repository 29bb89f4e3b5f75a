"""An account of staff: who may sign in, in which roles and of which unit (R-25, E-1)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, NamedTuple, assert_never
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.chassis.access.roles import Role
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.staff_events import (
    AccountOpened,
    Credential,
    CredentialsChanged,
    DeputyAppointed,
    DeputyEnded,
    Ending,
    ExternalIdentityLinked,
    ExternalIdentityUnlinked,
    RoleChanged,
    SessionRevoked,
    StaffDisabled,
    StaffEnabled,
)
from libs.events.fact import Event
from services.intake.domain.commands import Code, Command, Text

SHORTEST_PASSWORD = 12
FREE_FAILURES = 5
LONGEST_PAUSE = timedelta(hours=1)

Login = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.@-]{2,64}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Roles = Annotated[frozenset[Role], Field(min_length=1)]

Subject = Annotated[str, StringConstraints(min_length=1, max_length=255)]  # as long as OpenID Connect Core 1.0 lets one be

AccountEvent = (
    AccountOpened
    | RoleChanged
    | StaffDisabled
    | StaffEnabled
    | CredentialsChanged
    | SessionRevoked
    | ExternalIdentityLinked
    | ExternalIdentityUnlinked
    | DeputyAppointed
    | DeputyEnded
)


class LoginTaken(Refusal):
    """Another account has this login, be it disabled or not."""

    code = "login-taken"
    says = "Такой логин уже занят. Придумайте другой."


class UnknownUnit(Refusal):
    """The authority has no unit with this code."""

    code = "unknown-unit"
    status = 400
    says = "Такого подразделения нет. Выберите подразделение из списка."


class LastAdministrator(Refusal):
    """Without this account nobody could let others in."""

    code = "last-administrator"
    says = "Это последний действующий администратор. Сначала дайте эту роль кому-нибудь ещё."


class NotYourself(Refusal):
    """Nobody disables the account that they are signed in with."""

    code = "not-yourself"
    says = "Отключить собственную учётную запись нельзя. Попросите другого администратора."


class StillHasWork(Refusal):
    """Open requests would be left with somebody who can't answer them any more."""

    code = "still-has-work"
    says = "За сотрудником числятся открытые запросы. Сначала передайте их другому исполнителю: это делает регистратор или руководитель."


class WeakPassword(Refusal):
    """A password is too short, or is the login itself."""

    code = "weak-password"
    status = 400
    says = "Пароль должен быть не короче 12 знаков и не совпадать с логином."


class IdentityTaken(Refusal):
    """Another account is linked with this identity of the provider."""

    code = "identity-taken"
    says = "С этой учётной записью организации уже связан другой сотрудник. Сначала снимите ту связь."


class OpenAccount(Command):
    """Somebody new may sign in."""

    login: Login
    name: Name
    roles: Roles
    unit: Code | None = None


class ChangeRoles(Command):
    roles: Roles
    unit: Code | None = None


class Disable(Command):
    reason: Text


class Enable(Command):
    reason: Text


class LinkIdentity(Command):
    """Whom a provider calls so enters with this account."""

    issuer: Text
    subject: Subject


class UnlinkIdentity(Command):
    pass


AccountCommand = OpenAccount | ChangeRoles | Disable | Enable | LinkIdentity | UnlinkIdentity


class Identity(NamedTuple):
    """Somebody as an OpenID Connect provider knows them."""

    issuer: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """Who may act in the name of an account, from the first day to the last."""

    appointment_id: UUID
    deputy: UUID
    first_day: date
    last_day: date


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is known of an account; without an event it has no login and nobody signs in with it."""

    version: int = 0
    login: str = ""
    name: str = ""
    roles: frozenset[Role] = frozenset()
    unit: str | None = None
    enabled: bool = False
    identity: Identity | None = None
    deputies: tuple[Appointment, ...] = ()

    @property
    def administers(self) -> bool:
        return self.enabled and Role.ADMINISTRATOR in self.roles


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a command has to know beside its account."""

    units: Collection[str]
    other_administrators: int  # enabled ones
    login_taken: bool = False
    identity_taken: bool = False
    open_work: int = 0  # requests that wait for an answer of this account
    itself: bool = False  # whoever commands it is its owner


def evolve(account: Account, event: AccountEvent) -> Account:  # noqa: C901 - one case for each fact
    account = replace(account, version=account.version + 1)
    match event:
        case AccountOpened():
            roles = _known(event.roles)
            return replace(account, login=event.login, name=event.name, roles=roles, unit=event.unit, enabled=True)
        case RoleChanged():
            return replace(account, roles=_known(event.roles), unit=event.unit)
        case StaffDisabled():
            return replace(account, enabled=False)
        case StaffEnabled():
            return replace(account, enabled=True)
        case CredentialsChanged() | SessionRevoked():
            return account
        case ExternalIdentityLinked():
            return replace(account, identity=Identity(event.issuer, event.subject))
        case ExternalIdentityUnlinked():
            return replace(account, identity=None)
        case DeputyAppointed():
            return replace(account, deputies=(*account.deputies, _appointment(event)))
        case DeputyEnded():
            left = tuple(one for one in account.deputies if one.appointment_id != event.appointment_id)
            return replace(account, deputies=left)
        case _:
            assert_never(event)


def _appointment(event: DeputyAppointed) -> Appointment:
    return Appointment(appointment_id=event.appointment_id, deputy=event.deputy, first_day=event.first_day, last_day=event.last_day)


def replayed(events: Sequence[Event]) -> Account:
    account = Account()
    for event in events:
        account = evolve(account, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return account


def decide(account: Account, command: AccountCommand, around: Around) -> list[Event]:
    """Nothing where the account is like that already."""
    match command:
        case OpenAccount():
            if around.login_taken:
                raise LoginTaken
            _check_unit(command.unit, around)
            return [AccountOpened(login=command.login, name=command.name, roles=_codes(command.roles), unit=command.unit)]
        case ChangeRoles():
            return _changed(account, command, around)
        case Disable():
            return _disabled(account, command, around)
        case Enable():
            return [] if account.enabled else [StaffEnabled(reason=command.reason)]
        case LinkIdentity():
            return _linked(account, Identity(command.issuer, command.subject), around)
        case UnlinkIdentity():
            return [ExternalIdentityUnlinked(issuer=account.identity.issuer)] if account.identity else []
        case _:
            assert_never(command)


def check_password(password: str, login: str) -> None:
    """Raises `WeakPassword`. Length alone counts: rules about digits and signs make passwords that people write down."""
    if len(password) < SHORTEST_PASSWORD or password.casefold() == login.casefold():
        raise WeakPassword


def ending(facts: Sequence[Event]) -> Ending | None:
    """Why these facts end every session of their account, if they do."""
    for fact in facts:
        match fact:
            case StaffDisabled():
                return Ending.DISABLED
            case RoleChanged() | ExternalIdentityLinked() | ExternalIdentityUnlinked():
                return Ending.ADMINISTRATOR
            case CredentialsChanged(what=Credential.PASSWORD):
                return Ending.PASSWORD_CHANGED
            case _:
                pass
    return None


def pause_after(failures: int) -> timedelta | None:
    """How long nobody signs in after so many failures in a row: 1, 2, 4… minutes from the fifth on, an hour at most."""
    if failures < FREE_FAILURES:
        return None
    return min(timedelta(minutes=2 ** min(failures - FREE_FAILURES, 10)), LONGEST_PAUSE)


def _changed(account: Account, command: ChangeRoles, around: Around) -> list[Event]:
    if (command.roles, command.unit) == (account.roles, account.unit):
        return []
    _check_unit(command.unit, around)
    if account.administers and Role.ADMINISTRATOR not in command.roles and not around.other_administrators:
        raise LastAdministrator
    return [RoleChanged(roles=_codes(command.roles), unit=command.unit, previous_roles=_codes(account.roles), previous_unit=account.unit)]


def _disabled(account: Account, command: Disable, around: Around) -> list[Event]:
    if not account.enabled:
        return []
    if around.itself:
        raise NotYourself
    if account.administers and not around.other_administrators:
        raise LastAdministrator
    if around.open_work:
        raise StillHasWork
    return [StaffDisabled(reason=command.reason)]


def _linked(account: Account, identity: Identity, around: Around) -> list[Event]:
    if around.identity_taken:
        raise IdentityTaken
    if identity == account.identity:
        return []
    return [ExternalIdentityLinked(issuer=identity.issuer, subject=identity.subject)]


def _check_unit(unit: str | None, around: Around) -> None:
    if unit is not None and unit not in around.units:
        raise UnknownUnit


def _codes(roles: Collection[Role]) -> tuple[str, ...]:
    return tuple(sorted(role.value for role in roles))


def _known(codes: Collection[str]) -> frozenset[Role]:
    """A role that a later release knows gives no right in this one."""
    return frozenset(Role(code) for code in codes if code in set(Role))
