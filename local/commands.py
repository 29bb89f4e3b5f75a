"""The commands as the system's Python runs them: look first, make `.venv`, then go on inside it (`local.inside`)."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Mapping

from local import checks, packages
from local.console import begin, done, fail, say, warn
from local.places import BYTECODE, PYTHON, ROOT, Places, WrongOffset, places
from local.program import Failed

# Each third has a Kafka and a PostgreSQL of its own: on two cores one works while the others wait for something. In the order of the
# folders the short unit tests come last and all end together; by the number of tests in a file, as xdist would, the longest journeys
# would come last.
SIDE_BY_SIDE = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python3 -m local", description="Otklik on one machine")
    commands = arguments.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start everything; Ctrl-C stops it")
    commands.add_parser("doctor", help="look at this machine and say what is missing")
    commands.add_parser("status", help="what runs, and whether it is ready")
    commands.add_parser("down", help="stop what another terminal started")
    logs = commands.add_parser("logs", help="show the logs as they grow")
    logs.add_argument("name", nargs="?", help="of one process")
    fresh = commands.add_parser("fresh", help="erase all data, after asking")
    fresh.add_argument("--yes", action="store_true", help="do not ask")
    restore = commands.add_parser("restore", help="a backup into the empty stores of this machine")
    restore.add_argument("data", help="folder of the copy, or of copies")
    restore.add_argument("keys", help="folder of its keys")
    environment = commands.add_parser("environment", help="make .venv and fetch the browser assets, nothing else")
    environment.add_argument("--development", action="store_true", help="with the tools for tests and checks")
    test = commands.add_parser("test", help="make the environment, then run the tests")
    test.add_argument("arguments", nargs=argparse.REMAINDER, help="for pytest")
    return arguments


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    begin()
    asked = parser().parse_args(arguments)
    try:
        here = places(environ)
        match asked.command:
            case "doctor":
                return doctor(here, environ)
            case "environment":
                packages.ensure(development=asked.development)
                packages.assets(development=asked.development)
                return 0
            case "test":
                return test(asked.arguments)
            case "up":
                return up(here, environ, arguments)
            case "restore":
                packages.ensure()
                return inside(arguments)
            case _:
                return inside(arguments)
    except (Failed, WrongOffset) as failure:
        fail(str(failure))
        return 1
    except KeyboardInterrupt:
        warn("stopped; the next time it goes on from here")
        return 130


def doctor(here: Places, environ: Mapping[str, str]) -> int:
    found = checks.all_findings(here, environ, running=running(here))
    for finding in found:
        tell(finding)
    return 0 if all(finding.right for finding in found if finding.needed) else 1


def up(here: Places, environ: Mapping[str, str], arguments: list[str]) -> int:
    """On a new machine the ports are looked at before anything is fetched; later, `local.up` looks when leftovers are gone."""
    found = checks.before_start(here, environ) if not PYTHON.exists() else checks.machine()
    wrong = [finding for finding in found if not finding.right]
    for finding in wrong:
        tell(finding)
    if wrong:
        return 1
    packages.ensure()
    return inside(arguments)


def test(arguments: list[str]) -> int:
    packages.ensure(development=True)
    packages.assets(development=True)
    for finding in (checks.chromium_found(), checks.go_found()):
        if not finding.right:
            tell(finding)
    asked = [argument for argument in arguments if argument != "--"]
    return go_on("-m", "pytest", *(asked or SIDE_BY_SIDE))


def tell(finding: checks.Finding) -> None:
    if finding.right:
        done(finding.what)
    else:
        (fail if finding.needed else warn)(f"{finding.what}: {finding.advice}")


def running(here: Places) -> bool:
    """Whether a supervisor holds the state directory."""
    try:
        with here.lock.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def inside(arguments: list[str]) -> int:
    if not PYTHON.exists():
        say("nothing was started here yet: make up")
        return 1
    return go_on("-m", "local.inside", *arguments)


def go_on(*arguments: str) -> int:
    """The same process, now with the packages; it keeps what it compiles, for a start without takes 10 s longer."""
    sys.stdout.flush()
    os.chdir(ROOT)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    os.execve(PYTHON, [str(PYTHON), *arguments], {"PYTHONPYCACHEPREFIX": str(BYTECODE)} | kept)
