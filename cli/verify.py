"""`otklik verify`: the whole log recomputed, shard by shard; whatever was changed, moved, removed or added is named with its place."""

import asyncio
import base64
import binascii
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli import this_machine
from libs.chassis.ops.settings import KEY_BYTES
from libs.chassis.store.keys import Keyring
from libs.chassis.store.sealing import BrokenSeal, commitment, unseal
from services.history.domain.chain import SHARDS, genesis, link
from services.history.domain.entries import KEPT_COLUMNS
from services.history.store import SQL

TAMPERED: Final = 1
UNUSABLE: Final = 2
ROWS_AT_ONCE: Final = 2_000
MOST_FINDINGS: Final = 100
LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is not as it was written, and where. `kind` is stable."""

    kind: str
    shard: int
    position: int
    event_id: UUID | None
    says: str

    def __str__(self) -> str:
        return (
            f"shard {self.shard}, position {self.position}{f', event {self.event_id}' if self.event_id else ''}: {self.kind}: {self.says}"
        )


@dataclass(kw_only=True)
class Report:
    """What was looked at and what was found; at most a hundred findings."""

    heads: dict[int, int] = field(default_factory=dict)
    rows: int = 0
    opened: int = 0
    destroyed: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    @property
    def full(self) -> bool:
        return len(self.findings) >= MOST_FINDINGS

    def find(self, kind: str, shard: int, position: int, event_id: UUID | None, says: str) -> None:
        if not self.full:
            self.findings.append(Finding(kind=kind, shard=shard, position=position, event_id=event_id, says=says))


Advance = Callable[[int, int], None]


def silently(_done: int, _total: int) -> None:
    """For those who want no word of the progress."""


async def verify(dsn: str, master_key: bytes | None = None, master_key_id: str = "1", *, advance: Advance = silently) -> Report:
    """Memory does not grow with the log. With the master key every seal is opened too and held against its commitment.

    Raises `WrongMasterKey` when the database knows another key by that name.
    """
    db = await asyncpg.connect(dsn, server_settings={"search_path": "history", "timezone": "UTC", "application_name": "otklik verify"})
    try:
        report = Report()
        keyring = Keyring(master_key, master_key_id) if master_key else None
        heads = {row["shard"]: row for row in await db.fetch(SQL["verify_heads"])}
        report.heads = {shard: row["position"] for shard, row in heads.items()}
        total = sum(report.heads.values())
        for shard in sorted({*heads, *range(SHARDS)}):
            if shard not in heads:
                report.find("head-missing", shard, 0, None, "the shard has no head")
                continue
            walk = _Walk(shard, genesis(shard), report)
            async for rows in _rows(db, shard, heads[shard]["position"]):
                for row in rows:
                    walk.step(row)
                if keyring is not None:
                    await _open(db, keyring, rows, report)
                advance(report.rows, total)
            walk.end(heads[shard])
        await _compare_ids(db, report)
        return report
    finally:
        await db.close()


class _Walk:
    """One shard, row by row."""

    def __init__(self, shard: int, first: bytes, report: Report) -> None:
        self._shard = shard
        self._previous: bytes | None = first
        self._position = 0
        self._report = report

    def step(self, row: Row) -> None:
        self._report.rows += 1
        position = row["position"]
        if position > self._position + 1:
            self._missing(self._position + 1, position - 1)
        elif position <= self._position:
            self._find("doubled", row, "another row stands at the same position")
        if self._previous is not None and self._hash(self._previous, row) != row["hash"]:
            self._find("changed", row, "its hash does not follow: this row was changed, or the one before it together with its hash")
        self._compare_id(row)
        self._previous, self._position = row["hash"], position

    def end(self, head: Any) -> None:
        if self._position < head["position"]:
            self._missing(self._position + 1, head["position"])
        elif self._previous != head["hash"]:
            self._report.find("head-differs", self._shard, self._position, None, "the head's hash is not that of the last row")

    def _hash(self, previous: bytes, row: Row) -> bytes:
        place = (row["shard"], row["position"], row["stored_at"])
        return link(previous, place, [row[name] for name in KEPT_COLUMNS], row["commitment"], row["sealed"])

    def _missing(self, first: int, last: int) -> None:
        says = "this row was removed" if first == last else f"rows {first} to {last} were removed"
        self._report.find("removed", self._shard, first, None, says)
        self._previous = None  # what the next row should follow is gone

    def _compare_id(self, row: Row) -> None:
        known = (row["id_shard"], row["id_position"], row["id_stored_at"])
        if known[0] is None:
            self._find("id-missing", row, "the id table does not know its event")
        elif known != (row["shard"], row["position"], row["stored_at"]):
            self._find("moved", row, f"the id table says that its event stands in shard {known[0]} at position {known[1]}")

    def _find(self, kind: str, row: Row, says: str) -> None:
        self._report.find(kind, self._shard, row["position"], row["event_id"], says)


async def _rows(db: "asyncpg.Connection[Any]", shard: int, last: int) -> AsyncIterator[Sequence[Row]]:
    position, stored_at = 0, LONG_AGO
    while rows := await db.fetch(SQL["verify_entries"], shard, position, stored_at, last, ROWS_AT_ONCE):
        yield rows
        position, stored_at = rows[-1]["position"], rows[-1]["stored_at"]


async def _open(db: "asyncpg.Connection[Any]", keyring: Keyring, rows: Sequence[Row], report: Report) -> None:
    sealed = [row for row in rows if row["sealed"] is not None]
    keys = await _keys(db, keyring, {row["thread_id"]: row for row in sealed}, report)
    for row in sealed:
        key = keys.get(row["thread_id"])
        if key is None:
            report.destroyed += 1
            continue
        try:
            plaintext = unseal(key, row["sealed"], row["event_id"].bytes)
        except BrokenSeal:
            report.find("seal-broken", row["shard"], row["position"], row["event_id"], "its seal does not open with its thread's key")
            continue
        report.opened += 1
        if commitment(key, row["sealed"], plaintext) != row["commitment"]:
            report.find(
                "opens-otherwise", row["shard"], row["position"], row["event_id"], "it opens to something that it was not chained as"
            )


async def _keys(db: "asyncpg.Connection[Any]", keyring: Keyring, threads: Mapping[UUID, Row], report: Report) -> dict[UUID, bytes]:
    keys = await keyring.of(db, threads)
    for thread in await keyring.damaged(db, threads.keys() - keys.keys()):
        row = threads[thread]
        report.find("key-not-opened", row["shard"], row["position"], row["event_id"], "the master key does not open its thread's key")
    return keys


async def _compare_ids(db: "asyncpg.Connection[Any]", report: Report) -> None:
    for row in await db.fetch(SQL["verify_ids"], MOST_FINDINGS):
        report.find("id-without-row", row["shard"], row["position"], row["event_id"], "the id table names a row that is not there")
    for row in await db.fetch(SQL["verify_beyond"], MOST_FINDINGS):
        report.find("beyond-head", row["shard"], row["position"], row["event_id"], "a row that no append has made")


def command() -> None:
    """Recompute the whole log and say where it was tampered with; exit code 1 when it was.

    Wants history's own variables: OTKLIK_POSTGRES_DSN, and OTKLIK_MASTER_KEY, without which no seal is opened.
    """
    this_machine.lend("history")
    dsn = os.environ.get("OTKLIK_POSTGRES_DSN") or _stop("not set: OTKLIK_POSTGRES_DSN, a role that may read history's tables")
    try:
        key = base64.b64decode(os.environ.get("OTKLIK_MASTER_KEY", ""), validate=True) or None
    except binascii.Error:
        _stop("OTKLIK_MASTER_KEY is wrong: it is not base64")
    if key is not None and len(key) != KEY_BYTES:
        _stop(f"OTKLIK_MASTER_KEY is wrong: {len(key)} bytes instead of {KEY_BYTES}")
    key_id = os.environ.get("OTKLIK_MASTER_KEY_ID") or "1"
    with Progress(
        TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    ) as progress:
        task = progress.add_task("rows", total=None)
        report = asyncio.run(verify(dsn, key, key_id, advance=lambda done, total: progress.update(task, completed=done, total=total)))
    for finding in report.findings:
        typer.echo(str(finding))
    typer.echo(summary(report, with_keys=key is not None))
    raise typer.Exit(0 if report.sound else TAMPERED)


def summary(report: Report, *, with_keys: bool) -> str:
    seals = f"{report.opened} seals opened, {report.destroyed} destroyed" if with_keys else "seals not opened: no master key was given"
    found = "sound" if report.sound else f"{len(report.findings)}{' or more' if report.full else ''} findings"
    return f"{found}: {report.rows} rows in {len(report.heads)} shards; {seals}"


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(UNUSABLE)
