"""Metrics of our own for Prometheus, in a registry that `main` hands over; labels hold names of code and topics only."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from libs.chassis.ops.clock import Clock

CONTENT_TYPE = CONTENT_TYPE_LATEST


def registry() -> CollectorRegistry:
    """A registry with the process's own figures (memory, CPU, open files)."""
    made = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=made)
    return made


def render(registry: CollectorRegistry) -> bytes:
    """The figures of this moment in Prometheus' text format."""
    return generate_latest(registry)


class HaltedLoops(Collector):
    """The loops of a process that do not go on until somebody has looked, each with the code of why; asked when the figures are."""

    def __init__(self, halted: Mapping[str, str]) -> None:
        self._halted = halted

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily("otklik_halted_loops", "Loops that have halted until somebody looks", labels=["loop", "code"])
        for loop, code in self._halted.items():
            family.add_metric([loop, code], 1)
        yield family


class Metrics:
    """What consumers, the relay, the dead letters, the timers and the search for gaps tell of themselves."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._lag = Gauge(
            "otklik_consumer_lag_records", "Records that a consumer has yet to read", ["consumer", "topic", "partition"], registry=registry
        )
        self._progress = Gauge(
            "otklik_consumer_last_progress_timestamp_seconds",
            "When a consumer last finished a batch, 0 before its first one",
            ["consumer"],
            registry=registry,
        )
        self._handled = Counter("otklik_records_handled", "Records by what became of them", ["consumer", "outcome"], registry=registry)
        self._dead = Counter("otklik_dead_letters", "Records set aside, by reason", ["consumer", "reason"], registry=registry)
        self._parked = Gauge("otklik_parked_keys", "Keys whose records wait behind one set aside", ["where"], registry=registry)
        self._unsettled = Gauge("otklik_dead_letters_unsettled", "Records set aside, and those that wait behind them", registry=registry)
        self._oldest_letter: datetime | None = None
        Gauge(
            "otklik_dead_letters_oldest_age_seconds", "Age of the oldest record set aside that nobody settled", registry=registry
        ).set_function(lambda: self._since(self._oldest_letter))
        self._pending = Gauge("otklik_outbox_pending_rows", "Outbox rows not yet sent", ["shard"], registry=registry)
        self._age = Gauge("otklik_outbox_oldest_age_seconds", "Age of the oldest outbox row not yet sent", ["shard"], registry=registry)
        self._overdue = Gauge(
            "otklik_timers_overdue_age_seconds", "How long the timer that is due longest waits to be run", ["kind"], registry=registry
        )
        self._gaps = Gauge("otklik_history_gaps", "Ranges of events that history has not heard and has asked for", registry=registry)
        self._oldest: dict[str, datetime] = {}
        self._due: dict[str, datetime] = {}

    def lag(self, consumer: str, topic: str, partition: int, records: int) -> None:
        self._lag.labels(consumer, topic, str(partition)).set(records)

    def forget_lag(self, consumer: str, topic: str, partition: int) -> None:
        """A partition that another replica reads now."""
        self._lag.remove_by_labels({"consumer": consumer, "topic": topic, "partition": str(partition)})

    def begins(self, consumer: str) -> None:
        """It has finished nothing yet, and is told all the same: a figure that is not there raises no alarm."""
        self._progress.labels(consumer).set(0)

    def progress(self, consumer: str) -> None:
        self._progress.labels(consumer).set(self._clock.now().timestamp())

    def handled(self, consumer: str, outcome: str, records: int = 1) -> None:
        """`outcome` is a word of the code: done, seen-before, skipped, dead."""
        self._handled.labels(consumer, outcome).inc(records)

    def dead_letter(self, consumer: str, reason: str) -> None:
        """`reason` is a stable code."""
        self._dead.labels(consumer, reason).inc()

    def parked_keys(self, where: str, keys: int) -> None:
        self._parked.labels(where).set(keys)

    def unsettled(self, records: int, oldest: datetime | None) -> None:
        """Dead letters and what waits; `oldest` is the time of the oldest of them all: after thirty days it is destroyed."""
        self._unsettled.set(records)
        self._oldest_letter = oldest

    def outbox(self, *, pending: int, oldest: datetime | None, shard: int = 0) -> None:
        """`oldest` is the time of the oldest unsent row: its age is computed when asked, so it grows even when the relay hangs."""
        name = str(shard)
        self._pending.labels(name).set(pending)
        if oldest is None:
            self._oldest.pop(name, None)
        else:
            self._oldest[name] = oldest
        self._age.labels(name).set_function(lambda: self._age_of(name))

    def timers(self, due_since: Mapping[str, datetime]) -> None:
        """Since when the oldest due timer of each kind is due; its age is computed when asked, so it grows even when the loop hangs."""
        known = self._due.keys() | due_since.keys()
        self._due = dict(due_since)
        for kind in known:
            self._overdue.labels(kind).set_function(partial(self._overdue_for, kind))

    def gaps(self, told: int) -> None:
        self._gaps.set(told)

    def _age_of(self, shard: str) -> float:
        return self._since(self._oldest.get(shard))

    def _overdue_for(self, kind: str) -> float:
        return self._since(self._due.get(kind))

    def _since(self, moment: datetime | None) -> float:
        return 0.0 if moment is None else max(0.0, (self._clock.now() - moment).total_seconds())
