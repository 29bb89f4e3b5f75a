"""Requests that ask what another one asks: again by the same person, or by many in the same words (E-7). Each keeps its own number."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.chassis.store.database import Pool
from libs.chassis.store.queries import queries
from services.intake.desk import Seen
from services.intake.domain.request import Request
from services.intake.overview import Overview, RegisterRow
from services.intake.words import marks
from services.intake.words.marks import Marks
from services.intake.words.search import Search

SQL = queries(__file__)
MOST_COUNTED = 1_000
SHOWN = 5
LOOKED_AT = 20  # the newest requests of a client or of a contact
ALIKE = 0.6  # share of the words of both texts that they have in common
CLIENT, CONTACT = "client", "contact"


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """An earlier or later request of the same person that asks nearly the same; `by` says how they are known: client, or contact alone."""

    row: RegisterRow
    by: str


@dataclass(frozen=True, kw_only=True)
class Alike:
    """`same`: the newest with the very words, of `count` in all, counted up to a thousand."""

    repeated: Sequence[Repeated]
    same: Sequence[RegisterRow]
    count: int


class Likeness:
    """Compares requests by their marks, and those of one person by what they say."""

    def __init__(self, *, pool: Pool, overview: Overview, search: Search, key: bytes) -> None:
        self._pool = pool
        self._overview = overview
        self._search = search
        self._marks = Marks(key)

    async def to(self, seen: Seen, of_client: Sequence[RegisterRow]) -> Alike:
        """What the card says of others, those of the same client at hand; the request itself need not be in the index yet."""
        case = seen.case
        _, text = await asyncio.to_thread(marks.of_request, self._marks, [event.fact for event in seen.events])
        counted = [] if text is None else await self._pool.fetch(SQL["same_texts"], text, case.request_id, MOST_COUNTED + 1)
        same = [row["request_id"] for row in counted]
        repeated = await self._repeated(seen, of_client)
        shown = [one for one in same if one not in {other.row.request_id for other in repeated}][:SHOWN]
        return Alike(repeated=repeated, same=await self._overview.rows_of(shown), count=len(same))

    async def counts(self, request_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many others have the very words of each; those that stand alone are absent."""
        rows = await self._pool.fetch(SQL["same_counts"], list(request_ids), MOST_COUNTED + 1)
        return {row["request_id"]: row["count"] for row in rows}

    async def _repeated(self, seen: Seen, of_client: Sequence[RegisterRow]) -> Sequence[Repeated]:
        case = seen.case
        contacts = frozenset(self._marks.contact(one) for one in marks.contacts_of(case.request.contacts, case.request.additional))
        ids = await self._search.holding([contacts], LOOKED_AT + 1) if contacts else []
        known = {row.request_id for row in of_client} | {case.request_id}
        of_contact = await self._overview.rows_of([one for one in ids if one not in known])
        found = [Repeated(row=row, by=CLIENT) for row in of_client] + [Repeated(row=row, by=CONTACT) for row in of_contact]
        alike = await asyncio.to_thread(_alike, case.request, [one.row.request for one in found])
        return [one for one, is_alike in zip(found, alike, strict=True) if is_alike][:SHOWN]


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """Share of the words of both that they have in common: 1 for the same words."""
    every = {*one, *other}
    return len({*one} & {*other}) / len(every) if every else 0.0


def _alike(request: Request, others: Iterable[Request]) -> list[bool]:
    mine = _asked(request)
    return [likeness(mine, _asked(other)) >= ALIKE for other in others]


def _asked(request: Request) -> frozenset[str]:
    return marks.asked(request.texts[0][1], [request.name or ""]) if request.texts else frozenset()
