"""The list of accounts stands on every card: who changed is read again, and nobody else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from libs.events.contracts.staff_events import AccountOpened, RoleChanged
from libs.events.fact import Event
from services.intake.staff.store import AccountStore

pytestmark = pytest.mark.requirement("E-1", "N-8.3")

ANNA, BORIS = UUID(int=1), UUID(int=2)


def opened(name: str) -> AccountOpened:
    return AccountOpened(login=name, name=name, roles=("registrar",), unit=None)


@dataclass
class Archive:
    """Stands for the store of events and for the table of accounts at once; notes which streams were read."""

    streams: dict[UUID, list[Event]]
    reads: list[list[UUID]] = field(default_factory=list)

    async def read(self, _db: object, _category: object, ids: Iterable[UUID]) -> dict[str, list[Any]]:
        self.reads.append(list(ids))
        return {str(one): [SimpleNamespace(fact=fact) for fact in self.streams[one]] for one in ids}

    async def fetch(self, _query: str) -> list[dict[str, object]]:
        blank = {"must_change": False, "second_factor": False, "locked_until": None}
        return [{"account_id": one, "version": len(facts), **blank} for one, facts in self.streams.items()]


async def listed(store: AccountStore, archive: Archive) -> list[tuple[str, list[str]]]:
    found = await store.listed(cast(Any, archive))
    return [(one.account.name, sorted(one.account.roles)) for one in found]


async def test_only_those_who_changed_are_read_again_and_what_changed_is_seen_at_once() -> None:
    archive = Archive({BORIS: [opened("Борис")], ANNA: [opened("Анна")]})
    store = AccountStore(cast(Any, archive), cast(Any, None), b"k" * 32)
    both = [("Анна", ["registrar"]), ("Борис", ["registrar"])]
    assert [await listed(store, archive) for _ in range(3)] == [both] * 3
    assert archive.reads == [[BORIS, ANNA]]
    archive.streams[ANNA].append(RoleChanged(roles=("head",), unit=None, previous_roles=("registrar",), previous_unit=None))
    assert await listed(store, archive) == [("Анна", ["head"]), ("Борис", ["registrar"])]
    assert archive.reads[1:] == [[ANNA]]
    del archive.streams[BORIS]
    assert await listed(store, archive) == [("Анна", ["head"])], "whose table row is gone is remembered no longer"
