"""What the colleagues did and saw: each form with the version that its page carried, each page with what it cost."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

SEE_OTHER, FORBIDDEN, NO_ANSWER = 303, 403, 0


class Act(NamedTuple):
    """A form that was posted. `status` `NO_ANSWER`: nobody knows what became of it."""

    account: str
    request_id: UUID
    command: str
    version: int
    status: int

    @property
    def accepted(self) -> bool:
        return self.status == SEE_OTHER


class Wait(NamedTuple):
    """How long somebody waited for a page of a kind, from when on (seconds since the epoch)."""

    kind: str
    at: float
    ms: float
    status: int


@dataclass
class Ledger:
    """`looks` counts pages with personal data by account and by what the audit calls them."""

    acts: list[Act] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    looks: Counter[tuple[str, str]] = field(default_factory=Counter)
    exported: list[int] = field(default_factory=list)  # rows of each file
    live: int = 0  # news that came to open cards

    @property
    def failures(self) -> list[Wait]:
        """Pages that came with a 5xx, and those that did not come."""
        return [wait for wait in self.waits if wait.status == NO_ANSWER or wait.status >= 500]

    def latencies(self, kinds: Iterable[str]) -> list[float]:
        wanted = set(kinds)
        return [wait.ms for wait in self.waits if wait.kind in wanted]
