"""Programs are started in order, started again when they end, and stopped in reverse; what a killed supervisor left is found."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local import control
from local.logs import Screen
from local.places import Places
from local.program import Program
from local.supervisor import DidNotStart, State, Supervisor, born, record_file

WRITES_AND_WAITS = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('up'); time.sleep(60)"
ENDS_ORDERLY = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[2]).open("a").write(sys.argv[3] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("up")
time.sleep(60)
"""


def program(name: str, flag: Path, code: str = WRITES_AND_WAITS, *arguments: str, seconds: float = 20.0) -> Program:
    return Program(name, (sys.executable, "-c", code, str(flag), *arguments), flag.exists, start_seconds=seconds, stop_seconds=5.0)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "state")


@pytest.fixture
async def supervisor(places: Places) -> AsyncIterator[Supervisor]:
    made = Supervisor(places, Screen(places))
    yield made
    await made.stop()


async def test_a_program_is_ready_when_it_answers(supervisor: Supervisor, tmp_path: Path) -> None:
    assert await supervisor.start([program("a", tmp_path / "a")]) == []
    assert [watched.state for watched in supervisor.all()] == [State.READY]
    assert (tmp_path / "state" / "logs" / "a.log").exists()


async def test_a_program_that_ended_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start([program("a", tmp_path / "a")])
    watched = supervisor.all()[0]
    assert watched.process is not None
    first = watched.process.pid
    watched.process.kill()
    async with asyncio.timeout(10):
        while watched.starts < 2 or watched.state is not State.READY:
            await asyncio.sleep(0.05)
    assert watched.process.pid != first


async def test_one_that_never_answers_is_reported_with_its_log_and_the_others_run(supervisor: Supervisor, tmp_path: Path) -> None:
    silent = program("silent", tmp_path / "never", "print('my reason')", seconds=1.5)
    failed = await supervisor.start([silent, program("fine", tmp_path / "fine")])
    assert [type(failure) for failure in failed] == [DidNotStart]
    assert "silent does not answer" in str(failed[0])
    assert "my reason" in str(failed[0])
    assert supervisor.all()[1].state is State.READY


async def test_the_last_started_is_stopped_first(supervisor: Supervisor, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    for name in ("first", "second"):
        await supervisor.start([program(name, tmp_path / name, ENDS_ORDERLY, str(ends), name)])
    await supervisor.stop()
    assert ends.read_text().split() == ["second", "first"]


async def test_one_that_does_not_listen_is_killed_in_the_end(places: Places, tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WRITES_AND_WAITS
    supervisor = Supervisor(places, Screen(places))
    command = (sys.executable, "-c", deaf, str(tmp_path / "deaf"))
    await supervisor.start([Program("deaf", command, (tmp_path / "deaf").exists, stop_seconds=0.3)])
    process = supervisor.all()[0].process
    await supervisor.stop()
    assert process is not None
    assert process.returncode == -signal.SIGKILL


async def test_for_the_impatient_everything_is_killed_and_nothing_starts_again(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await supervisor.start([program("a", tmp_path / "a")])
    watched = supervisor.all()[0]
    supervisor.kill()
    assert watched.task is not None
    await asyncio.wait_for(watched.task, 10)
    assert (watched.starts, "starts again" in capsys.readouterr().out) == (1, False)


async def test_status_asks_on_the_ports_of_the_start_and_tells_by_its_code_that_something_is_not_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(Places(tmp_path, port_offset=20_000), Screen(Places(tmp_path)))
    await supervisor.start([program("mail", tmp_path / "mail")])  # it runs, and on its port nobody answers
    code = control.status(Places(tmp_path))
    await supervisor.stop()
    shown = capsys.readouterr().out
    assert (code, "port 28025" in shown, "NOT LIVE, NOT READY" in shown) == (1, True, True), shown


async def test_what_runs_is_on_record(supervisor: Supervisor, places: Places, tmp_path: Path) -> None:
    await supervisor.start([program("a", tmp_path / "a")])
    record = control.read(places)
    assert record.running
    assert [(each.name, each.state, each.alive) for each in record.programs] == [("a", "ready", True)]
    assert record.left_over == []


def test_what_a_killed_supervisor_left_is_stopped(places: Places) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    facts = {
        "name": "orphan",
        "state": "ready",
        "pid": orphan.pid,
        "born": born(orphan.pid),
        "starts": 1,
        "stop_signal": 15,
        "stop_seconds": 5.0,
    }
    places.run.mkdir(parents=True)
    record_file(places).write_text(json.dumps({"supervisor": 2**22 + 1, "born": 1.0, "programs": [facts]}))
    control.stop_left_over(places)
    assert orphan.wait(5) == -signal.SIGTERM


def test_a_number_that_came_round_again_is_left_alone(places: Places) -> None:
    facts = {"name": "other", "state": "ready", "pid": os.getpid(), "born": 1.0, "starts": 1, "stop_signal": 15, "stop_seconds": 5.0}
    places.run.mkdir(parents=True)
    record_file(places).write_text(json.dumps({"supervisor": os.getpid(), "born": 1.0, "programs": [facts]}))
    record = control.read(places)
    assert not record.running
    assert record.left_over == []
