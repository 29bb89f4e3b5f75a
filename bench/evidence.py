"""What a run leaves behind: what was offered at the doors, and what the register, history, the notifier and the relay have of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.chassis.store.queries import queries

SQL = queries(__file__)


@dataclass(slots=True)
class Offered:
    """A message that a frontend offered. Those of one `matter` are one request; all of them tell this `address`.

    `acknowledged`: the door took it (201 or 200, or the broker has it). `shown`: whether its status could be asked for at once.
    """

    frontend: str
    external_id: str
    matter: str
    address: str
    acknowledged: bool = False
    shown: bool | None = None


class Message(NamedTuple):
    frontend: str
    external_id: str
    request_id: UUID


class Request(NamedTuple):
    request_id: UUID
    number: int | None


class Published(NamedTuple):
    """An event of a stream whose events all go to Kafka."""

    event_id: UUID
    type: str
    stream: str


class Entry(NamedTuple):
    """A row of the log; `external_id` where it is about a frontend's message."""

    event_id: UUID
    type: str
    producer: str
    aggregate_id: str
    seq: int | None
    topic: str | None
    shard: int
    position: int
    external_id: str | None = None


class Notice(NamedTuple):
    notice_id: UUID
    request_id: str
    seq: int
    role: str
    channel: str
    state: str


class Letter(NamedTuple):
    """A letter that the relay took."""

    recipient: str
    message_id: str

    @property
    def notice_id(self) -> str:
        return self.message_id.strip("<>").partition("@")[0]


class Left(NamedTuple):
    """What is not done: records that no broker has, records set aside, notices without an end."""

    waiting: int
    set_aside: int
    unfinished: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`letters` in the order of their arrival; `heads` hold the last position of each shard of the log."""

    offered: Sequence[Offered]
    messages: Sequence[Message] = ()
    requests: Sequence[Request] = ()
    published: Sequence[Published] = ()
    entries: Sequence[Entry] = ()
    heads: Mapping[int, int] = field(default_factory=dict)
    notices: Sequence[Notice] = ()
    letters: Sequence[Letter] = ()
    left: Left


async def gathered(
    db: "asyncpg.Connection[Any]", offered: Sequence[Offered], arrived: Mapping[str, Iterable[tuple[float, str]]]
) -> Evidence:
    """All stores at one moment, as an administrator of the database sees them."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        return Evidence(
            offered=offered,
            messages=[Message(*row) for row in await db.fetch(SQL["evidence_messages"])],
            requests=[Request(*row) for row in await db.fetch(SQL["evidence_requests"])],
            published=[Published(*row) for row in await db.fetch(SQL["evidence_published"])],
            entries=[Entry(*row) for row in await db.fetch(SQL["evidence_log"])],
            heads={row["shard"]: row["position"] for row in await db.fetch(SQL["evidence_heads"])},
            notices=[Notice(*row) for row in await db.fetch(SQL["evidence_notices"])],
            letters=list(_by_time(arrived)),
            left=await left(db),
        )


async def registered(db: "asyncpg.Connection[Any]") -> int:
    """How many requests intake knows."""
    return int(await db.fetchval(SQL["requests"]))


async def left(db: "asyncpg.Connection[Any]") -> Left:
    [row] = await db.fetch(SQL["evidence_left"])
    return Left(*row)


def _by_time(arrived: Mapping[str, Iterable[tuple[float, str]]]) -> Iterator[Letter]:
    for _, recipient, message_id in sorted((at, recipient, letter) for recipient, each in arrived.items() for at, letter in each):
        yield Letter(recipient, message_id)
