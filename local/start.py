"""One start, step by step, from whatever is there to processes that answer. Every step is safe to repeat."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Iterable, Mapping

from local import clean_stop, installation, jars, java, keys, packages, processes
from local.console import done, elapsed, fail, step, warn
from local.kafka import Kafka
from local.logs import tail
from local.places import ROOT, Places
from local.postgres import Postgres
from local.processes import Surroundings
from local.program import Program
from local.supervisor import Supervisor

PUBLISHERS = ("intake", "notifier")  # those of `otklik republish`


class NotStarted(Exception):
    """Something without which nothing else makes sense; the text says what and where to look."""


class Start:
    """One start, step by step; `environ` brings DATABASE_URL and KAFKA_BOOTSTRAP."""

    def __init__(self, places: Places, environ: Mapping[str, str], supervisor: Supervisor) -> None:
        self.places = places
        self.environ = environ
        self.supervisor = supervisor
        self.demo = installation.is_demo(places)
        self.secrets = keys.ensure(places, processes.services(), processes.frontends(), demo=self.demo)
        self.postgres: Postgres | None = None
        self.kafka: Kafka | None = None
        self.made_good = False

    @property
    def around(self) -> Surroundings:
        return Surroundings(
            places=self.places,
            secrets=self.secrets,
            admin_dsn=self.postgres.admin_dsn if self.postgres else self.environ["DATABASE_URL"],
            kafka_bootstrap=self.kafka.bootstrap if self.kafka else self.environ["KAFKA_BOOTSTRAP"],
            demo=self.demo,
        )

    async def all(self) -> bool:
        """Answers whether every process is ready."""
        self.arrange()
        await together((self.start_frontends(), self.start_mail(), self.start_postgres(), self.start_kafka()))
        await self.make_good()
        _, all_ready = await asyncio.gather(self.open_accounts(), self.start_services())
        return all_ready

    def arrange(self) -> None:
        """Decide which of the stores are ours."""
        if not self.environ.get("DATABASE_URL"):
            password = self.secrets[keys.ADMIN_PASSWORD]
            self.postgres = Postgres(self.places.state / "postgres", self.places.port("postgres"), password)
        if not self.environ.get("KAFKA_BOOTSTRAP"):
            port = self.places.port
            self.kafka = Kafka(self.places.state / "kafka", port("kafka"), port("kafka-frontends"), port("kafka-controller"), java.find())

    async def start_frontends(self) -> None:
        """They need nothing of ours to start: the pages say so while intake is not there yet."""
        await asyncio.to_thread(packages.assets)
        for process in processes.existing():
            if not process.is_service:
                await self.must_start(processes.program(process, self.around))

    async def start_mail(self) -> None:
        await self.must_start(processes.mail_catcher(self.places.port("smtp"), self.places.port("mail")))

    async def start_postgres(self) -> None:
        await self.start_database()
        await self.administer(("database", "prepare"), processes.administration(self.around))

    async def start_database(self) -> None:
        """Our own server, if it is ours, with nothing in it that is not there already."""
        server = self.postgres
        if server is not None:
            opened = await asyncio.to_thread(server.prepare)
            if opened:
                warn(f"PostgreSQL refuses root, so it runs as another user, who may now pass through {', '.join(map(str, opened))}")
            await self.must_start(server.program())
            await asyncio.to_thread(server.make_database)

    async def start_kafka(self) -> None:
        broker = self.kafka
        if broker is not None:
            await asyncio.to_thread(jars.ensure)
            await asyncio.to_thread(broker.prepare)
            await self.must_start(broker.program())
        await self.administer(("topics", "apply"), processes.administration(self.around))

    async def make_good(self) -> None:
        """After an unclean stop, before any service sends: the last events wait to be sent again, consumers find where Kafka goes on."""
        names = [process.name for process in processes.existing() if process.is_service]
        again = ("--last-minutes", str(clean_stop.LAST_MINUTES))
        commands: list[tuple[str, tuple[str, ...]]] = [(name, ("republish", name, *again)) for name in names if name in PUBLISHERS]
        commands += [(name, ("topics", "resume", name)) for name in names]
        try:
            if clean_stop.was_unclean(self.places):
                warn(f"the last stop was not clean: events of its last {clean_stop.LAST_MINUTES} minutes are published again")
                await together(self.administer(arguments, self.told(name)) for name, arguments in commands)
            self.made_good = True
        except NotStarted as failure:
            fail(str(failure))
        clean_stop.begin(self.places)

    def told(self, name: str) -> dict[str, str]:
        """The variables of a service."""
        return processes.environment(next(process for process in processes.TABLE if process.name == name), self.around)

    async def must_start(self, program: Program) -> None:
        began = elapsed()
        for failure in await self.supervisor.start([program]):
            raise failure
        done(f"{program.name} answers ({elapsed() - began:.1f} s)")

    async def load_sample(self) -> None:
        """Once, in the demo mode: invented people and five years of their contacts."""
        if self.demo and not self.places.sample_loaded.exists():
            await self.administer(("demo", "load"), self.told("intake"))
            self.places.sample_loaded.touch()

    async def open_accounts(self) -> None:
        """Once, in the demo mode: one account for each way to work at the desk."""
        if not self.demo or self.places.accounts_opened.exists():
            return
        try:
            password = {keys.DEMO_PASSWORD: self.secrets[keys.DEMO_PASSWORD]}
            await self.administer(("demo", "accounts"), self.told("intake") | password)
            self.places.accounts_opened.touch()
        except NotStarted as failure:
            fail(str(failure))

    async def administer(self, arguments: tuple[str, ...], told: Mapping[str, str]) -> None:
        """Runs `python -m cli …`; its output goes to a log, and to the screen when it fails."""
        command, began = f"python -m cli {' '.join(arguments)}", elapsed()
        log = self.places.logs / f"{'-'.join(arguments)}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **told}
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "cli", *arguments), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
            try:
                code = await process.wait()
            finally:
                if process.returncode is None:  # Ctrl-C
                    process.kill()
        if code:
            raise NotStarted(f"{command} ended with {code}:\n{tail(log, 40)}")
        done(f"{command} ({elapsed() - began:.1f} s)")

    async def start_services(self) -> bool:
        around = self.around
        programs = [processes.program(process, around) for process in processes.existing() if process.is_service]
        with step(f"starting {', '.join(program.name for program in programs)}"):
            failures = await self.supervisor.start(programs)
        for failure in failures:
            fail(str(failure))
        return not failures


async def together(steps: Iterable[Awaitable[None]]) -> None:
    """Side by side, each to its end; then the first failure, if there was one."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
