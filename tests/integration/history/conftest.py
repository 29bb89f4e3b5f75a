from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from libs.chassis.access.roles import Role
from tests.integration.history.keeping import PRIVATE_KEY, Keeping, headers_of, keeping
from tests.stack import Database

Headers = dict[str, str]


class SignedIn(Protocol):
    """Makes the headers of somebody with these roles."""

    def __call__(self, *roles: Role, account: str = "account-7") -> Headers: ...


@pytest.fixture
async def history(database: Database) -> AsyncIterator[Keeping]:
    """History's log on a real database, without Kafka: batches are handed to it as a consumer would."""
    async with keeping(database) as made:
        yield made


@pytest.fixture
def signed_in() -> SignedIn:

    def as_(*roles: Role, account: str = "account-7") -> Headers:
        return headers_of(PRIVATE_KEY, account, *roles)

    return as_
