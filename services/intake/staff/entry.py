"""Entry by the authority's own OpenID Connect provider: who it vouches for, and which account is theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from pydantic import ValidationError

from libs.chassis.access.back_channel import BackChannel
from libs.chassis.access.openid import Begun, OpenIdConnect, Proved
from libs.chassis.access.roles import Role, Staff
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Pool
from services.intake.domain.staff.account import Identity, IdentityTaken, LinkIdentity, LoginTaken, OpenAccount, UnlinkIdentity
from services.intake.staff.accounts import Accounts
from services.intake.staff.newcomer_store import Newcomer, NewcomerStore
from services.intake.staff.sign_in import SignIn
from services.intake.staff.store import Vouched

log = structlog.stdlib.get_logger("accounts")


class NotLinked(Refusal):
    """The provider knows them, and no account of ours is linked with that; the administrator asks for `code`."""

    code = "not-linked"
    status = 403
    says = "Организация подтвердила, кто вы, но учётная запись в этой системе с вами ещё не связана. Назовите код администратору."

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.shown = shown


class NewcomerNotFound(Refusal):
    """Nobody waits under this mark: they were linked meanwhile, or asked more than two weeks ago."""

    code = "newcomer-not-found"
    status = 404
    says = "Этого входа в списке уже нет. Попросите сотрудника войти через организацию ещё раз."


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Which claims name a person, and which of our roles the values of another one give; `opens`: that is enough for an account."""

    name: str
    login: str
    roles: str | None
    roles_of: Mapping[str, tuple[Role, ...]]
    opens: bool

    def opening(self, proved: Proved) -> OpenAccount | None:
        """The account that would be opened by itself, if the claims are enough for one."""
        if not self.opens or self.roles is None:
            return None
        roles = [role for value in proved.texts(self.roles) for role in self.roles_of.get(value, ())]
        try:
            return OpenAccount(login=proved.text(self.login), name=proved.text(self.name), roles=frozenset(roles))
        except ValidationError:
            log.info("what the provider tells is not enough to open an account")
            return None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The way in by the provider."""

    openid: OpenIdConnect
    back_channel: BackChannel
    claims: Claims
    pool: Pool
    newcomers: NewcomerStore
    accounts: Accounts
    sign_in: SignIn
    clock: Clock

    async def finish(self, begun: Begun, answered: Mapping[str, str]) -> str:
        """The token of a new session. Raises `NotLinked`, `AccountDisabled` and what `OpenIdConnect.finish` does."""
        proved = await self.openid.finish(begun, answered)
        identity = Identity(proved.issuer, proved.subject)
        account_id = await self._account_of(identity)
        command = self.claims.opening(proved)
        if account_id is None and command is not None:
            account_id = await self._opened(command, identity)
        if account_id is None:
            raise await self._not_linked(proved, identity)
        return await self.sign_in.vouched(account_id, Vouched(proved.issuer, proved.claims["sub"], proved.session))

    async def logged_out(self, token: str) -> None:
        """Raises `LogoutNotProved`, `ProviderAway`."""
        await self.accounts.end_by_provider(await self.back_channel.read(token))

    async def waiting(self) -> list[Newcomer]:
        async with self.pool.acquire() as db:
            return list(await self.newcomers.waiting(db, self.clock.now()))

    async def link(self, by: Staff, account_id: UUID, mark: str) -> None:
        """Raises `NewcomerNotFound`, `IdentityTaken`."""
        found = next((one for one in await self.waiting() if one.mark == mark), None)
        if found is None:
            raise NewcomerNotFound
        await self.accounts.act(by, account_id, LinkIdentity(issuer=found.identity.issuer, subject=found.identity.subject))
        async with self.pool.acquire() as db:
            await self.newcomers.forget(db, found.identity, self.clock.now())

    async def unlink(self, by: Staff, account_id: UUID) -> None:
        await self.accounts.act(by, account_id, UnlinkIdentity())

    async def _account_of(self, identity: Identity) -> UUID | None:
        async with self.pool.acquire() as db:
            return await self.accounts.store.by_identity(db, identity)

    async def _opened(self, command: OpenAccount, identity: Identity) -> UUID | None:
        """None where an administrator has to look: the login is another person's already."""
        try:
            return await self.accounts.open_by_provider(command, identity)
        except LoginTaken:
            log.info("an account is not opened by itself: its login is somebody's already")
        except IdentityTaken:
            log.info("an account was opened by the same person at the same time")
        return await self._account_of(identity)

    async def _not_linked(self, proved: Proved, identity: Identity) -> NotLinked:
        name, login = proved.text(self.claims.name), proved.text(self.claims.login)
        async with self.pool.acquire() as db, db.transaction():
            await self.newcomers.remember(db, identity, name[:200], login[:200], self.clock.now())
        return NotLinked(self.newcomers.code(identity))
