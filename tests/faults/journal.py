"""The report of a campaign: what was done to the town and when, what became of it, where to look further."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.checker import Check

NAMED = 20  # of what broke a check; report.json names all
SIZES = ("N", "COUNT", "SECONDS")  # what `make faults` may be told beside campaign and seed


@dataclass
class Journal:
    """Told on the screen as it is written. `recoveries` hold for each fault how long each consumer took to go on."""

    campaign: str
    seed: int
    directory: Path
    timeline: list[tuple[float, str]] = field(default_factory=list)
    recoveries: list[tuple[str, Mapping[str, float]]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def say(self, what: str) -> None:
        self.timeline.append((round(time.monotonic() - self._began, 2), what))
        print(line_of(*self.timeline[-1]), flush=True)  # noqa: T201 - whoever waits for a campaign sees where it is

    def recovered(self, fault: str, seconds: Mapping[str, float]) -> None:
        self.recoveries.append((fault, seconds))
        self.say(f"after {fault}: {', '.join(f'{name} goes on after {each:.1f} s' for name, each in seconds.items())}")

    def slowest(self) -> tuple[str, str, float] | None:
        """The fault, the consumer and its seconds."""
        every = [(fault, name, each) for fault, seconds in self.recoveries for name, each in seconds.items()]
        return max(every, key=lambda one: one[2], default=None)

    def write(self, checks: Sequence[Check]) -> None:
        """report.txt for people, report.json for programs."""
        (self.directory / "report.txt").write_text(text(self, checks), "utf-8")
        told = {
            "campaign": self.campaign,
            "seed": self.seed,
            "figures": self.figures,
            "slowest_recovery": self.slowest(),
            "recoveries": self.recoveries,
            "checks": [asdict(check) for check in checks],
            "timeline": self.timeline,
        }
        (self.directory / "report.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))


def line_of(seconds: float, what: str) -> str:
    return f"{seconds:8.2f} s  {what}"


def again(journal: Journal, environ: Mapping[str, str]) -> str:
    """The command that does the same once more."""
    sizes = "".join(f" {name}={environ[name]}" for name in SIZES if environ.get(name))
    return f"make faults CAMPAIGN={journal.campaign} SEED={journal.seed}{sizes}"


def text(journal: Journal, checks: Sequence[Check], environ: Mapping[str, str] = os.environ) -> str:
    broken = [check for check in checks if not check.held]
    slowest = journal.slowest()
    parts = [
        f"{journal.campaign}: {'sound' if not broken else f'{len(broken)} OF {len(checks)} CHECKS BROKEN'}",
        f"again with: {again(journal, environ)}",
        "",
        *(f"{name}: {value}" for name, value in journal.figures.items()),
        *([f"slowest to go on: {slowest[1]} after {slowest[0]}, {slowest[2]:.1f} s"] if slowest else []),
        "",
        *(f"{'✓' if check.held else '✗'} {check.what}: {check.says}" for check in checks),
        *(f"    {each}" for check in broken for each in check.ids[:NAMED]),
        "",
        *(line_of(*each) for each in journal.timeline),
        "",
        f"logs of the services, of Kafka and of PostgreSQL: {journal.directory}",
    ]
    return "\n".join(parts) + "\n"
