"""The import contracts of .importlinter hold, and each of them catches what it is for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("libs", "services", "frontends", "cli", "local", "bench", "simulators")
LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))"


def lint(root: Path) -> tuple[int, str]:
    """Exit code and report of the import contracts of a tree."""
    environment = {**os.environ, "PYTHONPATH": str(root), "COLUMNS": "400", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", LINT], cwd=root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def broken(report: str) -> list[str]:
    """Names of the broken contracts."""
    return [line.removesuffix("BROKEN").strip() for line in report.splitlines() if line.rstrip().endswith("BROKEN")]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree's Python files and contracts, to be spoiled."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            target = tmp_path / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return tmp_path


@pytest.mark.requirement("R-24", "D-2")
def test_nobody_imports_what_lies_above_or_beside_them() -> None:
    code, report = lint(ROOT)
    assert code == 0, report


@pytest.mark.requirement("R-24", "D-2")
@pytest.mark.parametrize(
    ("path", "line", "contract"),
    [
        ("services/intake/handlers.py", "import services.history", "Services talk by events"),
        ("services/notifier/domain.py", "import services.notifier.handlers", "One skeleton"),
        ("services/intake/store.py", "import services.intake.consumers", "One skeleton"),
        ("services/intake/api.py", "import services.intake.consumers", "One skeleton"),
        ("services/history/helpers.py", "", "One skeleton"),
        ("libs/chassis/ops/clock.py", "import services.intake", "Roots stand above services"),
        ("services/intake/handlers.py", "import cli", "Roots stand above services"),
        ("services/intake/handlers.py", "import frontends.site", "Roots stand above services"),
        ("libs/events/topics.py", "import libs.chassis.ops", "The contracts in libs/events"),
        ("libs/chassis/ops/clock.py", "import libs.chassis.store", "In the chassis"),
        ("libs/chassis/store/__init__.py", "import libs.chassis.bus", "In the chassis"),
        ("libs/chassis/access/__init__.py", "import libs.chassis.store", "In the chassis"),
        ("libs/chassis/bus/__init__.py", "import libs.chassis.access", "Bus and access"),
        ("frontends/site/__init__.py", "import libs.chassis.store", "A frontend keeps nothing"),
        ("frontends/site/__init__.py", "import services.intake", "A frontend keeps nothing"),
        ("libs/events/fact.py", "import asyncpg", "Contracts are pure"),
        ("services/intake/domain/request.py", "import fastapi", "Rules are pure"),
        ("services/intake/domain/request.py", "import libs.chassis.store", "Rules are pure"),
    ],
)
def test_an_import_in_the_wrong_direction_breaks_the_contract_that_says_what_to_do(copy: Path, path: str, line: str, contract: str) -> None:
    spoiled = copy / path
    assert spoiled.exists() or not line, f"{path} is gone: choose another file to spoil"
    with spoiled.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, report = lint(copy)
    assert code != 0
    assert any(name.startswith(contract) for name in broken(report)), report
