"""What the stores have of a day at the desk."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.chassis.store.queries import queries

SQL = queries(__file__)


class Fact(NamedTuple):
    """What somebody did to a request, as its stream has it."""

    account: str
    request_id: UUID
    version: int
    type: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """`looks` and `refused` count what the audit has by account; `holes` are streams whose versions are not 1, 2, 3 …;
    `messages` counts each external id of a frontend."""

    facts: Sequence[Fact]
    looks: Mapping[tuple[str, str], int]
    refused: Mapping[str, int]
    holes: Sequence[str]
    messages: Mapping[str, int]


async def found(db: "asyncpg.Connection[Any]", accounts: Collection[str]) -> Found:
    """At one moment, as an administrator of the database sees it."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        looks: Counter[tuple[str, str]] = Counter()
        refused: Counter[str] = Counter()
        for row in await db.fetch(SQL["audited"], list(accounts)):
            if row["type"] == "ActRefused":
                refused[row["actor_id"]] += row["count"]
            else:
                looks[row["actor_id"], row["what"]] += row["count"]
        return Found(
            facts=[Fact(row["actor_id"], UUID(row["request"]), row["version"], row["type"]) for row in await _facts(db, accounts)],
            looks=looks,
            refused=refused,
            holes=[row["stream"] for row in await db.fetch(SQL["holes"])],
            messages={row["external_id"]: row["count"] for row in await db.fetch(SQL["messages_kept"])},
        )


async def _facts(db: "asyncpg.Connection[Any]", accounts: Collection[str]) -> Sequence[Any]:
    return await db.fetch(SQL["done_by"], list(accounts))
