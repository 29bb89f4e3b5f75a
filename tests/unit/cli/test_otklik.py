"""`otklik …`, as messages and documents say it, is a command."""

import subprocess
from pathlib import Path

import pytest

from local.places import ROOT


@pytest.mark.requirement("R-23")
def test_the_command_line_works_from_any_folder_and_takes_its_own_code(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()  # somebody's own folder of that name
    (tmp_path / "cli" / "__init__.py").touch()
    (tmp_path / "cli" / "__main__.py").write_text("raise SystemExit('another one')")
    done = subprocess.run([ROOT / "otklik", "topics", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "otklik topics" in done.stdout) == (0, True), done.stderr
