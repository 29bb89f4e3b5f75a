"""The table of all processes of the tree: what is started when its `main.py` is there, and told what. They need no order among themselves.

docker-compose.yml says the same for containers; tests/architecture/test_compose.py compares the two with each process's settings.
"""

from __future__ import annotations

import contextlib
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from local import keys
from local.places import ROOT, Places
from local.program import Program

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy that the environment names
AUTHORITY = ROOT / "local" / "authority.toml"
EMPTY_AUTHORITY = ROOT / "local" / "authority-empty.toml"


@dataclass(frozen=True)
class Process:
    """A service or a frontend; `told` names the variables beyond what all of its kind get."""

    name: str
    kind: str  # the folder: services or frontends
    told: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"{self.kind}.{self.name}.main"

    @property
    def exists(self) -> bool:
        return (ROOT / self.kind / self.name / "main.py").is_file()

    @property
    def is_service(self) -> bool:
        return self.kind == "services"


TABLE = (
    Process(
        "intake",
        "services",
        told=(
            *("OTKLIK_FRONTEND_KEYS_FILE", "OTKLIK_OBJECTS", "OTKLIK_HAND_OVER", "OTKLIK_SITE_URL", "OTKLIK_HISTORY_URL"),
            *("OTKLIK_DEMO", keys.SETUP_CODE, keys.STAFF_PRIVATE_KEY),
        ),
    ),
    Process(
        "history",
        "services",
        told=("OTKLIK_HEAD_SIGNING_KEY", "OTKLIK_HEADS_FILE", "OTKLIK_DESK_URL", "OTKLIK_OBJECTS", "OTKLIK_HAND_OVER"),
    ),
    Process("notifier", "services", told=("OTKLIK_SMTP_HOST", "OTKLIK_SMTP_PORT", "OTKLIK_MAIL_FROM", "OTKLIK_SITE_URL")),
    Process("site", "frontends", told=("OTKLIK_SITE_URL", "OTKLIK_INTAKE_URL", "OTKLIK_FRONTEND_KEY", "OTKLIK_DEMO")),
)


@dataclass(frozen=True)
class Surroundings:
    """What the processes of one start share."""

    places: Places
    secrets: Mapping[str, str]
    admin_dsn: str
    kafka_bootstrap: str
    demo: bool


def existing() -> list[Process]:
    return [process for process in TABLE if process.exists]


def services() -> list[str]:
    """Also those that have no main.py yet: their database roles are prepared all the same."""
    return [process.name for process in TABLE if process.is_service]


def frontends() -> list[str]:
    return [process.name for process in TABLE if not process.is_service]


def role_dsn(admin_dsn: str, role: str, password: str) -> str:
    """The same server and database, entered as another role."""
    parts = urlsplit(admin_dsn)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}"))


def authority_of(around: Surroundings) -> Path:
    """The invented one in a demonstration; an empty installation invents nothing, its people say who they are."""
    return AUTHORITY if around.demo else EMPTY_AUTHORITY


def environment(process: Process, around: Surroundings) -> dict[str, str]:
    """Everything this process is told."""
    known = {
        "OTKLIK_FRONTEND_KEYS_FILE": str(around.places.frontend_keys),
        keys.STAFF_PRIVATE_KEY: around.secrets[keys.STAFF_PRIVATE_KEY],
        "OTKLIK_HEAD_SIGNING_KEY": around.secrets.get(keys.HEAD_SIGNING_KEY, ""),
        "OTKLIK_HEADS_FILE": str(around.places.heads),
        "OTKLIK_SETUP_CODE": around.secrets.get(keys.SETUP_CODE, ""),
        "OTKLIK_OBJECTS": str(around.places.copies if process.name == "history" else around.places.objects),
        "OTKLIK_HAND_OVER": str(around.places.hand_over),
        "OTKLIK_SMTP_HOST": "127.0.0.1",
        "OTKLIK_SMTP_PORT": str(around.places.port("smtp")),
        "OTKLIK_MAIL_FROM": "otklik@example.org",
        "OTKLIK_SITE_URL": address("site", around.places),
        "OTKLIK_INTAKE_URL": address("intake", around.places),
        "OTKLIK_DESK_URL": address("intake", around.places),
        "OTKLIK_HISTORY_URL": address("history", around.places),
        "OTKLIK_FRONTEND_KEY": around.secrets.get(keys.frontend_key_of(process.name), ""),
        "OTKLIK_DEMO": "true" if around.demo else "false",
    }
    told = {name: known[name] for name in process.told}
    told |= {
        "OTKLIK_AUTHORITY_FILE": str(authority_of(around)),
        "OTKLIK_HTTP_HOST": "127.0.0.1",
        "OTKLIK_HTTP_PORT": str(around.places.port(process.name)),
    }
    return told | stores(process, around) if process.is_service else told


def stores(process: Process, around: Surroundings) -> dict[str, str]:
    """What services are told and frontends are not."""
    return {
        "OTKLIK_POSTGRES_DSN": role_dsn(around.admin_dsn, process.name, around.secrets[keys.password_of(process.name)]),
        "OTKLIK_KAFKA_BOOTSTRAP": around.kafka_bootstrap,
        "OTKLIK_MASTER_KEY": around.secrets[keys.master_key_of(process.name)],
        "OTKLIK_STAFF_PUBLIC_KEY": around.secrets[keys.STAFF_PUBLIC_KEY],
        "OTKLIK_DISK_PATH": str(around.places.state),
    }


def administration(around: Surroundings) -> dict[str, str]:
    """What `python -m cli` is told."""
    passwords = {keys.password_of(name): around.secrets[keys.password_of(name)] for name in services()}
    return passwords | {
        "OTKLIK_ADMIN_DSN": around.admin_dsn,
        "OTKLIK_KAFKA_FRONTENDS": frontends_bootstrap(around),
        "OTKLIK_DEMO": "true" if around.demo else "false",
        "OTKLIK_KAFKA_BOOTSTRAP": around.kafka_bootstrap,
        "OTKLIK_AUTHORITY_FILE": str(authority_of(around)),
        "OTKLIK_FRONTEND_KEYS_FILE": str(around.places.frontend_keys),
        "OTKLIK_OBJECTS": str(around.places.objects),
        "OTKLIK_HISTORY_OBJECTS": str(around.places.copies),
        keys.STAFF_PRIVATE_KEY: around.secrets[keys.STAFF_PRIVATE_KEY],
        keys.STAFF_PUBLIC_KEY: around.secrets[keys.STAFF_PUBLIC_KEY],
    }


def frontends_bootstrap(around: Surroundings) -> str:
    """Where foreign frontends enter Kafka; empty when it is not ours."""
    places = around.places
    ours = around.kafka_bootstrap == f"127.0.0.1:{places.port('kafka')}"
    return f"127.0.0.1:{places.port('kafka-frontends')}" if ours else ""


def program(process: Process, around: Surroundings) -> Program:
    health = f"{address(process.name, around.places)}/health/ready"
    return Program(
        name=process.name,
        argv=(sys.executable, "-m", process.module),
        answers=lambda: healthy(health),
        env=environment(process, around),
        stop_seconds=30.0,
    )


def mail_catcher(smtp_port: int, http_port: int) -> Program:
    told = {"OTKLIK_SMTP_PORT": str(smtp_port), "OTKLIK_HTTP_PORT": str(http_port), "OTKLIK_HTTP_HOST": "127.0.0.1"}
    return Program(
        name="mail",
        argv=(sys.executable, "-m", "local.mail"),
        answers=lambda: healthy(f"http://127.0.0.1:{http_port}/health/ready"),
        env=told,
        talkative=True,
    )


def address(name: str, places: Places) -> str:
    return f"http://127.0.0.1:{places.port(name)}"


def healthy(url: str) -> bool:
    """Whether it says it is ready; a 503, like no answer at all, says not yet."""
    with contextlib.suppress(OSError), DIRECTLY.open(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False
