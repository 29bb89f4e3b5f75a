"""What this process has in hand, and how long it may be sure that nobody else sends it. Time is an argument, in seconds since anything."""

from collections.abc import Iterable
from uuid import UUID

SECONDS = 15.0  # so long the letters of a killed process wait
RENEW_SECONDS = 4.0  # two renewals may fail before a lease ends

Claim = tuple[UUID, int]  # a notice and which attempt at it this is


class Leases:
    """Each counts from before the database was asked for it, so it ends here no later than there."""

    def __init__(self) -> None:
        self._ends: dict[Claim, float] = {}
        self._trusted_from = 0.0

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def notices(self) -> list[UUID]:
        return [notice_id for notice_id, _ in self._ends]

    def took(self, claims: Iterable[Claim], asked: float) -> None:
        self._ends |= dict.fromkeys(claims, asked + SECONDS)

    def let_go(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            self._ends.pop(claim, None)

    def holds(self, claim: Claim, now: float) -> bool:
        return now < self._ends.get(claim, now)

    def ageing(self, now: float) -> list[Claim]:
        """Those that want to be renewed; most letters are gone before."""
        return [claim for claim, end in self._ends.items() if end - now <= SECONDS - RENEW_SECONDS]

    def renewed(self, claims: Iterable[Claim], asked: float) -> None:
        """But for those that were let go while the database was asked."""
        self.took(self._ends.keys() & set(claims), asked)

    def blind(self, now: float) -> None:
        """The database was away, for the others perhaps as well."""
        self._trusted_from = now + SECONDS

    def may_take_over(self, now: float) -> bool:
        """Whether a lease that ended means that its holder is gone: after the database was away all get the time to renew theirs."""
        return now >= self._trusted_from
