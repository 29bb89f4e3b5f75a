"""Signing in step by step (a password, a code, another password where the first was temporary), and the sessions that it opens."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import structlog

from libs.chassis.access.passwords import Passwords
from libs.chassis.access.second_factor import step_of
from libs.chassis.access.sessions import SignedIn
from libs.chassis.ops.clock import Clock
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.database import Connection, Pool
from libs.events.contracts.staff_events import Ending
from services.intake.domain.staff.account import pause_after
from services.intake.domain.staff.deputies import stands_in
from services.intake.staff.accounts import Accounts, owner, staff_of
from services.intake.staff.store import AccountStore, Credentials, Vouched

TOKEN_BYTES = 32
SEEN_AGAIN = timedelta(minutes=1)  # looks that follow sooner are not written down

log = structlog.stdlib.get_logger("accounts")


class WrongCredentials(Refusal):
    """Login and password don't fit, the account is disabled, or it is locked for a while: which of these, nobody is told."""

    code = "wrong-credentials"
    status = 403
    says = "Войти не удалось: логин или пароль не подходят. После пяти неверных попыток вход закрывается на время, от минуты до часа."


class WrongPassword(Refusal):
    """Who is signed in and typed their password again typed another one, or typed too many."""

    code = "wrong-password"
    status = 403
    says = "Пароль не подходит. После пяти неверных попыток вход закрывается на время, от минуты до часа."


class WrongCode(Refusal):
    """The code of the second factor is wrong, too old, or was used before."""

    code = "wrong-code"
    status = 403
    says = "Код не подходит. Дождитесь в приложении нового кода и введите его."


class StartAgain(Refusal):
    """What was proved before does not hold any more: the account or its password is another one now."""

    code = "start-again"
    status = 403
    says = "Время на вход истекло. Введите логин и пароль ещё раз."


class AccountDisabled(Refusal):
    """Who they are is proved, and they may not work here any more."""

    code = "account-disabled"
    status = 403
    says = "Ваша учётная запись отключена. Если это ошибка, обратитесь к администратору."


@dataclass(frozen=True, kw_only=True)
class Half:
    """What was proved so far; `mark` binds it to the password that was proved."""

    account_id: str
    mark: str
    needs_code: bool
    needs_password: bool

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__})

    @property
    def is_whole(self) -> bool:
        return not (self.needs_code or self.needs_password)


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Whose a browser's cookie is. Only the SHA-256 of a token is stored: it is random and long, so that is enough."""

    pool: Pool
    store: AccountStore
    clock: Clock
    idle: timedelta
    longest: timedelta
    day_of: Callable[[datetime], date]

    async def find(self, token: str) -> SignedIn | None:
        now, hashed = self.clock.now(), token_hash(token)
        async with self.pool.acquire() as db:
            found = await self.store.session(db, hashed, now - self.idle, now - self.longest)
            if found is None:
                return None
            account = await self.store.account(db, found.account_id)
            if not account.enabled:
                return None
            if now - found.seen_at >= SEEN_AGAIN:
                await self.store.see_session(db, hashed, now)
            absent = await self.store.account(db, found.acting_for) if found.acting_for else None
        staff = staff_of(found.account_id, account)
        if absent is None or not stands_in(absent, found.account_id, self.day_of(now)):
            return SignedIn(staff=staff, name=account.name)
        staff = replace(staff, roles=absent.roles, unit=absent.unit, acting_for=str(found.acting_for))
        return SignedIn(staff=staff, name=account.name, in_place_of=absent.name)

    async def open(self, db: Connection, account_id: UUID, vouched: Vouched | None = None) -> str:
        """The token of a new one."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self.clock.now()
        await self.store.forget_sessions(db, now - self.idle, now - self.longest)
        await self.store.open_session(db, token_hash(token), account_id, now, vouched)
        return token


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Each try is counted before it is judged; a whole sign-in makes the failures good."""

    sessions: Sessions
    accounts: Accounts
    passwords: Passwords

    async def start(self, login: str, password: str) -> Half:
        """Raises `WrongCredentials`, after the same time whether there is such an account or not."""
        async with self.sessions.pool.acquire() as db:
            account_id = await self.sessions.store.by_login(db, login)
            account = await self.sessions.store.account(db, account_id) if account_id else None
        known = await self._counted(account_id) if account_id else None
        fits = await self.passwords.fits(password, known.password if known else None)
        if not (account_id and account and account.enabled and known and fits):
            raise WrongCredentials
        return _half(account_id, known)

    async def prove_code(self, half: Half, code: str) -> Half:
        """By the app or by a recovery code, each good once; raises `WrongCode`."""
        account_id = UUID(half.account_id)
        known = await self._counted(account_id)
        if known is None or known.totp is None or _mark(known) != half.mark:
            raise WrongCode
        step = step_of(known.totp, code, self.sessions.clock.now())
        async with self.sessions.pool.acquire() as db:
            by_app = step is not None and await self.sessions.store.use_step(db, account_id, step)
            if not by_app and not await self.sessions.store.use_recovery_code(db, account_id, code):
                raise WrongCode
        return replace(half, needs_code=False)

    async def renew(self, half: Half, password: str) -> Half:
        """A temporary password becomes one that its owner alone knows."""
        account_id = UUID(half.account_id)
        async with self.sessions.pool.acquire() as db:
            account, known = await self.sessions.store.account(db, account_id), await self.sessions.store.credentials(db, account_id)
        if half.needs_code or known is None or _mark(known) != half.mark or not account.enabled:
            raise StartAgain
        await self.accounts.change_password(staff_of(account_id, account), password)
        return await self.whole(account_id)

    async def whole(self, account_id: UUID) -> Half:
        """Of somebody who has just proved everything in another way: they set this password."""
        async with self.sessions.pool.acquire() as db:
            known = await self.sessions.store.credentials(db, account_id)
        if known is None:
            raise StartAgain
        return replace(_half(account_id, known), needs_code=False, needs_password=False)

    async def finish(self, half: Half) -> str:
        """The token of a new session; raises `StartAgain`."""
        account_id, store = UUID(half.account_id), self.sessions.store
        async with self.sessions.pool.acquire() as db, db.transaction():
            await store.lock(db)
            account, known = await store.account(db, account_id), await store.credentials(db, account_id)
            if not half.is_whole or known is None or _mark(known) != half.mark or not account.enabled:
                raise StartAgain
            await store.forget_failures(db, account_id)
            return await self.sessions.open(db, account_id)

    async def vouched(self, account_id: UUID, by_provider: Vouched) -> str:
        """The token of a new session of somebody whom the provider vouched for; raises `AccountDisabled`.

        What was guessed at their password neither stops them nor is made good by it.
        """
        store = self.sessions.store
        async with self.sessions.pool.acquire() as db, db.transaction():
            await store.lock(db)
            if not (await store.account(db, account_id)).enabled:
                raise AccountDisabled
            return await self.sessions.open(db, account_id, by_provider)

    async def prove_again(self, who: SignedIn, password: str) -> None:
        """Before what matters; whoever guesses inside somebody's session is thrown out of it. Raises `WrongPassword`."""
        account_id = UUID(who.staff.id)
        known = await self._counted(account_id)
        if await self.passwords.fits(password, known.password if known else None):
            async with self.sessions.pool.acquire() as db:
                await self.sessions.store.forget_failures(db, account_id)
            return
        if known is not None and pause_after(known.failures + 1):
            await self.accounts.end_sessions(owner(who.staff), account_id, Ending.LOCKED)
        raise WrongPassword

    async def _counted(self, account_id: UUID) -> Credentials | None:
        """What the try is judged by; None while the account is locked."""
        now = self.sessions.clock.now()
        async with self.sessions.pool.acquire() as db, db.transaction():
            known = await self.sessions.store.credentials(db, account_id, to_try=True)
            if known is None or (known.locked_until is not None and known.locked_until > now):
                return None
            failures = known.failures + 1
            pause = pause_after(failures)
            await self.sessions.store.count_failure(db, account_id, failures, now + pause if pause else None)
        if pause:
            log.warning("an account is locked unless this try is right", account=str(account_id), failures=failures)
        return known


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _half(account_id: UUID, known: Credentials) -> Half:
    return Half(account_id=str(account_id), mark=_mark(known), needs_code=known.totp is not None, needs_password=known.must_change)


def _mark(known: Credentials) -> str:
    return hashlib.sha256(known.password.encode()).hexdigest()[:32]
