"""Rules get time, ids and calendars as arguments, so that the same command on the same state gives the same facts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import message
from tests.unit.intake.desk import inbound, intake

ROOT = Path(__file__).parents[2]
IMPURE_MODULES = {"asyncio", "asyncpg", "httpx", "os", "pathlib", "random", "secrets", "socket", "structlog", "threading", "time"}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print"}


def rules() -> list[Path]:
    """The modules that .importlinter puts below store and doors: the domain, and the rules it stands on."""
    layers = (ROOT / ".importlinter").read_text(encoding="utf-8").split("name = One skeleton")[1].split("exhaustive")[0]
    lowest = layers.split("(domain)")[1]
    names = ["domain", *re.findall(r"\((\w+)\)", lowest)]
    found = [path for name in names for path in (ROOT / "services").glob(f"*/{name}.py")]
    return sorted([*found, *(path for name in names for path in (ROOT / "services").glob(f"*/{name}/*.py"))])


def impure(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names if alias.name.split(".")[0] in IMPURE_MODULES)
            case ast.ImportFrom(module=str() as module) if module.split(".")[0] in IMPURE_MODULES:
                yield node.lineno, module
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in IMPURE_CALLS:
                yield node.lineno, name
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, f"async {name}"


@pytest.mark.requirement("R-10", "D-12")
@pytest.mark.parametrize("path", rules(), ids=lambda path: str(path.relative_to(ROOT / "services")))
def test_a_rule_asks_no_clock_no_chance_and_no_outside(path: Path) -> None:
    assert list(impure(ast.parse(path.read_text(encoding="utf-8")))) == [], "take it as an argument"


@pytest.mark.requirement("R-10")
@pytest.mark.parametrize("line", ["import random", "from os import environ", "datetime.now()", "uuid4()", "async def decide(): ..."])
def test_what_makes_a_rule_impure_is_found(line: str) -> None:
    assert list(impure(ast.parse(line))) != []


@pytest.mark.requirement("R-10")
def test_the_same_messages_in_the_same_state_make_the_same_facts() -> None:
    once, again = (intake.given(inbound()).when(inbound(message("m-2"))) for _ in range(2))
    assert once.facts == again.facts
    assert once.facts
