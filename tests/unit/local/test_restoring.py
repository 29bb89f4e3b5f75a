"""After `make restore` some commands are still due: they are told as this machine needs them."""

import json
from pathlib import Path

import pytest

from local.places import Places
from local.restoring import due

pytestmark = pytest.mark.requirement("E-13")
SINCE = "2026-11-22T03:00:00Z"


def told(folder: Path, *, new_kafka: bool) -> str:
    here = Places(folder)
    here.frontend_keys.write_text(json.dumps({"site": [], "town": []}), "utf-8")
    return "\n".join(due(here, SINCE, new_kafka=new_kafka)[1:])


def test_events_are_published_again_once_everything_runs(tmp_path: Path) -> None:
    said = told(tmp_path, new_kafka=False)
    assert said.index("make up") < said.index(f"./otklik republish intake --since {SINCE}")
    assert f"./otklik republish notifier --since {SINCE}" in said
    assert "resume" not in said
    assert "rotate" not in said


@pytest.mark.requirement("R-12", "D-23")
def test_with_a_new_kafka_consumers_go_on_and_foreign_frontends_get_new_keys(tmp_path: Path) -> None:
    said = told(tmp_path, new_kafka=True)
    assert all(f"./otklik topics resume {name}" in said for name in ("intake", "history", "notifier"))
    assert "./otklik frontends rotate town" in said
    assert "rotate site" not in said, "it never enters Kafka"


def test_the_heads_of_the_lost_log_go_away_before_history_starts(tmp_path: Path) -> None:
    assert "heads" not in told(tmp_path, new_kafka=False)
    (tmp_path / "heads.jsonl").touch()
    said = told(tmp_path, new_kafka=False)
    assert said.index(f"mv {tmp_path}/heads.jsonl") < said.index("make up")
