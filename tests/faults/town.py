"""The town that campaigns try: real processes on stores of their own, frontends at both doors, a relay that takes letters."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import asyncpg

from bench import burst
from bench.checker import Check, check
from bench.evidence import gathered, left
from bench.measuring import load_average
from bench.smtp_sink import SmtpSink
from bench.stage import Service, Stage
from libs.chassis.store.database import INFRASTRUCTURE_ERRORS
from libs.chassis.store.queries import queries
from local.embedded import DidNotStart, Part, embedded
from local.places import ROOT, places
from tests.faults.journal import Journal
from tests.faults.offering import Offering

SQL = queries(__file__)
SERVICES = ("notifier", "history", "intake")
CONSUMERS = ("intake", "history", "notifier")
STORES = ("kafka", "postgres")
HOLD_LETTERS = {"notifier", "postgres", "smtp"}
IN_HAND = 64  # letters that one crash may send again: eight for each of eight connections (services/notifier/sender.py)
START_SECONDS = 120.0
DRAIN_SECONDS = 180.0
ASK_SECONDS = 0.1

Told = Mapping[str, object]


@dataclass
class Town:
    """`again` grows with every fault that may have cut off letters in hand."""

    stage: Stage
    database: str
    sink: SmtpSink
    journal: Journal
    offering: Offering
    services: Mapping[str, Service]
    random: Random
    again: int = 0
    late: list[str] = field(default_factory=list)
    drain_seconds: float = DRAIN_SECONDS

    def part(self, name: str) -> Part:
        return self.services[name].part if name in self.services else self.stage.parts.started[name]

    def cuts_off_letters(self, name: str) -> None:
        """A fault of this part may cost letters their outcome: those in hand may go again."""
        self.again += IN_HAND if name in HOLD_LETTERS else 0

    async def kill(self, name: str) -> None:
        self.journal.say(f"kill -9 {name}")
        self.cuts_off_letters(name)
        await asyncio.to_thread(self.part(name).kill)

    async def stop(self, name: str) -> None:
        self.journal.say(f"stop {name}")
        await asyncio.to_thread(self.part(name).stop)

    async def start(self, name: str) -> None:
        """As a supervisor does: again until it stays, for PostgreSQL's orphans may hold its memory for a moment."""
        began = time.monotonic()
        while True:
            try:
                await asyncio.to_thread(self.part(name).start)
            except DidNotStart:
                if time.monotonic() - began > START_SECONDS:
                    raise
            else:
                self.journal.say(f"{name} answers after {time.monotonic() - began:.1f} s")
                return

    def tell(self, name: str, **more: object) -> None:
        """What a service is told from its next start on."""
        part = self.part(name)
        told = {f"OTKLIK_{key.upper()}": str(value) for key, value in more.items()}
        part.program = replace(part.program, env={**part.program.env, **told})

    async def ask(self, query: str, *arguments: object) -> Any:
        """One row, or None while the database is away."""
        with suppress(*INFRASTRUCTURE_ERRORS):
            async with asyncio.timeout(START_SECONDS):
                db = await asyncpg.connect(self.database)
                try:
                    return await db.fetchrow(query, *arguments)
                finally:
                    await db.close(timeout=1)
        return None

    async def goes_on(self, after: str, *, within: float) -> None:
        """A message offered now passes every consumer; who does not take it in time is late."""
        began, offered = time.monotonic(), self.offering.begin_message()
        seconds: dict[str, float] = {}
        while len(seconds) < len(CONSUMERS) and time.monotonic() - began < DRAIN_SECONDS:
            found = await self.ask(SQL["progress"], offered.external_id)
            for name in CONSUMERS:
                if found is not None and found[name]:
                    seconds.setdefault(name, round(time.monotonic() - began, 2))
            await asyncio.sleep(ASK_SECONDS)
        self.journal.recovered(after, seconds)
        self.late += [f"{name} after {after}" for name in CONSUMERS if seconds.get(name, DRAIN_SECONDS) > within]

    async def reached(self, count: int, parts: Sequence[str]) -> Mapping[str, int | None]:
        """How much of a burst of so many each of these parts has."""
        found = await self.ask(burst.SQL["reached"], count, parts)
        return dict(found) if found is not None else {}

    async def finish(self, also: Sequence[Check] = ()) -> list[Check]:
        """Drain, look at everything, rebuild, verify, write the report; `also`: what the campaign has checked itself."""
        await self.offering.answered()
        began = time.monotonic()
        checks = await self.drained()
        self.journal.figures |= {"messages offered": len(self.offering.offered), "drained after s": round(time.monotonic() - began, 1)}
        checks += also
        checks.append(Check("every consumer goes on in time", not self.late, "; ".join(self.late) or "all", tuple(self.late)))
        refused = tuple(self.offering.refused)
        checks.append(Check("no door refused what it has to take", not refused, "; ".join(refused[:3]) or "none", refused))
        checks.append(await self.still_running())
        for arguments in (("rebuild", "intake"), ("rebuild", "history"), ("verify",)):
            checks.append(await self.command(*arguments))
        self.journal.figures |= {"letters": self.sink.letters, "load average of the last minute": round(load_average(), 1)}
        self.journal.write(checks)
        return checks

    async def drained(self) -> list[Check]:
        """The checks once all of them hold, or when the time for it is over."""
        until = time.monotonic() + self.drain_seconds
        db = await asyncpg.connect(self.database)
        try:
            while True:
                checks = [] if any(await left(db)) else await self.checked(db)
                if (checks and all(each.held for each in checks)) or time.monotonic() > until:
                    return checks or await self.checked(db)
                await asyncio.sleep(1)
        finally:
            await db.close()

    async def checked(self, db: "asyncpg.Connection[Any]") -> list[Check]:
        return check(await gathered(db, self.offering.offered, self.sink.arrived), again=self.again)

    async def still_running(self) -> Check:
        """What nobody killed has not ended by itself."""
        ended = [name for name in (*SERVICES, *STORES) if (process := self.part(name).process) is None or process.poll() is not None]
        return Check("nothing ended by itself", not ended, ", ".join(ended) or "all run", tuple(ended))

    async def command(self, *arguments: str) -> Check:
        """`otklik …` against this database, as an operator runs it."""
        service = arguments[1] if len(arguments) > 1 else "history"
        told = self.stage.environment(service, self.database, service, admin_dsn=self.database, http_port=0, smtp_port=1)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", *arguments),
            cwd=ROOT,
            env=os.environ | told,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, failed = await process.communicate()
        told_last = (said or failed).decode("utf-8", "replace").strip().splitlines()[-3:]
        return Check(f"otklik {' '.join(arguments)}", process.returncode == 0, " | ".join(told_last))


def seed() -> int:
    return int(os.environ.get("SEED") or SystemRandom().randrange(1_000_000))


def asked_for(name: str, otherwise: int) -> int:
    """A number that `make faults NAME=…` gives."""
    return int(os.environ.get(name) or otherwise)


Prepare = Callable[[Stage, SmtpSink, AsyncExitStack], Awaitable[Mapping[str, Told]]]


@asynccontextmanager
async def town(
    campaign: str, prepare: Prepare | None = None, *, told: Mapping[str, Told] | None = None, module: str | None = None
) -> AsyncIterator[Town]:
    """All services from ready to cleanly stopped. `told`, or `prepare`, which may change the parts, says what more they are told."""
    directory = places({}).state / "faults" / f"{campaign}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    journal = Journal(campaign, seed(), directory)
    with embedded(directory, without=["mail"]) as parts:
        stage = Stage(parts)
        async with AsyncExitStack() as stack:
            journal.say(f"{campaign} from seed {journal.seed}")
            sink = await stack.enter_async_context(SmtpSink())
            more = await prepare(stage, sink, stack) if prepare else told or {}
            await stage.prepare()
            database = await stage.new_database()
            services = {}
            for name in SERVICES:
                environment = stage.environment(name, database, name, **{**told_to(name, sink), **more.get(name, {})})
                started = stage.process(name, module or f"services.{name}.main", environment)
                services[name] = await stack.enter_async_context(started)
            offering = await stack.enter_async_context(Offering(stage, services["intake"].port))
            journal.say("the town stands")
            yield Town(stage, database, sink, journal, offering, services, Random(journal.seed))
    await asyncio.to_thread(shutil.rmtree, directory / "kafka", ignore_errors=True)


def told_to(name: str, sink: SmtpSink) -> Told:
    """What only this campaign can know."""
    return {"smtp_port": sink.port} if name == "notifier" else {}


@asynccontextmanager
async def under_load(of: Town, rate: float) -> AsyncIterator[None]:
    """So many messages a second at each door while the block runs."""
    over = asyncio.Event()
    load = asyncio.create_task(of.offering.steadily(rate, over))
    try:
        yield
    finally:
        over.set()
        of.journal.say("the load ends")
        await load


def broken(checks: list[Check], directory: Path) -> str:
    """What a red campaign says; empty when all held."""
    wrong = [f"{each.what}: {each.says}" for each in checks if not each.held]
    return "\n".join([*wrong, f"see {directory}/report.txt"]) if wrong else ""
