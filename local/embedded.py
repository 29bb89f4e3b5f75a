"""A real Kafka, PostgreSQL and mail catcher for tests: on free ports, in a directory of their own, each to be stopped and started again.

with embedded(directory) as parts:
    parts.admin_dsn, parts.kafka_bootstrap, parts.frontends_bootstrap, parts.smtp_port, parts.mail_url
    parts.kafka.stop(); parts.kafka.start()
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local import jars, java
from local.kafka import Kafka
from local.leash import Leash, leash
from local.postgres import Postgres
from local.processes import mail_catcher
from local.program import Program, other_user, spawn

NO_EPHEMERAL_PORTS = range(12_000, 32_000)  # Linux gives outgoing connections theirs from 32,768 on (ip_local_port_range)


class DidNotStart(Exception):
    """A part ended or stayed silent instead of answering; the text holds the end of its log."""


class Part:
    """One running program whose end the test decides."""

    def __init__(self, program: Program, log: Path, held: Leash) -> None:
        self.program = program
        self.log = log
        self.held = held
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = launch(self.program, log)
        self.held.hold(self.process.pid)
        deadline = time.monotonic() + self.program.start_seconds
        while not self.program.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise DidNotStart(f"{self.program.name}: {self.log.read_text('utf-8', 'replace')[-4000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it cleanly, as an operator would."""
        self.end(self.program.stop_signal)

    def kill(self) -> None:
        """End it at once with everything it started, as a power cut would."""
        self.end(signal.SIGKILL)

    def freeze(self) -> None:
        """It keeps its connections and says nothing more, until `thaw`."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            target = os.killpg if number is signal.SIGKILL else os.kill
            target(self.process.pid, number)
        try:
            self.process.wait(self.program.stop_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(self.program.stop_seconds)
        self.process = None


@dataclass(frozen=True)
class Parts:
    """What a test needs to know; a part that was not asked for raises when touched."""

    directory: Path
    started: dict[str, Part]
    admin_dsn: str
    kafka_bootstrap: str
    frontends_bootstrap: str
    smtp_port: int
    mail_url: str

    @property
    def postgres(self) -> Part:
        return self.started["postgres"]

    @property
    def kafka(self) -> Part:
        return self.started["kafka"]

    @property
    def mail(self) -> Part:
        return self.started["mail"]


def launch(program: Program, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(program.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **spawn(program))


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, and that no outgoing connection is given before we do.

    All are held until all are known, so that they differ.
    """
    free: list[int] = []
    with ExitStack() as held:
        for port in random.sample(NO_EPHEMERAL_PORTS, len(NO_EPHEMERAL_PORTS)):
            if len(free) == count:
                break
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                free.append(port)
    return free


@contextmanager
def embedded(directory: Path, *, without: Collection[str] = (), durable: bool = False) -> Iterator[Parts]:
    """Start the parts side by side, hand them over, stop them at the end.

    `without` leaves out some of "postgres", "kafka" and "mail"; `durable` puts PostgreSQL's fsync on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    database_port, broker_port, frontends_port, controller_port, smtp_port, mail_port = free_ports(6)
    with ExitStack() as stop:
        place = stop.enter_context(passable(directory)) / "postgres"
        held = stop.enter_context(leash())
        database = Postgres(place, database_port, secrets.token_urlsafe(24), durable=durable)
        broker_ports = broker_port, frontends_port, controller_port
        makers: dict[str, Callable[[], Part]] = {
            "postgres": lambda: start_postgres(database, directory, held),
            "kafka": lambda: start_kafka(Kafka(directory / "kafka", *broker_ports, java.find()), directory, held),
            "mail": lambda: start(mail_catcher(smtp_port, mail_port), directory, held),
        }
        started = start_all({name: make for name, make in makers.items() if name not in without}, stop)
        kafka, frontends = (f"127.0.0.1:{port}" for port in (broker_port, frontends_port))
        yield Parts(directory, started, database.admin_dsn, kafka, frontends, smtp_port, f"http://127.0.0.1:{mail_port}")


@contextmanager
def passable(directory: Path) -> Iterator[Path]:
    """The directory itself; for root, whose PostgreSQL runs as another user, one that nobody closes again (pytest closes its own)."""
    if other_user() is None:
        yield directory
    else:
        with tempfile.TemporaryDirectory(prefix="otklik-", ignore_cleanup_errors=True) as other:
            yield Path(other)


def start_all(makers: dict[str, Callable[[], Part]], stop: ExitStack) -> dict[str, Part]:
    """What did start is stopped in the end, also when something else did not."""
    with ThreadPoolExecutor() as pool:
        starting = {name: pool.submit(make) for name, make in makers.items()}
    for part in starting.values():
        if part.exception() is None:
            stop.callback(part.result().stop)
    return {name: part.result() for name, part in starting.items()}


def start(program: Program, directory: Path, held: Leash) -> Part:
    part = Part(program, directory / f"{program.name}.log", held)
    part.start()
    return part


def start_postgres(server: Postgres, directory: Path, held: Leash) -> Part:
    server.prepare()
    part = start(server.program(), directory, held)
    server.make_database()
    return part


def start_kafka(broker: Kafka, directory: Path, held: Leash) -> Part:
    jars.ensure()
    broker.prepare()
    return start(broker.program(), directory, held)
