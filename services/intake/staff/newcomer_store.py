"""SQL of newcomers: whom the provider vouched for, and whom no account is linked with yet."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from libs.chassis.store.database import Connection
from libs.chassis.store.queries import queries
from libs.chassis.store.sealing import seal, unseal
from services import intake
from services.intake import tracking
from services.intake.domain.staff.account import Identity
from services.intake.staff.store import identity_mark

SQL = queries(intake.__file__)
KEPT_FOR: Final = timedelta(days=14)
MOST_SHOWN: Final = 100
NO_MARK: Final = b""
DIGITS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """As the provider calls them; `code` is what they and the administrator compare, `mark` stands for them in forms."""

    identity: Identity
    name: str
    login: str
    code: str
    mark: str
    asked_at: datetime


class NewcomerStore:
    """Every method works in the caller's transaction. Names lie sealed under a key of this table's own: no thread is theirs yet."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._sealing_key = tracking.fingerprint(key, "newcomers")

    def code(self, identity: Identity) -> str:
        """Six digits in two groups, the same at every try."""
        number = int.from_bytes(tracking.fingerprint(self._key, "newcomer", *identity)) % 10**DIGITS
        digits = f"{number:0{DIGITS}}"
        return f"{digits[:3]} {digits[3:]}"

    async def remember(self, db: Connection, identity: Identity, name: str, login: str, at: datetime) -> None:
        mark = identity_mark(self._key, identity)
        told = json.dumps([*identity, name, login]).encode()
        await db.execute(SQL["forget_newcomers"], NO_MARK, at - KEPT_FOR)
        await db.execute(SQL["remember_newcomer"], mark, seal(self._sealing_key, told, mark), at)

    async def waiting(self, db: Connection, at: datetime) -> Sequence[Newcomer]:
        rows = await db.fetch(SQL["newcomers_since"], at - KEPT_FOR, MOST_SHOWN)
        return [self._newcomer(row["mark"], row["sealed"], row["asked_at"]) for row in rows]

    async def forget(self, db: Connection, identity: Identity, at: datetime) -> None:
        await db.execute(SQL["forget_newcomers"], identity_mark(self._key, identity), at - KEPT_FOR)

    def _newcomer(self, mark: bytes, sealed: bytes, asked_at: datetime) -> Newcomer:
        issuer, subject, name, login = json.loads(unseal(self._sealing_key, sealed, mark))
        identity = Identity(issuer, subject)
        return Newcomer(identity=identity, name=name, login=login, code=self.code(identity), mark=mark.hex(), asked_at=asked_at)
