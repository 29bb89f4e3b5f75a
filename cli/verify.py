"""`otklik verify`: the whole log recomputed and held against its signed heads; what is not as it was written is named with its place."""

import asyncio
import base64
import binascii
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, NoReturn

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli import this_machine
from cli.verify_heads import SignedHeads
from cli.verify_log import Advance
from cli.verify_log import verify as verify
from cli.verify_report import Report
from libs.chassis.bus.entry import told
from libs.chassis.ops.settings import KEY_BYTES
from services.history.domain.heads import PublicKeys, Signer

TAMPERED: Final = 1
UNUSABLE: Final = 2
DSN, BOOTSTRAP = "OTKLIK_POSTGRES_DSN", "OTKLIK_KAFKA_BOOTSTRAP"
MASTER_KEY, MASTER_KEY_ID = "OTKLIK_MASTER_KEY", "OTKLIK_MASTER_KEY_ID"
HEADS_FILE, PUBLIC_KEYS, SIGNING_KEY = "OTKLIK_HEADS_FILE", "OTKLIK_HEAD_PUBLIC_KEYS", "OTKLIK_HEAD_SIGNING_KEY"

Files = Annotated[
    list[Path] | None, typer.Option("--heads", help="a file of signed heads, may be given more than once", show_default=False)
]
Kafka = Annotated[bool, typer.Option("--kafka", help="take the signed heads of history.events.v1 too")]
AsJson = Annotated[bool, typer.Option("--json", help="the report as one JSON object")]
Within = Annotated[float, typer.Option("--signed-within", min=0, help="minutes after which a row that no signature covers is a finding")]


@dataclass(frozen=True, kw_only=True)
class Against:
    """What the log is held against."""

    master_key: bytes | None
    master_key_id: str
    files: tuple[Path, ...]
    kafka: str | None
    signed_before: datetime

    async def verify(self, dsn: str, advance: Advance) -> Report:
        """The signatures are read first: the log only grows, so what was signed then is there afterwards."""
        heads = await self._heads()
        return await verify(dsn, self.master_key, self.master_key_id, heads=heads, signed_before=self.signed_before, advance=advance)

    async def _heads(self) -> SignedHeads | None:
        if not self.files and self.kafka is None:
            return None
        heads = SignedHeads(_public_keys())
        for path in self.files:
            heads.read_file(path)
        if self.kafka is not None:
            await heads.read_topic(self.kafka)
        return heads


def command(heads: Files = None, kafka: Kafka = False, as_json: AsJson = False, signed_within: Within = 60.0) -> None:
    """Recompute the whole log, hold it against its signed heads, and say where it was tampered with; exit code 1 when it was.

    Wants history's own variables: OTKLIK_POSTGRES_DSN; OTKLIK_MASTER_KEY, without which no seal is opened; OTKLIK_HEADS_FILE, unless
    --heads names the file; and OTKLIK_HEAD_PUBLIC_KEYS, base64 and blanks between them, or the OTKLIK_HEAD_SIGNING_KEY itself.
    """
    this_machine.lend("history")
    dsn = os.environ.get(DSN) or _stop(f"not set: {DSN}, a role that may read history's tables")
    of_settings = os.environ.get(HEADS_FILE)
    against = Against(
        master_key=_key(MASTER_KEY),
        master_key_id=os.environ.get(MASTER_KEY_ID) or "1",
        files=tuple(heads) if heads else (Path(of_settings),) if of_settings else (),
        kafka=_brokers() if kafka else None,
        signed_before=datetime.now(UTC) - timedelta(minutes=signed_within),
    )
    report = _shown(against, dsn)
    _say(report, as_json=as_json, with_keys=against.master_key is not None)
    raise typer.Exit(0 if report.sound else TAMPERED)


def _shown(against: Against, dsn: str) -> Report:
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=None)
        return asyncio.run(against.verify(dsn, lambda done, total: progress.update(task, completed=done, total=total)))


def _say(report: Report, *, as_json: bool, with_keys: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(report.as_json()).decode())
        return
    for finding in report.findings:
        typer.echo(str(finding))
    typer.echo(report.summary(with_keys=with_keys))


def _brokers() -> str:
    return told(os.environ) if os.environ.get(BOOTSTRAP) else _stop(f"not set: {BOOTSTRAP}, host:port of a Kafka broker")


def _public_keys() -> PublicKeys:
    """The key that signs now, where it is known, and those of the setting: after a change of the key, the old ones."""
    raw = [_decoded(PUBLIC_KEYS, part) for part in re.split(r"[\s,]+", os.environ.get(PUBLIC_KEYS, "")) if part]
    signing = signing_key()
    if signing is not None:
        raw.append(Signer(signing).public_key)
    return PublicKeys(raw or _stop(f"not set: {PUBLIC_KEYS}, the keys that signed heads are checked with"))


def signing_key() -> bytes | None:
    return _key(SIGNING_KEY)


def _key(variable: str) -> bytes | None:
    value = os.environ.get(variable)
    return _decoded(variable, value) if value else None


def _decoded(variable: str, value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        _stop(f"{variable} is wrong: it is not base64")
    if len(key) != KEY_BYTES:
        _stop(f"{variable} is wrong: {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _stop(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(UNUSABLE)
