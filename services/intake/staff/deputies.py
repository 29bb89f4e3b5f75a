"""Who stands in for whom: appointed and ended by administrators, taken up by the deputy in one browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.chassis.access.roles import Staff
from libs.chassis.ops.settings import Authority
from services.intake.domain.staff import deputies as rules
from services.intake.domain.staff.deputies import AppointDeputy, EndDeputy, NotDeputy
from services.intake.staff.accounts import Accounts, administrator
from services.intake.staff.store import Listed


@dataclass(frozen=True, kw_only=True)
class Deputies:
    """Changes one account at a time, as all that is done to accounts."""

    accounts: Accounts
    authority: Authority

    def today(self) -> date:
        return self.authority.day_of(self.accounts.clock.now())

    async def appoint(self, by: Staff, account_id: UUID, command: AppointDeputy) -> None:
        """Raises `DeputyWrong`, `PeriodWrong`, `AlreadyDeputy`."""
        async with self.accounts.changing() as db:
            account = await self.accounts.account(db, account_id)
            deputy = await self.accounts.account(db, command.deputy)
            facts = rules.appoint(account_id, account, command, deputy, self.today(), self.accounts.ids.new())
            await self.accounts.store.append(db, account_id, account.version, facts, self.accounts.act_of(administrator(by)))

    async def end(self, by: Staff, account_id: UUID, command: EndDeputy) -> None:
        """Raises `AppointmentNotFound`; whoever acts by it does so no longer from the next page on."""
        async with self.accounts.changing() as db:
            account = await self.accounts.account(db, account_id)
            facts = rules.end(account, command)
            await self.accounts.store.append(db, account_id, account.version, facts, self.accounts.act_of(administrator(by)))

    async def absent(self, who: Staff) -> Sequence[Listed]:
        """For whom they may act today."""
        today, deputy = self.today(), UUID(who.id)
        return [one for one in await self.accounts.listed() if rules.stands_in(one.account, deputy, today)]

    async def take_up(self, who: Staff, token_hash: bytes, account_id: UUID) -> None:
        """In this browser, until they put it down or the appointment is over. Raises `NotDeputy`."""
        async with self.accounts.pool.acquire() as db:
            account = await self.accounts.store.account(db, account_id)
            if not rules.stands_in(account, UUID(who.id), self.today()):
                raise NotDeputy
            await self.accounts.store.act_in_session(db, token_hash, account_id)

    async def put_down(self, token_hash: bytes) -> None:
        async with self.accounts.pool.acquire() as db:
            await self.accounts.store.act_in_session(db, token_hash, None)
