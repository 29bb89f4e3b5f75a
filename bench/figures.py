"""The list of figures, fixed here: what each is, what its floor is, what it must reach and what it should one day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.measuring import Round, percentile


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


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`rate` is what is counted a second; latencies, where there are any, are in milliseconds."""

    name: str
    title: str
    rate: str
    floor: str | None
    must: tuple[Limit, ...]
    moonshot: tuple[Limit, ...]


INTAKE_HTTP = Figure(
    name="intake-http",
    title="durable registrations over HTTP, 32 kept connections, relay running",
    rate="registrations/s",
    floor="bare FastAPI and asyncpg, one row inserted for each request",
    must=(at_least("ratio", 0.5), at_least("rate", 720), at_most("p99_ms", 200)),
    moonshot=(at_least("ratio", 0.8),),
)
HISTORY_INGEST = Figure(
    name="history-ingest",
    title="events from Kafka into the log, every guarantee on",
    rate="events/s",
    floor="PostgreSQL COPY of the same rows into the same table with the same indexes, batch by batch",
    must=(at_least("ratio", 0.2), at_least("rate", 15_000)),
    moonshot=(),
)
FORM_TO_LETTER = Figure(
    name="form-to-letter",
    title="message posted at the HTTP door to letter handed to SMTP, at 20 messages/s",
    rate="letters/s",
    floor=None,
    must=(at_most("p99_ms", 1_000),),
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
FIGURES = (INTAKE_HTTP, HISTORY_INGEST, FORM_TO_LETTER, REBUILD)


@dataclass(frozen=True, kw_only=True)
class Result:
    """Medians over the rounds; the ratio is that of neighbouring rounds, which saw the same machine."""

    figure: Figure
    values: Mapping[str, float]
    rounds: tuple[Round, ...]
    floor_rounds: tuple[Round, ...]
    load_average: tuple[float, float]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unmet(self) -> list[Limit]:
        return [limit for limit in self.figure.must if not limit.met(self.values)]

    @property
    def reaches_moonshot(self) -> bool:
        return bool(self.figure.moonshot) and not self.unmet and all(limit.met(self.values) for limit in self.figure.moonshot)


def values_of(rounds: tuple[Round, ...], floor_rounds: tuple[Round, ...]) -> dict[str, float]:
    """What limits are held against."""
    values = {"rate": median(each.rate for each in rounds)}
    if floor_rounds:
        values["floor"] = median(each.rate for each in floor_rounds)
        values["ratio"] = median(ours.rate / floor.rate for ours, floor in zip(rounds, floor_rounds, strict=True))
    if all(each.latencies_ms for each in rounds):
        values["p50_ms"] = median(percentile(each.latencies_ms, 50) for each in rounds)
        values["p99_ms"] = median(percentile(each.latencies_ms, 99) for each in rounds)
    return values
