import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from tests.integration.chassis.chassis import SERVICE, Chassis, emptied
from tests.stack import Database, Stack


@pytest.fixture(scope="session")
def chassis_database(stack: Stack) -> Iterator[Database]:
    """One database for all tests of the chassis: emptying it is faster than a new one for each."""
    made = asyncio.run(_made(stack))
    yield made
    asyncio.run(stack.drop_database(made))


async def _made(stack: Stack) -> Database:
    made = await stack.new_database()
    async with made.superuser() as db:
        await db.execute(f"SET search_path = {SERVICE}")
        await db.execute("CREATE TABLE effects (n bigint GENERATED ALWAYS AS IDENTITY, number integer, event_id uuid)")  # a double shows
        await db.execute(f"GRANT SELECT, INSERT ON effects TO {SERVICE}")
    return made


@pytest.fixture
async def superuser(chassis_database: Database) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """Whoever may do what the service may not; its tables are found by their names."""
    async with chassis_database.superuser() as db:
        await db.execute(f"SET search_path = {SERVICE}")
        yield db


@pytest.fixture
async def chassis(chassis_database: Database) -> AsyncIterator[Chassis]:
    """The chassis on an empty database."""
    async with emptied(chassis_database) as made:
        yield made
