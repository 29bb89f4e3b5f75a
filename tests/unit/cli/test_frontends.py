"""Keys of frontends: shown once, kept as hashes, changed without a break, taken away at once."""

import json
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

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
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def key_in(result: Result) -> str:
    found = re.search(r"shown this once: (\S+)", result.output)
    assert found, result.output
    return found[1]


def test_a_rotated_key_and_the_one_before_are_both_taken_until_the_rotation_is_finished(file: Path) -> None:
    known = FrontendKeys(file)
    second = key_in(run("rotate", "vk"))
    assert [known.name_of(key) for key in ("first", second)] == ["vk", "vk"]
    assert run("rotate", "vk", "--finish").exit_code == 0
    assert [known.name_of(key) for key in ("first", second, "site's own")] == [None, "vk", "site"]


def test_a_second_rotation_waits_for_the_end_of_the_first_so_that_the_running_program_is_not_cut_off(file: Path) -> None:
    second = key_in(run("rotate", "vk"))
    refused = run("rotate", "vk")
    assert (refused.exit_code, "--finish" in refused.output) == (2, True)
    known = FrontendKeys(file)
    assert [known.name_of(key) for key in ("first", second)] == ["vk", "vk"]
    run("rotate", "vk", "--finish")
    assert run("rotate", "vk").exit_code == 0


def test_a_revoked_frontend_is_taken_no_more_and_the_others_are(file: Path) -> None:
    known = FrontendKeys(file)
    assert run("revoke", "vk", "--yes").exit_code == 0
    assert [known.name_of(key) for key in ("first", "site's own")] == [None, "site"]


@pytest.mark.parametrize(("answer", "taken"), [("n\n", "site"), ("", "site"), ("y\n", None)])
def test_a_frontend_is_revoked_only_after_a_yes(file: Path, answer: str, taken: str | None) -> None:
    CliRunner().invoke(app, ["revoke", "site"], input=answer)
    assert FrontendKeys(file).name_of("site's own") == taken


def test_the_file_holds_no_key_and_keeps_its_rights(file: Path) -> None:
    key = key_in(run("rotate", "vk"))
    assert key not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("arguments", [("rotate", "nobody"), ("revoke", "nobody"), ("add", "site"), ("add", "Not a name")])
def test_a_wrong_name_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str]) -> None:
    monkeypatch.setenv("OTKLIK_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    before = file.read_bytes()
    assert run(*arguments).exit_code == 2
    assert file.read_bytes() == before


def test_a_broken_file_is_not_overwritten(file: Path) -> None:
    file.write_text('{"vk": ["half a ha', encoding="utf-8")
    result = run("rotate", "vk")
    assert (result.exit_code, "can't be read" in result.output) == (2, True)
    assert file.read_text(encoding="utf-8") == '{"vk": ["half a ha'
