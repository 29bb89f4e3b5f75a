"""A new frontend gets its topics and a key that opens the HTTP door."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import main
from cli.frontends import app
from libs.chassis.access.frontends import FrontendKeys, hash_of
from libs.chassis.bus.topics import partitions_on
from libs.chassis.ops.settings import WrongSettings
from libs.events.topics import wanted
from tests.stack import Stack


def keys_file(folder: Path) -> Path:
    """As `make up` makes it."""
    path = folder / "frontends.json"
    path.write_text(json.dumps({"site": [hash_of("site's own")]}), encoding="utf-8")
    return path


@pytest.mark.requirement("D-23")
async def test_a_new_frontend_gets_its_topics_and_a_key(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = keys_file(tmp_path)
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_FRONTEND_KEYS_FILE", str(path))
    monkeypatch.setenv("OTKLIK_KAFKA_BOOTSTRAP", stack.parts.kafka_bootstrap)
    result = await asyncio.to_thread(CliRunner().invoke, app, ["add", "max-messenger"])
    assert result.exit_code == 0, result.output
    found = re.search(r"shown this once: (\S+)", result.output)
    assert found
    assert FrontendKeys(path).name_of(found[1]) == "max-messenger"
    assert FrontendKeys(path).name_of("site's own") == "site"
    there = await partitions_on(stack.parts.kafka_bootstrap)
    assert {topic.name: topic.partitions for topic in wanted(("max-messenger",))}.items() <= there.items()


@pytest.mark.requirement("D-23", "N-7.1")
def test_nobody_becomes_the_desk(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = keys_file(tmp_path)
    before = path.read_bytes()
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_FRONTEND_KEYS_FILE", str(path))
    monkeypatch.setenv("OTKLIK_KAFKA_BOOTSTRAP", stack.parts.kafka_bootstrap)
    result = CliRunner().invoke(app, ["add", "desk"])
    assert (result.exit_code, "desk is taken" in result.output, path.read_bytes() == before) == (2, True, True), result.output
    path.write_text(json.dumps({"desk": [hash_of("a key")]}), "utf-8")
    with pytest.raises(WrongSettings, match="what staff type in"):
        FrontendKeys(path)


@pytest.mark.requirement("D-23")
async def test_more_copies_than_brokers_are_refused_in_a_sentence_and_give_no_key(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = keys_file(tmp_path)
    before = path.read_bytes()
    monkeypatch.setenv("OTKLIK_STATE", str(tmp_path))
    monkeypatch.setenv("OTKLIK_FRONTEND_KEYS_FILE", str(path))
    monkeypatch.setenv("OTKLIK_KAFKA_BOOTSTRAP", stack.parts.kafka_bootstrap)
    result = await asyncio.to_thread(CliRunner().invoke, main.app, ["frontends", "add", "three-copies", "--replication", "3"])
    assert (result.exit_code, "fewer brokers" in result.output, path.read_bytes() == before) == (2, True, True), result.output
