"""Which events of an aggregate have not been heard, by the numbers that its producer gave them (D-18). Pure.

Every event of a published stream is published, and its number is its version in the stream; so whichever number is missing below one
that came is an event that history has not got, the first ones too. What comes late, in any order or again, fills the gap that it made.
Not seen this way is a lost tail: nothing after it says that it was ever there. `otklik republish --since` is the cure for that.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from libs.events.contracts.history_events import HistoryGapDetected
from libs.events.topics import INBOUND, topic_of

THREADS: Final = UUID("0b7f3c52-3f0f-5a3e-9a41-7d1a2c9e6f30")  # namespace of the threads that tell of gaps
LONGEST_PAUSE: Final = timedelta(days=1)


class Aggregate(NamedTuple):
    """Whose events are numbered: seqs of one topic never count for another."""

    producer: str
    topic: str
    aggregate_id: str

    @property
    def thread_id(self) -> UUID:
        """All that is told of its gaps is one thread, and so stays in order."""
        return uuid5(THREADS, " ".join(self))


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A range of numbers without events, both ends included; how often it was asked for, and when it is the next time."""

    first: int
    last: int
    noticed_at: datetime
    ask_at: datetime
    asked: int = 0

    def told_of(self, aggregate: Aggregate) -> HistoryGapDetected:
        return HistoryGapDetected(**aggregate._asdict(), from_seq=self.first, to_seq=self.last)

    def asked_at(self, now: datetime, pause: timedelta) -> "Gap":
        """Asked for once more; each pause is twice the one before."""
        pause = min(pause * (1 << min(self.asked + 1, 20)), LONGEST_PAUSE)
        return replace(self, asked=self.asked + 1, ask_at=now + pause)


@dataclass(frozen=True)
class Heard:
    """What came of an aggregate: the highest number, and the gaps below it in their order."""

    highest: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def contiguous(self) -> int:
        """Up to here nothing is missing."""
        return self.gaps[0].first - 1 if self.gaps else self.highest


@lru_cache(maxsize=1024)
def is_numbered(producer: str, topic: str) -> bool:
    """Whether numbers in this topic are our own services' word; what stands in channel.inbound is anybody's."""
    row = topic_of(topic)
    return row is not None and row is not INBOUND and producer in row.producers


def hear(before: Heard, seqs: Iterable[int], now: datetime, grace: timedelta) -> Heard:
    """After these numbers came too; a new gap is asked for when it has lasted for `grace`."""
    numbers = sorted(set(seqs))
    beyond = numbers[bisect_right(numbers, before.highest) :]
    new = (
        Gap(first=last + 1, last=number - 1, noticed_at=now, ask_at=now + grace)
        for last, number in pairwise([before.highest, *beyond])
        if number > last + 1
    )
    return Heard(beyond[-1] if beyond else before.highest, (*_left(before.gaps, numbers), *new))


def _left(gaps: Iterable[Gap], numbers: Sequence[int]) -> Iterator[Gap]:
    """What these numbers leave of the gaps; a part is as old as the whole was."""
    for gap in gaps:
        first = gap.first
        for number in numbers[bisect_left(numbers, gap.first) : bisect_right(numbers, gap.last)]:
            if number > first:
                yield replace(gap, first=first, last=number - 1)
            first = number + 1
        if first <= gap.last:
            yield replace(gap, first=first)
