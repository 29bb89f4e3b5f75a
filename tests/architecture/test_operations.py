"""The operator's pages name what there is: a section for each alarm, and commands that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Context
from typer.core import TyperGroup
from typer.main import get_group

from cli.main import app
from local.places import ROOT

PAGES = sorted((ROOT / "docs" / "operations").glob("*.md"))
RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
COMMAND = re.compile(r"(?<!--namespace )(?<![\w/.-])(?:\./)?otklik ((?:[a-z][a-z-]* ?)+)")


def alarms() -> list[str]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]


@pytest.mark.requirement("D-13")
def test_the_runbook_has_a_section_for_each_alarm_in_their_order() -> None:
    assert re.findall(r"^## (\w+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE) == alarms()


def named(path: Path) -> set[tuple[str, ...]]:
    """Commands as they stand in code: `otklik dlq list`, and in blocks."""
    text = path.read_text("utf-8")
    code = [*re.findall(r"```\w*\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text), *re.findall(r"do: \"(.*)\"", text)]
    return {tuple(words.split()) for part in code for words in COMMAND.findall(part)}


WHOLE = {
    "dlq replay": r"SERVICE (ID|--key|--reason|--all)",
    "dlq drop": r"ID --reason (\\?)\"…\1\" --yes",
    "republish": r"(SERVICE|PRODUCER) (--since TIME|--stream STREAM)",
    "topics resume": "SERVICE",
}


@pytest.mark.parametrize("path", [ALERTS, RUNBOOK], ids=lambda path: path.name)
def test_whoever_is_called_at_night_reads_english_and_whole_commands(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search("[А-Яа-яЁё]", text)
    for command, rest in WHOLE.items():
        told = re.findall(rf"`otklik {command}\b([^`]*)`", text)
        assert told, command
        assert all(re.match(f" {rest}", said) for said in told), (command, told)


def exists(command: Any, words: tuple[str, ...]) -> bool:
    """Words behind the name of a command are its arguments."""
    if not isinstance(command, TyperGroup) or not words:
        return True
    inner = command.get_command(Context(command), words[0])
    return inner is not None and exists(inner, words[1:])


@pytest.mark.parametrize("path", [*PAGES, ALERTS], ids=lambda path: path.name)
def test_every_command_that_an_operator_is_told_to_run_exists(path: Path) -> None:
    missing = {" ".join(words) for words in named(path) if not exists(get_group(app), words)}
    assert missing == set()


def test_commands_are_found_in_the_pages() -> None:
    assert ("frontends", "rotate") in named(ROOT / "docs" / "operations" / "kubernetes.md")
    assert ("dlq", "replay") in named(RUNBOOK)
