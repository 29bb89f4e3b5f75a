"""A frontend needs libs/events alone: the package loads nothing else of ours, and no framework (D-23)."""

import subprocess
import sys

import pytest

from tests.stack import ROOT

ALLOWED = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection", "orjson", "libs"}
SCRIPT = """
import importlib, pkgutil, sys
before = set(sys.modules)
import libs.events
for module in pkgutil.walk_packages(libs.events.__path__, "libs.events."):
    importlib.import_module(module.name)
from libs.events.contracts import REGISTRY
from libs.events.envelope import decode
try:
    decode(b"{}")
except ValueError:
    pass
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.requirement("D-23", "D-12")
def test_the_contracts_are_loaded_without_anything_else_of_ours_and_without_a_framework() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert "libs.events.contracts.intake_requests" in loaded
    assert [name for name in loaded if name.startswith("libs.") and not name.startswith("libs.events")] == []
    outside = {name.split(".")[0] for name in loaded} - ALLOWED - set(sys.stdlib_module_names)
    assert {name for name in outside if not name.startswith("_")} == set()
