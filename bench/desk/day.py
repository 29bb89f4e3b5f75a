"""A day at the desk: a register that is full, colleagues who work at it, messages that keep coming, and what is left in the evening."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import asyncpg
import orjson

from bench import checker, kafka_load, load, records, soak_checks
from bench.checker import Check
from bench.desk import alone, checks, letters, people
from bench.desk.browser import Browser
from bench.desk.evidence import found
from bench.desk.ledger import Ledger
from bench.desk.people import Colleague
from bench.desk.probing import Probed, probing
from bench.desk.work import Work
from bench.evidence import gathered, left, registered
from bench.measuring import cores_of
from bench.plan import WrongRun
from bench.stage import Stage
from bench.town import Town
from bench.waiting import until
from bench.watching import SAMPLE_SECONDS, watched
from libs.chassis.access.roles import Role
from libs.chassis.store.queries import queries
from local.places import ROOT

SQL = queries(__file__)
FRONTEND = "vk"
FILLED, AT_HTTP, AT_KAFKA = "fill", "http", "kafka"  # what the external ids begin with
PATIENCE_SECONDS = 3_600.0
SETTLE_SECONDS = 3_600.0
EXPORT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`rate` is of both doors together; `think` is the shortest pause before a click, the longest is twice as long."""

    minutes: float
    requests: int
    team: int
    rate: float
    think: float


@dataclass
class Day:
    stage: Stage
    ours: Town
    db: "asyncpg.Connection[Any]"
    plan: Plan
    setup_code: str
    group: str
    tell: Callable[[str], None]
    crowd: Ledger = field(default_factory=Ledger)
    alone: Ledger = field(default_factory=Ledger)
    team: list[Colleague] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    memory: Mapping[str, list[int]] = field(default_factory=dict)
    loop_alone: Probed = field(default_factory=Probed)
    loop: Probed = field(default_factory=Probed)
    cores: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)  # messages a second that each door really took

    async def run(self) -> list[Check]:
        async with AsyncExitStack() as browsers:
            stranger, _ = await asyncio.gather(self._joined(browsers), self._registered())
            await self._filled()
            async with probing(self._port) as self.loop_alone:
                self.costs = await alone.measured(stranger, self.alone, self.ours.services["intake"].pid)
            self.tell(f"{len(self.team)} colleagues for {self.plan.minutes:g} minutes, {self.plan.rate:g} messages/s")
            async with watched(self.ours.services, self.tell, self._news) as self.memory, probing(self._port) as self.loop:
                with cores_of(self.stage.pids(**self.ours.services) | {"colleagues": os.getpid()}) as cores:
                    await self._worked()
                self.cores = cores.busy
        await self._settled("what the day left")
        return await self._checks()

    @property
    def _port(self) -> int:
        return self.ours.services["intake"].port

    def _news(self) -> str:
        return f"{len(self.crowd.acts)} steps, {len(self.crowd.waits)} pages, {self.crowd.live} news"

    async def _joined(self, browsers: AsyncExitStack) -> Colleague:
        """The team, and one more who measures the pages alone."""

        async def browser(ledger: Ledger) -> Browser:
            return await browsers.enter_async_context(Browser(f"http://127.0.0.1:{self._port}", ledger))

        by = await browser(Ledger())
        await people.administrator(by, self.setup_code)
        for login, name, role, unit in people.planned(self.plan.team):
            self.team.append(await people.joined(by, await browser(self.crowd), login, name, role, unit))
        stranger = await people.joined(by, await browser(self.alone), "alone", "Наблюдатель Анна", Role.REGISTRAR, "office")
        self.crowd.waits.clear()  # entering was no work
        self.alone.waits.clear()
        return stranger

    async def _registered(self) -> None:
        count = self.plan.requests

        async def all_there() -> bool:
            return await registered(self.db) >= count

        made = records.at_door(FRONTEND, lambda number, at: letters.received(FILLED, number, at))
        await self.stage.fill(map(made, range(count)))
        self.sent += [f"{FRONTEND} {FILLED}-{number}" for number in range(count)]
        await until(all_there, PATIENCE_SECONDS, f"intake has not registered {count} requests", every=SAMPLE_SECONDS)
        self.tell(f"{count} requests are in the register")

    async def _filled(self) -> None:
        await self._sorted()
        self.tell("half of them are classified and with executors")
        await self._settled("what filled the register")
        self.tell("everybody was told, history has it all")

    async def _sorted(self) -> None:
        executors: dict[str, list[str]] = {}
        for one in self.team:
            if one.role is Role.EXECUTOR and one.unit:
                executors.setdefault(one.unit, []).append(one.account)
        environment = self.stage.environment("intake", self.ours.database, self.group, http_port=0)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.desk.sorting"),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate(orjson.dumps(executors))
        if process.returncode:
            raise WrongRun(f"the register was not sorted: {said.decode()[-2000:]}")

    async def _settled(self, what: str) -> None:
        """Outboxes, notices and the index of words have nothing left to do."""

        async def settled() -> bool:
            return not any(await left(self.db)) and not await self.db.fetchval(SQL["words_waiting"])

        await until(settled, SETTLE_SECONDS, f"{what} was not worked off", every=SAMPLE_SECONDS)

    async def _worked(self) -> None:
        seconds = self.plan.minutes * 60
        end = time.monotonic() + seconds
        works = [
            Work(one, self.crowd, Random(number), until=end, think=self.plan.think)  # noqa: S311 - to be repeated
            for number, one in enumerate(self.team)
        ]
        await asyncio.gather(self._at_http(seconds), self._at_kafka(seconds), self._taken_away(end), *(work.day() for work in works))

    async def _at_http(self, seconds: float) -> None:
        order = load.Order(port=self._port, key=self.stage.keys["site"], prefix=AT_HTTP, seconds=seconds, rate=self.plan.rate / 2)
        report = await load.send(order)
        if report.created != sum(report.answers.values()):
            raise WrongRun(f"the HTTP door answered by status {report.answers}")
        self.rates["http"] = round(report.rate, 1)
        self.sent += [f"site {AT_HTTP}-{number}" for number in range(report.created)]

    async def _at_kafka(self, seconds: float) -> None:
        made, began = records.at_door(FRONTEND, lambda number, at: letters.received(AT_KAFKA, number, at)), time.monotonic()
        count = await kafka_load.send(self.stage.parts.kafka_bootstrap, made, seconds=seconds, rate=self.plan.rate / 2)
        self.rates["kafka"] = round(count / (time.monotonic() - began), 1)
        self.sent += [f"{FRONTEND} {AT_KAFKA}-{number}" for number in range(count)]

    async def _taken_away(self, end: float) -> None:
        """The whole register as a file, each minute by one of them in the other form."""
        number = 0
        while time.monotonic() + EXPORT_SECONDS / 2 < end:
            await asyncio.sleep(EXPORT_SECONDS / 2 if number == 0 else EXPORT_SECONDS)
            who = self.team[number % len(self.team)]
            await alone.exported(who, self.crowd, alone.FILES[number % len(alone.FILES)])
            number += 1

    async def _checks(self) -> list[Check]:
        evidence = await gathered(self.db, [], {})
        numbered = replace(evidence, requests=[one for one in evidence.requests if one.number is not None])
        whole = min(self.crowd.exported, default=self.plan.requests)
        return [
            *checks.check(self.crowd, await found(self.db, [one.account for one in self.team]), self.sent),
            checker.numbers(numbered),
            checker.published(evidence),
            checker.positions(evidence),
            checker.order(evidence.entries),
            checker.nothing_left(evidence.left),
            Check("every file held the whole register", whole >= self.plan.requests, f"{whole} rows at least"),
            *(soak_checks.memory(name, samples) for name, samples in self.memory.items()),
        ]
