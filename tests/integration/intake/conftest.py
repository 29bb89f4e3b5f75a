from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.intake.town import Town, founded
from tests.stack import Database, Stack


@pytest.fixture
async def fresh_kafka(stack: Stack) -> str:
    """Here only intake hears: the groups of the others would cost each test a while."""
    await stack.start_from_here("intake")
    return stack.parts.kafka_bootstrap


@pytest.fixture
async def town(database: Database, fresh_kafka: str) -> AsyncIterator[Town]:
    """Intake on real parts and a database of this test's own, with its frontends."""
    async with founded(database) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_town(stack: Stack) -> AsyncIterator[Town]:
    """One for all tests of a module that only add messages, each with ids of its own."""
    async with stack.lent_database("intake") as database, founded(database) as made:
        yield made
