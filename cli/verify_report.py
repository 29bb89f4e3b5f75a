"""What `otklik verify` has to say: what was looked at, what is not as it was written, and what no signature covers yet."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

MOST_FINDINGS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it was written, and where: one position, or all up to `last`. `kind` is stable."""

    kind: str
    shard: int
    position: int
    event_id: UUID | None
    says: str
    last: int | None = None

    def __str__(self) -> str:
        rows = f"position {self.position}" if self.last in (None, self.position) else f"positions {self.position} to {self.last}"
        return f"shard {self.shard}, {rows}{f', event {self.event_id}' if self.event_id else ''}: {self.kind}: {self.says}"

    def as_json(self) -> dict[str, Any]:
        event_id = str(self.event_id) if self.event_id else None
        last = self.position if self.last is None else self.last
        return {"kind": self.kind, "shard": self.shard, "first": self.position, "last": last, "event_id": event_id, "says": self.says}


@dataclass(frozen=True, kw_only=True)
class Uncovered:
    """Rows behind the last signature of a shard: against a superuser nothing proves them yet."""

    rows: int
    since: datetime


@dataclass(kw_only=True)
class Report:
    """At most a hundred findings are kept."""

    heads: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    opened: int = 0
    destroyed: int = 0
    signed: int | None = None  # signatures that are good; None: none were asked for
    newest: datetime | None = None
    uncovered: dict[int, Uncovered] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    @property
    def full(self) -> bool:
        return len(self.findings) >= MOST_FINDINGS

    def find(self, kind: str, shard: int, position: int, event_id: UUID | None, says: str, last: int | None = None) -> None:
        self.add([Finding(kind=kind, shard=shard, position=position, event_id=event_id, says=says, last=last)])

    def add(self, findings: Iterable[Finding]) -> None:
        self.findings = [*self.findings, *findings][:MOST_FINDINGS]

    def summary(self, *, with_keys: bool) -> str:
        seals = f"{self.opened} seals opened, {self.destroyed} destroyed" if with_keys else "seals not opened: no master key was given"
        found = "sound" if self.sound else f"{len(self.findings)}{' or more' if self.full else ''} findings"
        return f"{found}: {self.rows} rows in {len(self.heads)} shards; {seals}\n{self._signatures()}"

    def as_json(self) -> dict[str, Any]:
        return {
            "sound": self.sound,
            "rows": self.rows,
            "heads": {str(shard): position for shard, position in self.heads.items()},
            "seals": {"opened": self.opened, "destroyed": self.destroyed},
            "signatures": self.signed,
            "newest_signature": self.newest,
            "not_signed": [{"shard": shard, "rows": each.rows, "since": each.since} for shard, each in sorted(self.uncovered.items())],
            "findings": [finding.as_json() for finding in self.findings],
            "more_findings": self.full,
        }

    def _signatures(self) -> str:
        if self.signed is None:
            return "no signed heads were given: a chain that somebody recomputed as a whole would not be found"
        newest = f", the newest of {at(self.newest)}" if self.newest else ""
        rows = sum(each.rows for each in self.uncovered.values())
        if not rows:
            return f"{self.signed} signatures{newest}; they cover every row"
        since = min(each.since for each in self.uncovered.values())
        return f"{self.signed} signatures{newest}; not covered yet: {rows} rows in {len(self.uncovered)} shards, the oldest of {at(since)}"


def at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
