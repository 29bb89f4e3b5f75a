"""`make up` as a person uses it: everything answers, what ended starts again, `make down` stops all and keeps the data."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local import checks, clean_stop, control, keys, processes
from local.embedded import NO_EPHEMERAL_PORTS
from local.places import PORTS, ROOT, Places, places

PATIENCE_SECONDS = 120.0


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.2)


def free_offset() -> int:
    """One whose ports nobody is given for an outgoing connection while the parts start."""
    for offset in random.sample(range(NO_EPHEMERAL_PORTS.start, NO_EPHEMERAL_PORTS.stop - max(PORTS.values()), 100), 50):
        if all(finding.right for finding in checks.ports(Places(port_offset=offset), PORTS)):
            return offset
    raise AssertionError("no free ports")


class Terminal:
    """Somebody's terminal with `make up` in it, and a second one for the other commands."""

    def __init__(self, state: Path) -> None:
        self.environment = {
            **os.environ,
            "OTKLIK_STATE": str(state),
            "OTKLIK_PORT_OFFSET": str(free_offset()),
            "DEMO": "no",
            "NO_COLOR": "1",
        }
        self.here = places(self.environment)
        self.shown = state.parent / "shown.txt"
        self.up: subprocess.Popen[bytes] | None = None

    def make_up(self) -> None:
        with self.shown.open("wb") as shown:
            self.up = subprocess.Popen(
                self.command("up"), cwd=ROOT, env=self.environment, stdout=shown, stderr=shown, start_new_session=True
            )
        until(lambda: "Ctrl-C stops everything" in self.text() or self.ended(), "everything answers")
        assert "Otklik is ready" in self.text(), self.text()

    def ended(self) -> bool:
        return self.up is None or self.up.poll() is not None

    def text(self) -> str:
        return self.shown.read_text("utf-8")

    def run(self, *arguments: str) -> int:
        return subprocess.run(self.command(*arguments), cwd=ROOT, env=self.environment, capture_output=True, check=False).returncode

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "local", *arguments]

    def pid(self, name: str) -> int:
        return next(program.pid or 0 for program in control.read(self.here).programs if program.name == name)

    def close(self) -> None:
        self.run("down")
        if self.up is not None:
            self.up.wait(PATIENCE_SECONDS)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory(prefix="otklik-", ignore_cleanup_errors=True) as folder:  # pytest closes its own to other users
        made = Terminal(Path(folder) / "state")
        yield made
        made.close()


@pytest.mark.requirement("R-23", "D-28", "E-18", "E-1")
def test_up_down_and_up_again_after_a_kill(terminal: Terminal) -> None:
    assert terminal.run("status") == 1
    terminal.make_up()
    assert terminal.run("status") == 0
    for process in processes.existing():
        assert processes.healthy(f"{processes.address(process.name, terminal.here)}/health/live")
    secrets = keys.read(terminal.here.secrets)
    assert f"/desk/set-up with the code {keys.SETUP_CODE}" in terminal.text()
    form = {"code": secrets[keys.SETUP_CODE], "login": "first", "name": "Первая Администратор", "password": "правильная лошадь батарея"}
    set_up = httpx.post(f"{processes.address('intake', terminal.here)}/desk/set-up", data=form, trust_env=False)
    assert (set_up.status_code, set_up.headers["location"]) == (303, "/desk/settings")

    os.kill(terminal.pid("mail"), signal.SIGKILL)
    until(lambda: "mail ended with -9" in terminal.text() and terminal.run("status") == 0, "the mail catcher is there again")

    assert terminal.up is not None
    terminal.up.kill()
    terminal.up.wait(PATIENCE_SECONDS)
    left = control.read(terminal.here).left_over
    assert {program.name for program in left} >= {"postgres", "kafka", "mail"}

    del terminal.environment["DEMO"]  # forgotten: it stays a real installation
    terminal.make_up()
    assert "stopping what it left" in terminal.text()
    assert "the last stop was not clean" in terminal.text()
    for arguments in ("republish-intake", "republish-notifier", "topics-resume-history"):
        assert list(terminal.here.logs.glob(f"{arguments}*.log")), f"{arguments} ran"
    assert "a demonstration" not in terminal.text()
    assert not terminal.here.sample_loaded.exists()
    assert keys.read(terminal.here.secrets) == secrets
    running = control.read(terminal.here).programs
    assert terminal.run("down") == 0
    assert terminal.up.wait(PATIENCE_SECONDS) == 0
    assert not clean_stop.was_unclean(terminal.here)
    assert not any(program.alive for program in running)
    assert json.loads((terminal.here.run / "programs.json").read_text("utf-8"))["programs"] == []
