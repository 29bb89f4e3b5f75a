"""Where things lie, and how that is changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import __main__ as entry
from local import commands, control
from local.places import PORTS, ROOT, Places, places


def test_the_usual_place_is_the_project_itself() -> None:
    here = places({})
    assert here.state == ROOT / ".local"
    assert {name: here.port(name) for name in PORTS} == PORTS


def test_another_state_directory_and_other_ports_live_beside_it(tmp_path: Path) -> None:
    here = places({"OTKLIK_STATE": str(tmp_path), "OTKLIK_PORT_OFFSET": "1000"})
    assert here.state == tmp_path
    assert here.port("site") == 9080
    assert all(path.is_relative_to(tmp_path) for path in (here.logs, here.run, here.secrets, here.frontend_keys, here.lock))


def test_no_two_parts_want_the_same_port() -> None:
    assert len(set(PORTS.values())) == len(PORTS)


def test_a_python_that_is_too_old_is_told_so_in_words() -> None:
    assert entry.too_old().startswith("Python 3.11 or newer is needed, this is 3.")


def test_the_first_file_has_nothing_that_an_old_python_cannot_read() -> None:
    compile(Path(entry.__file__).read_text("utf-8"), "local/__main__.py", "exec", dont_inherit=True)
    assert 'f"' not in Path(entry.__file__).read_text("utf-8")


def test_before_packages_are_there_only_the_standard_library_is_used() -> None:
    """The bootstrap runs on the system's Python, where nothing is installed."""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "from local import commands; import sys; print(sorted(set(sys.modules) & {'psutil', 'fastapi', 'cryptography', 'jgo'}))",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_nothing_is_erased_without_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here = Places(tmp_path / "state")
    (here.state / "postgres").mkdir(parents=True)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert control.fresh(here, sure=False) == 1
    assert (here.state / "postgres").exists()
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert control.fresh(here, sure=False) == 0
    assert list(here.state.iterdir()) == []
    assert "kept" not in capsys.readouterr().out


@pytest.mark.parametrize("path", [ROOT, Path.home(), Path("/")])
def test_some_folders_are_never_erased(path: Path) -> None:
    with pytest.raises(ValueError, match="will not erase"):
        control.erase(path)


def test_every_command_of_the_makefile_is_known() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command in ("up", "down", "status", "logs", "doctor", "fresh", "test"):
        assert f"$(LOCAL) {command}" in makefile
        assert commands.parser().parse_args([command]).command == command


@pytest.mark.parametrize("said", ["abc", "-1", "1.5", "70000", "56343"])
def test_an_offset_that_leaves_no_ports_is_told_in_a_sentence(said: str) -> None:
    environment = {**os.environ, "OTKLIK_PORT_OFFSET": said}
    done = subprocess.run([sys.executable, "-m", "local", "status"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"OTKLIK_PORT_OFFSET={said} is wrong: a whole number from 0 to 56342" in done.stdout


def test_a_reader_who_has_seen_enough_causes_no_traceback(tmp_path: Path) -> None:
    command = f"{sys.executable} -m local.inside status | true"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, env={**os.environ, "OTKLIK_STATE": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
