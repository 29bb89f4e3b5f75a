"""The room that is left on a disk, as a figure."""

import shutil
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from libs.chassis.ops.disk import Disks
from libs.chassis.ops.metrics import HaltedLoops


def figure(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


@pytest.mark.requirement("R-12")
def test_free_and_all_bytes_of_a_folders_disk_are_told(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(Disks([tmp_path]))
    free, size = (figure(registry, f"otklik_disk_{name}_bytes", path=str(tmp_path)) for name in ("free", "size"))
    assert size == shutil.disk_usage(tmp_path).total
    assert free is not None
    assert 0 <= free <= size


@pytest.mark.requirement("R-12")
def test_a_folder_that_is_gone_costs_the_other_figures_nothing(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(Disks([tmp_path / "gone", tmp_path]))
    assert figure(registry, "otklik_disk_free_bytes", path=str(tmp_path / "gone")) is None
    assert figure(registry, "otklik_disk_free_bytes", path=str(tmp_path)) is not None


@pytest.mark.requirement("R-12")
def test_a_loop_that_halts_is_told_with_its_code_from_then_on() -> None:
    halted: dict[str, str] = {}
    registry = CollectorRegistry(auto_describe=True)
    registry.register(HaltedLoops(halted))
    assert figure(registry, "otklik_halted_loops", loop="consumers", code="offset-gone") is None
    halted["consumers"] = "offset-gone"
    assert figure(registry, "otklik_halted_loops", loop="consumers", code="offset-gone") == 1
