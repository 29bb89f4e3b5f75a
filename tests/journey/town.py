"""The whole town: every service and the site as real processes on the test's Kafka, PostgreSQL and mail catcher."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from local.embedded import Part, free_ports
from local.processes import healthy
from local.program import Program
from tests.stack import AUTHORITY_FILE, Database

SERVICES = ("intake", "history", "notifier")


@dataclass
class Town:
    """Addresses of the processes, and the processes themselves to be stopped and started again."""

    database: Database
    ports: dict[str, int]
    parts: dict[str, Part] = field(default_factory=dict)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    async def letters(self, to: str) -> list[dict[str, str]]:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{self.database.stack.parts.mail_url}/api/letters", params={"to": to})
            return list(answer.json())

    def logs(self) -> str:
        return "\n".join(part.log.read_text("utf-8", "replace") for part in self.parts.values())


@contextmanager
def town(
    database: Database, directory: Path, otlp_endpoint: str | None = None, more: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Town]:
    """Start everything that the tree has, wait until it is ready, stop it at the end; `more` are variables for some of them."""
    names = [*SERVICES, "site"]
    made = Town(database, dict(zip(names, free_ports(len(names)), strict=True)))
    with ExitStack() as stop:
        for name in names:
            program = Program(
                name=name,
                argv=(sys.executable, "-m", f"{'frontends' if name == 'site' else 'services'}.{name}.main"),
                answers=partial(healthy, f"{made.url(name)}/health/ready"),
                env=_environment(made, name)
                | ({"OTKLIK_OTLP_ENDPOINT": otlp_endpoint} if otlp_endpoint else {})
                | dict((more or {}).get(name, {})),
            )
            made.parts[name] = Part(program, directory / f"{name}.log", database.stack.parts.kafka.held)
            made.parts[name].start()
            stop.callback(made.parts[name].stop)
        yield made


def _environment(made: Town, name: str) -> dict[str, str]:
    stack = made.database.stack
    if name == "site":
        told: dict[str, object] = {
            "AUTHORITY_FILE": AUTHORITY_FILE,
            "SITE_URL": made.url("site"),
            "INTAKE_URL": made.url("intake"),
            "FRONTEND_KEY": stack.frontend_keys["site"],
            "HTTP_PORT": made.ports["site"],
        }
        return {f"OTKLIK_{key}": str(value) for key, value in told.items()}
    return made.database.environment(
        name,
        http_port=made.ports[name],
        smtp_host="127.0.0.1",
        smtp_port=stack.parts.smtp_port,
        mail_from="otklik@example.org",
        site_url=made.url("site"),
    )
