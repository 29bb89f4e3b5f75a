"""SQL of the accounts of staff: their streams and read model, what they sign in with, who is signed in."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from libs.chassis.store.database import Connection
from libs.chassis.store.denylist import Denylist, denied_by
from libs.chassis.store.events import Append, Category, Context, EventStore, Recorded
from libs.chassis.store.keys import Keyring
from libs.chassis.store.models import ReadModels, Row, refresh
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal, unseal
from libs.events.contracts import staff_events
from libs.events.envelope import Actor
from libs.events.fact import Event
from libs.events.registry import Registry
from libs.events.topics import STAFF as STAFF_TOPIC
from services import intake
from services.intake import tracking
from services.intake.domain.staff.account import Account, Identity, replayed

SQL = queries(intake.__file__)
STAFF = Category(name="staff", registry=Registry(staff_events.EVENTS), topic=STAFF_TOPIC)
COLUMNS = ("stream", "account_id", "login_mark", "enabled", "roles", "unit", "identity_mark", "version")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an account signs in with; `totp` is opened."""

    password: str
    must_change: bool
    totp: str | None
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An account as its administrator sees it."""

    account_id: UUID
    account: Account
    must_change: bool
    second_factor: bool
    locked_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who does something to an account, when, in which trace."""

    actor: Actor
    at: datetime
    traceparent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Session:
    """Whose it is, when it was seen last, and the account in whose place they act, if they do."""

    account_id: UUID
    seen_at: datetime
    acting_for: UUID | None


class Vouched(NamedTuple):
    """How the provider calls somebody whom it vouched for, and their session there, if it tells that."""

    issuer: str
    subject: str | None
    session: str | None


def login_mark(key: bytes, login: str) -> bytes:
    """However the login is typed: capitals and the way an accent is written do not matter."""
    return tracking.fingerprint(key, "login", unicodedata.normalize("NFKC", login.strip()).casefold())


def identity_mark(key: bytes, identity: Identity) -> bytes:
    """To the letter: what a provider calls somebody is no login."""
    return tracking.fingerprint(key, "identity", *identity)


def rows_of_account(key: bytes, stream: str, events: Sequence[Recorded]) -> dict[str, list[Row]]:
    account = replayed([event.fact for event in events])
    roles = sorted(role.value for role in account.roles)
    mark = identity_mark(key, account.identity) if account.identity else None
    account_id = UUID(STAFF.aggregate(stream))
    row = (stream, account_id, login_mark(key, account.login), account.enabled, roles, account.unit, mark, account.version)
    return {"accounts": [row]}


def model(key: bytes) -> ReadModels:
    return ReadModels(category=STAFF, tables={"accounts": COLUMNS}, rows=partial(rows_of_account, key))


class AccountStore:
    """Every method works in the caller's transaction."""

    def __init__(self, events: EventStore, keyring: Keyring, key: bytes) -> None:
        self._events = events
        self._keyring = keyring
        self._key = key
        self._model = model(key)
        self._known: dict[UUID, tuple[int, Account]] = {}

    async def lock(self, db: Connection) -> None:
        await db.execute(SQL["lock_accounts"])

    async def has_accounts(self, db: Connection) -> bool:
        return bool(await db.fetchval(SQL["any_account"]))

    async def by_login(self, db: Connection, login: str) -> UUID | None:
        found: UUID | None = await db.fetchval(SQL["account_by_login"], login_mark(self._key, login))
        return found

    async def open_work(self, db: Connection, account_id: UUID) -> int:
        """How many open requests this account is to answer; nobody hands it another one until the transaction ends."""
        await db.execute(SQL["lock_register"])
        return int(await db.fetchval(SQL["open_work"], str(account_id)))

    async def by_identity(self, db: Connection, identity: Identity) -> UUID | None:
        found: UUID | None = await db.fetchval(SQL["account_by_identity"], identity_mark(self._key, identity))
        return found

    async def other_administrators(self, db: Connection, account_id: UUID) -> int:
        return int(await db.fetchval(SQL["other_administrators"], account_id))

    async def account(self, db: Connection, account_id: UUID) -> Account:
        """One of version 0 where there is none."""
        events = (await self._events.read(db, STAFF, [account_id])).get(str(account_id), [])
        return replayed([event.fact for event in events])

    async def listed(self, db: Connection) -> list[Listed]:
        """All of them by name, as they are at this moment; only those are read again that have changed since they were last listed."""
        rows = {row["account_id"]: row for row in await db.fetch(SQL["all_accounts"])}
        changed = [one for one, row in rows.items() if one not in self._known or self._known[one][0] != row["version"]]
        streams = await self._events.read(db, STAFF, changed) if changed else {}
        read = {UUID(name): replayed([event.fact for event in events]) for name, events in streams.items()}
        fresh = {one: (int(rows[one]["version"]), account) for one, account in read.items()}
        self._known = {one: known for one, known in (self._known | fresh).items() if one in rows}
        found = [_listed(account_id, account, rows[account_id]) for account_id, (_, account) in self._known.items()]
        return sorted(found, key=lambda one: one.account.name)

    async def append(self, db: Connection, account_id: UUID, version: int, facts: Sequence[Event], act: Act) -> None:
        """Events, read model and outbox; the account is a thread of its own."""
        if not facts:
            return
        context = Context(thread_id=account_id, occurred_at=act.at, actor=act.actor, traceparent=act.traceparent)
        append = Append(category=STAFF, aggregate_id=str(account_id), expected_version=version, facts=facts, context=context)
        await self._events.append(db, [append])
        told = [(denied_by(str(account_id), fact), act.at) for fact in facts]
        await Denylist.deny(db, [(account, at) for account, at in told if account is not None])  # our own door hears no Kafka
        events = (await self._events.read(db, STAFF, [account_id]))[str(account_id)]
        await refresh(db, [self._model], {append.stream: events})

    async def credentials(self, db: Connection, account_id: UUID, *, to_try: bool = False) -> Credentials | None:
        row = await db.fetchrow(SQL["credentials_to_try" if to_try else "credentials"], account_id)
        if row is None:
            return None
        totp = unseal(await self._sealing_key(db, account_id), row["totp"], account_id.bytes).decode() if row["totp"] else None
        return Credentials(
            password=row["password"],
            must_change=row["must_change"],
            totp=totp,
            failures=row["failures"],
            locked_until=row["locked_until"],
        )

    async def count_failure(self, db: Connection, account_id: UUID, failures: int, locked_until: datetime | None) -> None:
        await db.execute(SQL["count_failure"], account_id, failures, locked_until)

    async def forget_failures(self, db: Connection, account_id: UUID) -> None:
        await db.execute(SQL["forget_failures"], account_id)

    async def set_password(self, db: Connection, account_id: UUID, password_hash: str, *, must_change: bool) -> None:
        await db.execute(SQL["set_password"], account_id, password_hash, must_change)

    async def set_second_factor(self, db: Connection, account_id: UUID, secret: str, step: int, recovery: Sequence[str]) -> None:
        """`step`: the one that proved it, which is used with that."""
        sealed = seal(await self._sealing_key(db, account_id), secret.encode(), account_id.bytes)
        await db.execute(SQL["set_second_factor"], account_id, sealed, step, [self._recovery_mark(account_id, code) for code in recovery])

    async def drop_second_factor(self, db: Connection, account_id: UUID) -> None:
        await db.execute(SQL["set_second_factor"], account_id, None, None, [])

    async def use_step(self, db: Connection, account_id: UUID, step: int) -> bool:
        return bool(await db.fetchval(SQL["use_step"], account_id, step))

    async def use_recovery_code(self, db: Connection, account_id: UUID, code: str) -> bool:
        return bool(await db.fetchval(SQL["use_recovery_code"], account_id, self._recovery_mark(account_id, code)))

    async def open_session(self, db: Connection, token_hash: bytes, account_id: UUID, at: datetime, vouched: Vouched | None) -> None:
        marks = self._marks(vouched) if vouched else (None, None)
        await db.execute(SQL["open_session"], token_hash, account_id, at, vouched is not None, *marks)

    async def session(self, db: Connection, token_hash: bytes, rested: datetime, opened: datetime) -> Session | None:
        row = await db.fetchrow(SQL["session_by_token"], token_hash, rested, opened)
        return Session(**row) if row else None

    async def act_in_session(self, db: Connection, token_hash: bytes, acting_for: UUID | None) -> None:
        await db.execute(SQL["act_in_session"], token_hash, acting_for)

    async def see_session(self, db: Connection, token_hash: bytes, at: datetime) -> None:
        await db.execute(SQL["see_session"], token_hash, at)

    async def end_session(self, db: Connection, token_hash: bytes) -> tuple[UUID, bool] | None:
        """Whose it was, and whether the provider had vouched for them."""
        row = await db.fetchrow(SQL["end_session"], token_hash)
        return (row["account_id"], row["by_provider"]) if row else None

    async def end_sessions(self, db: Connection, account_id: UUID) -> bool:
        """Whether there was any."""
        return bool(await db.fetch(SQL["end_sessions"], account_id))

    async def end_provider_sessions(self, db: Connection, ended: Vouched) -> set[UUID]:
        """The accounts whose sessions these were."""
        return {row["account_id"] for row in await db.fetch(SQL["end_provider_sessions"], *self._marks(ended))}

    async def take_logout_token(self, db: Connection, name: Sequence[str], good_until: datetime, now: datetime) -> bool:
        """False: it was taken before."""
        await db.execute(SQL["forget_logout_tokens"], now)
        return bool(await db.fetchval(SQL["take_logout_token"], tracking.fingerprint(self._key, "logout token", *name), good_until))

    async def forget_sessions(self, db: Connection, rested: datetime, opened: datetime) -> None:
        await db.execute(SQL["forget_sessions"], rested, opened)

    def _marks(self, vouched: Vouched) -> tuple[bytes | None, bytes | None]:
        told = (("provider subject", vouched.subject), ("provider session", vouched.session))
        subject, session = (tracking.fingerprint(self._key, what, vouched.issuer, name) if name else None for what, name in told)
        return subject, session

    async def _sealing_key(self, db: Connection, account_id: UUID) -> bytes:
        return (await self._keyring.made_for(db, [account_id]))[account_id]

    def _recovery_mark(self, account_id: UUID, code: str) -> bytes:
        return tracking.fingerprint(self._key, "recovery", str(account_id), tracking.typed(code))


def _listed(account_id: UUID, account: Account, row: Mapping[str, object]) -> Listed:
    return Listed(account_id=account_id, account=account, **{name: row[name] for name in ("must_change", "second_factor", "locked_until")})  # type: ignore[arg-type]  # the columns of the query
