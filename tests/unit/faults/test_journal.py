"""The report of a campaign says how to run it again, what broke, and where to look."""

from pathlib import Path

import orjson

from bench.checker import Check
from tests.faults.journal import NAMED, Journal, text


def journal(directory: Path = Path("/somewhere")) -> Journal:
    made = Journal("kills", 7, directory)
    made.say("kill -9 intake")
    made.recovered("kill 1 (intake)", {"intake": 0.5, "history": 2.25})
    made.figures["letters"] = 12
    return made


def test_a_sound_campaign_says_so_and_how_to_run_it_again() -> None:
    lines = text(journal(), [Check("numbers", True, "12 numbers")], {}).splitlines()
    assert lines[0] == "kills: sound"
    assert lines[1] == "again with: make faults CAMPAIGN=kills SEED=7"
    assert {"letters: 12", "slowest to go on: history after kill 1 (intake), 2.2 s", "✓ numbers: 12 numbers"} <= set(lines)
    assert any(line.endswith("kill -9 intake") for line in lines)
    assert lines[-1].endswith("/somewhere")


def test_a_campaign_of_another_size_is_run_again_with_that_size() -> None:
    lines = text(journal(), [], {"N": "5", "COUNT": "", "SECONDS": "10"}).splitlines()
    assert lines[1] == "again with: make faults CAMPAIGN=kills SEED=7 N=5 SECONDS=10"


def test_a_broken_check_is_named_with_the_first_of_its_ids_and_the_file_has_all(tmp_path: Path) -> None:
    ids = tuple(f"lost: m-{number}" for number in range(NAMED + 5))
    checks = [Check("numbers", True, "12 numbers"), Check("letters", False, "25 lost", ids)]
    journal(tmp_path).write(checks)
    told = (tmp_path / "report.txt").read_text("utf-8")
    assert told.startswith("kills: 1 OF 2 CHECKS BROKEN")
    assert "✗ letters: 25 lost" in told
    assert f"m-{NAMED - 1}" in told
    assert f"m-{NAMED + 1}" not in told
    whole = orjson.loads((tmp_path / "report.json").read_bytes())
    assert whole["checks"][1]["ids"] == list(ids)
    assert whole["slowest_recovery"] == ["kill 1 (intake)", "history", 2.25]
