"""Signed heads in a test: history's signer on a test's log, and verification against what it signed."""

from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from cli.verify_heads import SignedHeads
from cli.verify_log import LONG_AGO, verify
from cli.verify_report import Report
from services.history.domain.heads import PublicKeys, Signer
from services.history.heads import HeadFigures, Heads
from services.history.heads_file import HeadsFile
from tests.integration.history.keeping import Keeping


def key_of(history: Keeping) -> bytes:
    return history.settings.head_signing_key.get_secret_value()


def signing(history: Keeping, *, key: bytes | None = None, path: Path | None = None, figures: CollectorRegistry | None = None) -> Heads:
    """As `main` makes it; `key` and `path` instead of those of the settings."""
    signer, process = Signer(key or key_of(history)), history.process
    return Heads(
        pool=process.pool,
        outbox=process.outbox,
        signer=signer,
        file=HeadsFile(path or history.settings.heads_file, signer),
        clock=process.clock,
        ids=process.ids,
        authority=process.authority.code,
        figures=HeadFigures(figures or CollectorRegistry()),
        every_seconds=0.05,
        ring=process.bell.ring,
    )


async def checked(history: Keeping, *keys: bytes, path: Path | None = None, signed_before: datetime = LONG_AGO) -> Report:
    """The log against the signatures in a file of heads."""
    heads = SignedHeads(PublicKeys(keys or [Signer(key_of(history)).public_key]))
    heads.read_file(path or history.settings.heads_file)
    return await verify(history.database.admin_dsn, heads=heads, signed_before=signed_before)


async def checked_by_topic(history: Keeping, key: bytes, kafka: str) -> Report:
    """The log against the signatures on the topic that this key made; other tests' logs have left theirs there too."""
    heads = SignedHeads(PublicKeys([Signer(key).public_key]))
    await heads.read_topic(kafka)
    assert {finding.kind for finding in heads.findings} <= {"head-of-unknown-key"}
    heads.findings.clear()
    return await verify(history.database.admin_dsn, heads=heads)
