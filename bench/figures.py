"""The list of figures, fixed here: what each is, what its floor is, what it must reach and what it should one day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from bench.measuring import FLOOR, OURS, Round, Rounds, percentile


@dataclass(frozen=True)
class Limit:
    """One value of a result against a bound."""

    key: str
    bound: float
    at_least: bool

    def met(self, values: Mapping[str, float]) -> bool:
        value = values.get(self.key)
        return value is not None and (value >= self.bound if self.at_least else value <= self.bound)

    def __str__(self) -> str:
        return f"{self.key} {'≥' if self.at_least else '≤'} {self.bound:,g}"


def at_least(key: str, bound: float) -> Limit:
    return Limit(key, bound, at_least=True)


def at_most(key: str, bound: float) -> Limit:
    return Limit(key, bound, at_least=False)


@dataclass(frozen=True)
class Peer:
    """Another store, measured in the same rounds: fed from the same topic as ours, or bare, with its batches ready in memory."""

    name: str
    title: str
    fed: bool


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`rate` is what is counted a second; latencies are in milliseconds. `published`: what others tell of themselves."""

    name: str
    title: str
    rate: str
    floor: str | None = None
    peers: tuple[Peer, ...] = ()
    published: str | None = None
    must: tuple[Limit, ...]
    moonshot: tuple[Limit, ...] = ()


STORES = (
    Peer("message-db fed", "message-db, its write_message called for a batch in one statement, fed from the same topic", fed=True),
    Peer("eventsourcing fed", "Python eventsourcing, insert_events of its application recorder, fed from the same topic", fed=True),
    Peer("message-db bare", "the same statement of message-db with batches of 1,000 from memory", fed=False),
    Peer("eventsourcing bare", "insert_events(1,000) of Python eventsourcing from memory", fed=False),
)
INTAKE_HTTP = Figure(
    name="intake-http",
    title="durable registrations over HTTP, 32 kept connections, relay running",
    rate="registrations/s",
    floor="bare FastAPI and asyncpg, one row inserted for each request",
    published="GOV.UK Notify: 360/s",
    must=(at_least("ratio", 0.5), at_least("rate", 720), at_most("p99_ms", 200)),
    moonshot=(at_least("ratio", 0.8),),
)
INTAKE_KAFKA = Figure(
    name="intake-kafka",
    title="registrations from a frontend's topic, relay running",
    rate="registrations/s",
    floor="PostgreSQL COPY of the same events and read models into the same tables with the same indexes",
    must=(at_least("rate", 750),),  # a burst of 45,000 within its minute
    moonshot=(at_least("rate", 1_500),),  # and within half of it
)
HISTORY_INGEST = Figure(
    name="history-ingest",
    title="events from Kafka into the log, every guarantee on",
    rate="events/s",
    floor="PostgreSQL COPY of the same rows into the same table with the same indexes, 1,000 at a time",
    peers=STORES,
    must=(at_least("ratio", 0.2), at_least("over_fed", 1), at_least("rate", 15_000)),
    moonshot=(at_least("over_bare", 1),),
)
HISTORY_INGEST_2 = replace(HISTORY_INGEST, name="history-ingest-2", title="the same by two processes of history that share the partitions")
HISTORY_READ = Figure(
    name="history-read",
    title="one client's 200 entries found and opened in a log of a million (--entries: other sizes)",
    rate="reads/s",
    must=(at_most("p99_ms", 50), at_most("buffers_growth", 1.5)),
    moonshot=(at_most("p99_ms", 10),),
)
BURST = Figure(
    name="burst",
    title="45,000 messages at once at the Kafka door: registered, in history, letters handed to SMTP",
    rate="messages/s",
    published="FragDenStaat's 45,000 requests",
    must=(at_most("registered_s", 60), at_most("in_history_s", 180), at_most("handed_over_s", 180)),
    moonshot=(at_most("registered_s", 30), at_most("in_history_s", 90), at_most("handed_over_s", 90)),
)
FORM_TO_LETTER = Figure(
    name="form-to-letter",
    title="message posted at the HTTP door to letter handed to SMTP, at 100 messages/s",
    rate="letters/s",
    published="GOV.UK Notify: within 10 s",
    must=(at_least("kept_up", 0.98), at_most("p99_ms", 1_000)),
    moonshot=(at_most("p99_ms", 300),),
)
REBUILD = Figure(
    name="rebuild",
    title="all read models of intake dropped and made again from their events",
    rate="events/s",
    floor="PostgreSQL COPY of the same rows into the same tables with the same indexes",
    must=(at_least("rate", 10_000),),
    moonshot=(at_least("rate", 20_000),),
)
FIGURES = (INTAKE_HTTP, INTAKE_KAFKA, HISTORY_INGEST, HISTORY_INGEST_2, HISTORY_READ, BURST, FORM_TO_LETTER, REBUILD)


@dataclass(frozen=True, kw_only=True)
class Result:
    """Medians over the rounds; a ratio is that of neighbouring rounds, which saw the same machine."""

    figure: Figure
    values: Mapping[str, float]
    rounds: Rounds
    load_average: tuple[float, float]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unmet(self) -> list[Limit]:
        return [limit for limit in self.figure.must if not limit.met(self.values)]

    @property
    def missed_moonshot(self) -> list[Limit]:
        return [limit for limit in self.figure.moonshot if not limit.met(self.values)]

    @property
    def reaches_moonshot(self) -> bool:
        return bool(self.figure.moonshot) and not self.unmet and not self.missed_moonshot


def values_of(rounds: Rounds, peers: Sequence[Peer] = ()) -> dict[str, float]:
    """What limits are held against: `over_fed` and `over_bare` are ours beside the better of these peers, round by round."""
    ours = rounds[OURS]
    values = {"rate": median(each.rate for each in ours)}
    if floor := rounds.get(FLOOR):
        values |= {"floor": median(each.rate for each in floor), "ratio": _beside(ours, floor)}
    values |= {peer.name: median(each.rate for each in rounds[peer.name]) for peer in peers}
    for name, fed in (("over_fed", True), ("over_bare", False)):
        if stores := [rounds[peer.name] for peer in peers if peer.fed is fed]:
            values[name] = _beside(ours, *stores)
    if all(each.latencies_ms for each in ours):
        values |= {f"p{percent}_ms": median(percentile(each.latencies_ms, percent) for each in ours) for percent in (50, 99)}
    return values | {name: median(each.marks[name] for each in ours) for name in ours[0].marks}


def _beside(ours: Sequence[Round], *others: Sequence[Round]) -> float:
    """Against the best of the others in each round."""
    best: list[float] = [max(each.rate for each in theirs) for theirs in zip(*others, strict=True)]
    return median(mine.rate / theirs for mine, theirs in zip(ours, best, strict=True))
