"""A breaker for one channel: after failures in a row it lets nothing through, then one to try, then all (D-29). Time is an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Patience:
    failures: int = 5
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 60.0


class Breaker:
    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._failures = 0
        self._pause = 0.0
        self._until: float | None = None
        self._trying = False

    @property
    def open(self) -> bool:
        return self._until is not None

    def room(self, wanted: int, now: float) -> int:
        """How many of those wanted may go now."""
        if self._until is None:
            return wanted
        return 1 if wanted and now >= self._until and not self._trying else 0

    def took(self, count: int) -> None:
        """So many went; while open, the one is a try."""
        self._trying = self.open and count > 0

    def worked(self) -> None:
        """The channel answered, whatever it said."""
        self._failures, self._pause, self._until, self._trying = 0, 0.0, None, False

    def failed(self, now: float) -> None:
        """The channel is not there."""
        self._failures += 1
        if self._failures < self._patience.failures or (self.open and not self._trying):
            return  # what was under way when it opened says nothing new
        self._pause = min(max(self._pause * 2, self._patience.first_pause_seconds), self._patience.longest_pause_seconds)
        self._until, self._trying = now + self._pause, False
