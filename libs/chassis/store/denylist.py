"""Which staff tokens are worth nothing though their ten minutes are not over: staff.events says whose rights or sessions ended (R-25)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from libs.chassis.store.database import Connection, Pool
from libs.chassis.store.queries import queries
from libs.events.contracts.staff_events import DeputyEnded, RoleChanged, SessionRevoked, StaffDisabled
from libs.events.fact import Event

SQL = queries(__file__)
HEARS: Final = (SessionRevoked, StaffDisabled, RoleChanged, DeputyEnded)


def denied_by(account_id: str, fact: Event) -> str | None:
    """Whose tokens of before this fact of an account are worth nothing now; None: nobody's."""
    match fact:
        case SessionRevoked() | StaffDisabled() | RoleChanged():
            return account_id
        case DeputyEnded():
            return str(fact.deputy)
        case _:
            return None


class Denylist:
    """A row for each account that ever lost something: whoever hears it twice, or late, writes the same."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def until(self, accounts: Collection[str]) -> datetime | None:
        """For `StaffDoor`."""
        async with self._pool.acquire() as db:
            found: datetime | None = await db.fetchval(SQL["denied_until"], list(accounts))
        return found

    @staticmethod
    async def deny(db: Connection, told: Iterable[tuple[str, datetime]]) -> None:
        """Each account with the time of what happened to it; in the transaction that heard it."""
        latest: dict[str, datetime] = {}
        for account, at in told:
            latest[account] = max(at, latest.get(account, at))
        if latest:
            await db.execute(SQL["deny_tokens"], list(latest), list(latest.values()))
