"""Accounts of the demonstration: opened through intake's own use case, so that they are events like any others."""

from cli.intake import Intake, opened
from libs.chassis.access.passwords import Passwords
from libs.chassis.access.roles import Role
from libs.events.envelope import Actor
from local.sample.staff import ACCOUNTS, SampleAccount
from services.intake.desk_root import accounts_of, code_key
from services.intake.domain.staff.account import LoginTaken, OpenAccount
from services.intake.staff.accounts import Accounts

SAMPLE = Actor(role="system", id="sample")


async def open_accounts(password: str) -> list[str]:
    """The logins that were not there yet."""
    async with opened() as intake:
        accounts = _accounts(intake)
        return [account.login for account in ACCOUNTS if await _opened(accounts, _command(account), password)]


def _accounts(intake: Intake) -> Accounts:
    return accounts_of(intake.process, intake.settings, code_key(intake.settings), Passwords(intake.settings.password_memory_kib))


def _command(account: SampleAccount) -> OpenAccount:
    return OpenAccount(login=account.login, name=account.name, roles=frozenset(map(Role, account.roles)), unit=account.unit)


async def _opened(accounts: Accounts, command: OpenAccount, password: str) -> bool:
    try:
        await accounts.open(SAMPLE, command, password, must_change=False)
    except LoginTaken:
        return False
    return True
