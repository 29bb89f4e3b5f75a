"""`python -m bench.soak [--minutes M] [--rate R]`: the town under steady load from both doors; nothing may be lost or doubled."""

import asyncio
import logging
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer
from rich.console import Console

from bench import checker, kafka_load, messages, soak_checks
from bench.checker import Check
from bench.evidence import Evidence, Offered, gathered, left
from bench.load import Order, Report, send
from bench.measuring import load_average
from bench.records import at_door
from bench.smtp_sink import SmtpSink
from bench.stage import Service, Stage
from bench.watching import SAMPLE_SECONDS, watched
from libs.chassis.store.queries import queries
from local.embedded import embedded
from local.places import places

SQL = queries(__file__)
MINUTES = 10.0
RATE = 5.0
AT_HTTP, AT_KAFKA = "http", "kafka"  # what the external ids of each door begin with
FRONTEND = "vk"
QUIET_SECONDS = 120.0
SCREEN = Console(highlight=False)

app = typer.Typer(pretty_exceptions_enable=False)


@dataclass
class _Soak:
    stage: Stage
    db: "asyncpg.Connection[Any]"
    services: Mapping[str, Service]
    sink: SmtpSink
    seconds: float
    rate: float
    at_http: Report | None = None
    at_kafka: int = 0

    async def run(self) -> list[Check]:
        async with watched(self.services, SCREEN.print, lambda: f"{self.sink.letters} letters") as memory:
            self.at_http, self.at_kafka = await asyncio.gather(self._load_http(), self._load_kafka())
            await self._quiet()
        return [*await self._checks(), *(soak_checks.memory(name, samples) for name, samples in memory.items())]

    async def _load_http(self) -> Report:
        port, key = self.services["intake"].port, self.stage.keys["site"]
        return await send(Order(port=port, key=key, prefix=AT_HTTP, seconds=self.seconds, rate=self.rate))

    async def _load_kafka(self) -> int:
        made = at_door(FRONTEND, lambda number, at: messages.received(AT_KAFKA, number, at, account=True))
        return await kafka_load.send(self.stage.parts.kafka_bootstrap, made, seconds=self.seconds, rate=self.rate)

    async def _quiet(self) -> None:
        """All that was sent is worked off, or the time for it is over; the checks then say what is missing."""
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS):
                while True:
                    if not any(await left(self.db)) and all(check.held for check in await self._checks()):
                        return
                    await asyncio.sleep(SAMPLE_SECONDS)

    def _offered(self) -> list[Offered]:
        asked = sum(self.at_http.answers.values()) if self.at_http else 0
        sent = [("site", AT_HTTP, number) for number in range(asked)] + [(FRONTEND, AT_KAFKA, number) for number in range(self.at_kafka)]
        return [
            Offered(frontend, f"{prefix}-{number}", f"{prefix}-{number}", messages.email(prefix, number), acknowledged=True)
            for frontend, prefix, number in sent
        ]

    async def _evidence(self) -> Evidence:
        return await gathered(self.db, self._offered(), self.sink.arrived)

    async def _checks(self) -> list[Check]:
        answers, created = (self.at_http.answers, self.at_http.created) if self.at_http else ({}, 0)
        every = Check("every message registered at the HTTP door", created == sum(answers.values()) > 0, f"answers by status {answers}")
        return [every, *checker.check(await self._evidence())]


@app.command()
def command(
    minutes: Annotated[float, typer.Option(min=0.1, help="how long messages keep coming")] = MINUTES,
    rate: Annotated[float, typer.Option(min=0.1, help="messages a second at each of the two doors")] = RATE,
) -> None:
    """Intake, history and notifier as real processes on a Kafka and a PostgreSQL of their own; ends with 1 when a check fails."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has just started is asked until it answers
    before = load_average()
    checks = asyncio.run(_run(minutes * 60, rate))
    for check in checks:
        SCREEN.print(f"[{'green' if check.held else 'red'}]{'✓' if check.held else '✗'}[/] {check.what}: {check.says}", soft_wrap=True)
    _write(minutes, rate, (before, load_average()), checks)
    raise typer.Exit(0 if all(check.held for check in checks) else 1)


async def _run(seconds: float, rate: float) -> list[Check]:
    with (
        tempfile.TemporaryDirectory(prefix="otklik-soak-") as directory,
        embedded(Path(directory), without=["mail"], durable=True) as parts,
    ):
        stage = Stage(parts)
        await stage.prepare()
        database = await stage.new_database()
        db = await asyncpg.connect(database)
        try:
            async with (
                SmtpSink() as sink,
                stage.running("notifier", database, "notifier", smtp_port=sink.port) as notifier,
                stage.running("history", database, "history") as history,
                stage.running("intake", database, "intake") as intake,
            ):
                services = {"intake": intake, "history": history, "notifier": notifier}
                SCREEN.print(f"{rate:g} messages/s at each door for {seconds / 60:g} minutes")
                return await _Soak(stage, db, services, sink, seconds, rate).run()
        finally:
            await db.close()


def _write(minutes: float, rate: float, load: tuple[float, float], checks: Sequence[Check]) -> None:
    directory = places({}).state / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"soak-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    told = {"minutes": minutes, "rate": rate, "load_average": load, "checks": [asdict(check) for check in checks]}
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    SCREEN.print(f"written to {path}", soft_wrap=True)


if __name__ == "__main__":
    app()
