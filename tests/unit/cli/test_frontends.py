"""Keys of frontends: kept as hashes, changed without a break, taken away at once, whatever state Kafka is in."""

import json
import stat
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from typer.testing import CliRunner, Result

from cli import frontend_keys
from cli.frontend_keys import NotPossible
from cli.frontends import app
from libs.chassis.access.frontends import FrontendKeys, hash_of

pytestmark = pytest.mark.requirement("D-23")


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "frontends.json"
    path.write_text(json.dumps({"site": [hash_of("site's own")], "vk": [hash_of("first")]}), encoding="utf-8")
    path.chmod(0o640)
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_FRONTEND_KEYS_FILE", str(path))
    monkeypatch.setenv("OTKLIK_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_both_keys_of_a_rotation_count_until_it_is_finished_and_then_the_newest_alone() -> None:
    both = frontend_keys.rotated({"vk": ["first"], "site": ["own"]}, "vk", "second")
    assert both == {"vk": ["first", "second"], "site": ["own"]}
    assert frontend_keys.finished(both, "vk") == {"vk": ["second"], "site": ["own"]}


def test_a_second_rotation_waits_for_the_end_of_the_first_so_that_the_running_program_is_not_cut_off() -> None:
    with pytest.raises(NotPossible, match="--finish"):
        frontend_keys.rotated({"vk": ["first", "second"]}, "vk", "third")
    assert frontend_keys.rotated(frontend_keys.finished({"vk": ["first", "second"]}, "vk"), "vk", "third") == {"vk": ["second", "third"]}


def test_no_frontend_is_made_twice_and_none_that_is_not_there_is_changed() -> None:
    with pytest.raises(NotPossible, match="rotate vk"):
        frontend_keys.added({"vk": ["first"]}, "vk", "second")
    for change in (frontend_keys.finished, lambda known, name: frontend_keys.rotated(known, name, "x")):
        with pytest.raises(NotPossible, match="there is no frontend nobody"):
            change({"vk": ["first"]}, "nobody")


@pytest.mark.parametrize(("answer", "taken"), [("n\n", "site"), ("", "site"), ("y\n", None)])
def test_a_frontend_is_revoked_only_after_a_yes_and_its_http_door_is_shut_though_kafka_is_away(
    file: Path, answer: str, taken: str | None
) -> None:
    result = CliRunner().invoke(app, ["revoke", "site"], input=answer)
    assert FrontendKeys(file).name_of("site's own") == taken
    assert isinstance(result.exception, SystemExit if taken else KafkaConnectionError)


@pytest.mark.parametrize("command", [("add", "new"), ("rotate", "vk")])
def test_no_key_is_shown_or_kept_that_kafka_does_not_know(file: Path, command: tuple[str, str]) -> None:
    before = file.read_bytes()
    result = run(*command)
    assert isinstance(result.exception, KafkaConnectionError)
    assert (file.read_bytes(), "shown this once" in result.output) == (before, False)


def test_the_file_is_written_whole_and_keeps_its_rights(file: Path) -> None:
    with frontend_keys.changing(file) as known:
        known["ok"] = [hash_of("its key")]
    assert FrontendKeys(file).name_of("its key") == "ok"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("arguments", [("rotate", "nobody"), ("add", "site"), ("add", "Not a name"), ("revoke", "Not a name")])
def test_a_wrong_name_changes_nothing(file: Path, arguments: tuple[str, str]) -> None:
    before = file.read_bytes()
    assert run(*arguments).exit_code == 2
    assert file.read_bytes() == before


@pytest.mark.parametrize("arguments", [("add", "new"), ("rotate", "vk"), ("rotate", "vk", "--finish"), ("revoke", "vk", "--yes")])
def test_a_missing_file_is_not_begun_anew_because_it_would_shut_out_everybody_else(
    monkeypatch: pytest.MonkeyPatch, file: Path, arguments: tuple[str, ...]
) -> None:
    missing = file.parent / "elsewhere" / "frontends.json"
    monkeypatch.setenv("OTKLIK_FRONTEND_KEYS_FILE", str(missing))
    result = run(*arguments)
    assert (result.exit_code, "copy the file with the keys of today there first" in result.output) == (2, True), result.output
    assert not missing.parent.exists()


def test_a_broken_file_is_not_overwritten(file: Path) -> None:
    file.write_text('{"vk": ["half a ha', encoding="utf-8")
    result = run("rotate", "vk")
    assert (result.exit_code, "can't be read" in result.output) == (2, True)
    assert file.read_text(encoding="utf-8") == '{"vk": ["half a ha'
