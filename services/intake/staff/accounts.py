"""What is done to accounts, by their administrators, at the set-up and by their owners: load, decide, append."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.access.back_channel import LoggedOut, unproved
from libs.chassis.access.passwords import Passwords, temporary_password
from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.identifiers import Ids
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.events.contracts.staff_events import ChangedBy, Credential, CredentialsChanged, Ending, SessionRevoked
from libs.events.envelope import Actor
from libs.events.fact import Event
from services.intake.domain.staff import account as rules
from services.intake.domain.staff.account import (
    Account,
    Around,
    ChangeRoles,
    Disable,
    Enable,
    Identity,
    LinkIdentity,
    OpenAccount,
    UnlinkIdentity,
)
from services.intake.staff.store import AccountStore, Act, Listed, Vouched

SET_UP = Actor(role="system", id="set-up")
PROVIDER = Actor(role="system", id="openid-connect")


Change = ChangeRoles | Disable | Enable | LinkIdentity | UnlinkIdentity
"""What an administrator does to an account that is there."""


class AccountNotFound(Refusal):
    """No account has this id."""

    code = "account-not-found"
    status = 404
    says = "Такой учётной записи нет."


class AlreadySetUp(Refusal):
    """There is an account: who wants another one asks an administrator."""

    code = "already-set-up"
    says = "Система уже настроена. Новую учётную запись откроет администратор."


class SamePassword(Refusal):
    """The new password is the old one."""

    code = "same-password"
    status = 400
    says = "Новый пароль совпадает с прежним. Придумайте другой."


class WrongSetUpCode(Refusal):
    """The one-time code of the set-up is another one, or none was set."""

    code = "wrong-set-up-code"
    status = 403
    says = "Код первоначальной настройки не подходит. Его знает тот, кто установил систему."


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """`units`: codes of those that there are now; `ring` tells the relay that there is something to publish.

    `set_up_code` None: this installation is set up otherwise.
    """

    pool: Pool
    store: AccountStore
    passwords: Passwords
    units: Callable[[Connection], Awaitable[Collection[str]]]
    clock: Clock
    ids: Ids
    ring: Callable[[], None]
    traceparent: Callable[[], str | None]
    set_up_code: str | None = None

    async def is_set_up(self) -> bool:
        async with self.pool.acquire() as db:
            return await self.store.has_accounts(db)

    async def set_up(self, code: str, command: OpenAccount, password: str) -> UUID:
        """The first administrator, once and for ever."""
        if await self.is_set_up():
            raise AlreadySetUp
        if self.set_up_code is None or not hmac.compare_digest(code.strip().encode(), self.set_up_code.encode()):
            raise WrongSetUpCode
        return await self.open(SET_UP, command, password, how=ChangedBy.SET_UP, must_change=False)

    async def open(
        self, actor: Actor, command: OpenAccount, password: str, *, how: ChangedBy = ChangedBy.ADMINISTRATOR, must_change: bool
    ) -> UUID:
        rules.check_password(password, command.login)
        known, account_id = await self.passwords.hashed(password), self.ids.new()
        async with self.changing() as db:
            if how is ChangedBy.SET_UP and await self.store.has_accounts(db):
                raise AlreadySetUp
            facts = rules.decide(Account(), command, await self._around(db, account_id, login=command.login))
            facts.append(CredentialsChanged(what=Credential.PASSWORD, how=how))
            await self.store.append(db, account_id, 0, facts, self.act_of(actor))
            await self.store.set_password(db, account_id, known, must_change=must_change)
        return account_id

    async def open_with_temporary_password(self, by: Staff, command: OpenAccount) -> tuple[UUID, str]:
        password = temporary_password()
        return await self.open(administrator(by), command, password, must_change=True), password

    async def open_by_provider(self, command: OpenAccount, identity: Identity) -> UUID:
        """For somebody whom the provider vouches for; they get a password of ours when an administrator issues one."""
        known, account_id = await self.passwords.hashed(temporary_password()), self.ids.new()
        async with self.changing() as db:
            around = await self._around(db, account_id, login=command.login, identity=identity)
            facts = rules.decide(Account(), command, around)
            facts += rules.decide(Account(), LinkIdentity(issuer=identity.issuer, subject=identity.subject), around)
            await self.store.append(db, account_id, 0, facts, self.act_of(PROVIDER))
            await self.store.set_password(db, account_id, known, must_change=True)
        return account_id

    async def act(self, by: Staff, account_id: UUID, command: Change) -> None:
        """What ends an account's rights ends its sessions in the same transaction."""
        identity = Identity(command.issuer, command.subject) if isinstance(command, LinkIdentity) else None
        async with self.changing() as db:
            account = await self.account(db, account_id)
            leaving = isinstance(command, Disable)
            facts = rules.decide(account, command, await self._around(db, account_id, by=by, identity=identity, leaving=leaving))
            await self._save(db, account_id, account, facts, administrator(by))

    async def reset_password(self, by: Staff, account_id: UUID) -> str:
        """A temporary one, to be changed at the next sign-in."""
        password = temporary_password()
        await self._set_password(account_id, password, administrator(by), ChangedBy.ADMINISTRATOR)
        return password

    async def change_password(self, who: Staff, password: str) -> None:
        """Of one's own account; every session ends, the present one too."""
        async with self.pool.acquire() as db:
            known = await self.store.credentials(db, UUID(who.id))
        if known is not None and await self.passwords.fits(password, known.password):
            raise SamePassword
        await self._set_password(UUID(who.id), password, owner(who), ChangedBy.SELF)

    async def end_session(self, token_hash: bytes) -> bool:
        """Its owner signed out; whether there is a session at the provider, too."""
        async with self.changing() as db:
            ended = await self.store.end_session(db, token_hash)
            if ended is None:
                return False
            account_id, by_provider = ended
            account = await self.account(db, account_id)
            by = owner(staff_of(account_id, account))
            await self.store.append(db, account_id, account.version, [SessionRevoked(why=Ending.SIGNED_OUT)], self.act_of(by))
        return by_provider

    async def end_sessions(self, by: Actor, account_id: UUID, why: Ending) -> None:
        async with self.changing() as db:
            account = await self.account(db, account_id)
            if await self.store.end_sessions(db, account_id):
                await self.store.append(db, account_id, account.version, [SessionRevoked(why=why)], self.act_of(by))

    async def end_by_provider(self, told: LoggedOut) -> None:
        """It ended a session of its own, and ours that it vouched for end with it; a message that came before is refused."""
        async with self.changing() as db:
            if not await self.store.take_logout_token(db, (told.issuer, told.name), told.good_until, self.clock.now()):
                raise unproved("taken before")
            for account_id in sorted(await self.store.end_provider_sessions(db, Vouched(told.issuer, told.subject, told.session))):
                account = await self.account(db, account_id)
                ended = [SessionRevoked(why=Ending.SIGNED_OUT)]
                await self.store.append(db, account_id, account.version, ended, self.act_of(PROVIDER))

    async def drop_second_factor(self, by: Actor, account_id: UUID, how: ChangedBy) -> None:
        async with self.changing() as db:
            account = await self.account(db, account_id)
            await self.store.drop_second_factor(db, account_id)
            await self.store.append(db, account_id, account.version, [_second_factor(how)], self.act_of(by))

    async def set_second_factor(self, who: Staff, secret: str, step: int, recovery: Sequence[str]) -> None:
        account_id = UUID(who.id)
        async with self.changing() as db:
            account = await self.account(db, account_id)
            await self.store.set_second_factor(db, account_id, secret, step, recovery)
            await self.store.append(db, account_id, account.version, [_second_factor(ChangedBy.SELF)], self.act_of(owner(who)))

    async def names(self) -> dict[str, str]:
        """As whom colleagues know each account, by its id; disabled ones too."""
        return {str(one.account_id): one.account.name for one in await self.listed()}

    async def listed(self) -> list[Listed]:
        async with self.pool.acquire() as db:
            return await self.store.listed(db)

    async def one(self, account_id: UUID) -> Listed:
        found = next((one for one in await self.listed() if one.account_id == account_id), None)
        if found is None:
            raise AccountNotFound
        return found

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Connection]:
        """One at a time: who is the last administrator, which login is free."""
        async with self.pool.acquire() as db, db.transaction():
            await self.store.lock(db)
            yield db
        self.ring()

    async def _set_password(self, account_id: UUID, password: str, by: Actor, how: ChangedBy) -> None:
        known = await self.passwords.hashed(password)
        async with self.changing() as db:
            account = await self.account(db, account_id)
            rules.check_password(password, account.login)
            await self.store.set_password(db, account_id, known, must_change=how is ChangedBy.ADMINISTRATOR)
            await self._save(db, account_id, account, [CredentialsChanged(what=Credential.PASSWORD, how=how)], by)

    async def _save(self, db: Connection, account_id: UUID, account: Account, facts: list[Event], by: Actor) -> None:
        why = rules.ending(facts)
        if why is not None and await self.store.end_sessions(db, account_id):
            facts = [*facts, SessionRevoked(why=why)]
        await self.store.append(db, account_id, account.version, facts, self.act_of(by))

    async def account(self, db: Connection, account_id: UUID) -> Account:
        account = await self.store.account(db, account_id)
        if not account.version:
            raise AccountNotFound
        return account

    async def _around(
        self,
        db: Connection,
        account_id: UUID,
        *,
        login: str | None = None,
        by: Staff | None = None,
        identity: Identity | None = None,
        leaving: bool = False,
    ) -> Around:
        return Around(
            units=await self.units(db),
            other_administrators=await self.store.other_administrators(db, account_id),
            login_taken=login is not None and await self.store.by_login(db, login) is not None,
            identity_taken=identity is not None and await self.store.by_identity(db, identity) not in (None, account_id),
            open_work=await self.store.open_work(db, account_id) if leaving else 0,
            itself=by is not None and by.id == str(account_id),
        )

    def act_of(self, by: Actor) -> Act:
        return Act(actor=by, at=self.clock.now(), traceparent=self.traceparent())


def staff_of(account_id: UUID, account: Account) -> Staff:
    return Staff(id=str(account_id), roles=account.roles, unit=account.unit)


def administrator(by: Staff) -> Actor:
    return Actor(role=Role.ADMINISTRATOR.value, id=by.id, on_behalf_of=by.acting_for)


def owner(who: Staff) -> Actor:
    """Of an account, in the first of its roles; a deputy does in their own name what their own account is about."""
    return Actor(role="staff" if who.acting_for else min(who.roles, default="staff"), id=who.id)


def _second_factor(how: ChangedBy) -> CredentialsChanged:
    return CredentialsChanged(what=Credential.SECOND_FACTOR, how=how)
