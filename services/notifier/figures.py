"""What the notifier tells Prometheus of notices: counts by outcome, the queue and its age, which autoscaling looks at."""

from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400)


class Figures:
    """Labels are channels and words of the code."""

    def __init__(self, registry: CollectorRegistry, now: Callable[[], float]) -> None:
        self._now = now
        self._outcomes = Counter("otklik_notices", "Notices by what an attempt came to", ["channel", "outcome"], registry=registry)
        self._again = Counter(
            "otklik_notices_sent_again", "Notices sent again though the attempt before may have arrived", ["channel"], registry=registry
        )
        self._late = Counter(
            "otklik_notices_settled_late", "Outcomes that came after somebody else had claimed", ["channel"], registry=registry
        )
        self._reports = Counter("otklik_delivery_reports", "Reports of frontends", ["outcome"], registry=registry)
        self._queue = Gauge("otklik_notices_unfinished", "Notices not yet finished", ["channel"], registry=registry)
        self._age = Gauge("otklik_notices_oldest_due_age_seconds", "How long the oldest due notice waits", ["channel"], registry=registry)
        self._open = Gauge("otklik_channel_breaker_open", "1 while a channel is taken for down", ["channel"], registry=registry)
        self._took = Histogram("otklik_notice_seconds", "From planning to acceptance", ["channel"], buckets=SECONDS, registry=registry)
        self._due_since: dict[str, float | None] = {}

    def outcome(self, channel: str, outcome: str) -> None:
        self._outcomes.labels(channel, outcome).inc()

    def accepted(self, channel: str, seconds: float) -> None:
        self._took.labels(channel).observe(max(0.0, seconds))

    def sent_again(self, channel: str) -> None:
        self._again.labels(channel).inc()

    def settled_late(self, channel: str) -> None:
        self._late.labels(channel).inc()

    def report(self, outcome: str, count: int = 1) -> None:
        """`outcome` is taken or ignored."""
        self._reports.labels(outcome).inc(count)

    def breaker(self, channel: str, *, is_open: bool) -> None:
        self._open.labels(channel).set(is_open)

    def queue(self, rows: Iterable[tuple[str, int, float]]) -> None:
        """Channel, unfinished notices, since how many seconds the oldest of them is due; while nobody looks it grows older.

        A channel that had some and is not named has none left.
        """
        told = {channel: (unfinished, age) for channel, unfinished, age in rows}
        for channel in self._due_since.keys() | told.keys():
            unfinished, age = told.get(channel, (0, 0.0))
            self._queue.labels(channel).set(unfinished)
            self._due_since[channel] = self._now() - age if age else None
            self._age.labels(channel).set_function(partial(self._age_of, channel))

    def _age_of(self, channel: str) -> float:
        since = self._due_since[channel]
        return 0.0 if since is None else self._now() - since
