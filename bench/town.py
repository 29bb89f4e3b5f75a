"""Intake, history and notifier as real processes on one database, with a relay that takes every letter."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.smtp_sink import SmtpSink
from bench.stage import Service, Stage

NOTIFIER_GROUP = "notifier"  # its consumers bear the same name wherever they run


@dataclass(frozen=True)
class Town:
    database: str
    sink: SmtpSink
    services: Mapping[str, Service]


@asynccontextmanager
async def town(stage: Stage, name: str, *, setup_code: str = "") -> AsyncIterator[Town]:
    """All of them ready, behind what the topics hold; `name` begins those of their consumer groups. With a code the desk can be set up."""
    database = await stage.new_database()
    groups = {service: f"{name}-{service}" for service in ("intake", "history", "notifier")}
    await stage.begin([*groups.values(), NOTIFIER_GROUP])
    async with (
        SmtpSink() as sink,
        stage.running("notifier", database, groups["notifier"], smtp_port=sink.port) as notifier,
        stage.running("history", database, groups["history"]) as history,
        stage.running("intake", database, groups["intake"], setup_code=setup_code) as intake,
    ):
        yield Town(database, sink, {"intake": intake, "history": history, "notifier": notifier})
