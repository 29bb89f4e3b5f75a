"""docs/orders.md: what the orders and the design ask for -> the command or event that does it -> the tests that show it.

The paragraphs stand in docs/requirements.toml, the tests name theirs by `@pytest.mark.requirement("N-8.2")`.
Tests are read as syntax trees and never imported, so the document needs neither a database nor the tests' packages.
"""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

CATALOGUE = Path("docs/requirements.toml")
DOCUMENT = Path("docs/orders.md")
TESTS = Path("tests")

GROUPS = {
    "N": "Novosibirsk order",
    "A": "Astrakhan order № 078-О of 10.06.2024",
    "D": "Design card",
    "E": "Expected, though neither order says so",
    "R": "Rules of the design (docs/architecture.md)",
    "S": "Transitions of a request (services/intake/transitions.py)",
}
PLACES = frozenset(
    {"all", "intake", "history", "notifier", "mailing", "survey", "publication"} | {"libs", "frontends", "cli", "local", "deploy", "docs"}
)
KEYS = frozenset({"id", "words", "holds", "services", "commands", "events", "later"})
ID = re.compile(r"(?P<group>[A-Z])-(?P<numbers>\d+(\.\d+)*)")
NOT_RUN = frozenset({"skip", "xfail"})  # such a test shows nothing


class OrdersError(ValueError):
    """The catalogue or a marker is wrong; the text names the file and what to mend."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One paragraph: what must hold, where, and by which commands and events it is done."""

    id: str
    words: str
    holds: str
    services: tuple[str, ...]
    commands: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    later: bool = False

    @property
    def group(self) -> str:
        return self.id[0]


@dataclass(frozen=True, order=True)
class Proof:
    """One test that names a paragraph."""

    requirement: str
    path: str
    sentence: str


def render(root: Path) -> str:
    """The whole document, from the files under `root` alone."""
    return document(requirements(root), proofs(root))


def write(root: Path) -> Path:
    path = root / DOCUMENT
    path.write_text(render(root), encoding="utf-8")
    return path


def is_current(root: Path) -> bool:
    path = root / DOCUMENT
    return path.is_file() and path.read_text(encoding="utf-8") == render(root)


def requirements(root: Path) -> tuple[Requirement, ...]:
    """The catalogue in its own order, refused as a whole when a row is wrong."""
    with (root / CATALOGUE).open("rb") as file:
        rows = tomllib.load(file).get("requirement", [])
    found = tuple(_requirement(row) for row in rows)
    for before, after in pairwise(found):
        if place(before.id) >= place(after.id):
            raise OrdersError(f"{CATALOGUE}: {after.id} stands after {before.id}; keep ids unique and sorted")
    return found


def place(requirement: str) -> tuple[int, tuple[int, ...]]:
    """Where an id stands in the catalogue: groups as in GROUPS, then by number, so that N-2 comes before N-10."""
    match = ID.fullmatch(requirement)
    if match is None or match["group"] not in GROUPS:
        raise OrdersError(f"{CATALOGUE}: «{requirement}» is no id; write one of {', '.join(GROUPS)}, then -1.2")
    return list(GROUPS).index(match["group"]), tuple(int(number) for number in match["numbers"].split("."))


def proofs(root: Path) -> list[Proof]:
    """Every (paragraph, test) pair under tests/, sorted; a marker with an unknown id is an error naming the file."""
    known = {requirement.id for requirement in requirements(root)}
    found: set[Proof] = set()
    for path in sorted((root / TESTS).rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        for requirement, sentence in _marked(path, name):
            if requirement not in known:
                raise OrdersError(f"{name}: «{requirement}» is not in {CATALOGUE}; mend the marker or add the paragraph")
            found.add(Proof(requirement, name, sentence))
    return sorted(found)


def document(catalogue: Iterable[Requirement], shown: Iterable[Proof]) -> str:
    """Pure: the same rows and proofs give the same text."""
    rows = list(catalogue)
    tests: dict[str, list[Proof]] = {}
    for proof in shown:
        tests.setdefault(proof.requirement, []).append(proof)
    parts = [_summary(rows, tests)]
    for group, title in GROUPS.items():
        members = [row for row in rows if row.group == group]
        if members:
            parts.append(f"## {group}: {title}\n")
            parts.extend(_section(row, tests.get(row.id, [])) for row in members)
    return "\n".join(parts)


def _requirement(row: dict[str, object]) -> Requirement:
    name = row.get("id")
    if wrong := row.keys() - KEYS:
        raise OrdersError(f"{CATALOGUE}: {name} has the unknown field {', '.join(sorted(wrong))}")
    later = row.get("later", False)
    if not isinstance(later, bool):
        raise OrdersError(f"{CATALOGUE}: {name}: later is true or absent")
    found = Requirement(
        id=_text(row, "id"),
        words=_text(row, "words"),
        holds=_text(row, "holds"),
        services=_names(row, "services"),
        commands=_names(row, "commands"),
        events=_names(row, "events"),
        later=later,
    )
    if not found.services or not PLACES.issuperset(found.services):
        raise OrdersError(f"{CATALOGUE}: {name}: services must be among {', '.join(sorted(PLACES))}")
    return found


def _text(row: dict[str, object], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise OrdersError(f"{CATALOGUE}: {row.get('id')}: {key} must be one line of text")
    return value


def _names(row: dict[str, object], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise OrdersError(f"{CATALOGUE}: {row.get('id')}: {key} must be a list of names")
    return tuple(value)


def _summary(rows: list[Requirement], tests: dict[str, list[Proof]]) -> str:
    gaps = [row.id for row in rows if row.id not in tests and not row.later]
    later = [row.id for row in rows if row.id not in tests and row.later]
    begun = [row.id for row in rows if row.id in tests and row.later]
    whole = len(rows) - len(gaps) - len(later) - len(begun)
    return (
        "# The orders: paragraph → command or event → tests\n\n"
        f"Written by `python -m cli documents` from {CATALOGUE} and the `requirement` markers under {TESTS}/; "
        "change those, not this page.\n\n"
        f"**{len(rows)} paragraphs: {whole} with tests, {len(begun)} begun, {len(gaps) + len(later)} gaps "
        f"({len(gaps)} open, {len(later)} belong to later issues).**\n\n"
        f"- Open gaps: {', '.join(gaps) or 'none'}\n"
        f"- Begun, the rest comes with a later issue: {', '.join(begun) or 'none'}\n"
        f"- Later: {', '.join(later) or 'none'}\n"
    )


def _section(row: Requirement, tests: list[Proof]) -> str:
    names = ", ".join(f"`{name}`" for name in (*row.commands, *row.events))
    does = f" → {names}" if names else ""
    lines = [f"### {row.id} «{row.words}»", "", f"{row.holds}", "", f"{', '.join(row.services)}{does}", ""]
    if tests:
        lines.extend(f"- [{test.sentence}](../{test.path})" for test in tests)
        lines.extend(["- *The rest comes with a later issue.*"] if row.later else [])
    else:
        lines.append("- *Gap: comes with a later issue.*" if row.later else "- **Gap: no test.**")
    return "\n".join([*lines, ""])


def _marked(path: Path, name: str) -> Iterator[tuple[str, str]]:
    module = ast.parse(path.read_text(encoding="utf-8"), filename=name)
    inherited = _ids(_assigned_marks(module.body), name)
    yield from _tests_in(module.body, inherited, name)


def _tests_in(body: list[ast.stmt], inherited: list[str], name: str) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not _is_off(node):
            ids = inherited + _ids([*node.decorator_list, *_assigned_marks(node.body)], name)
            inside = list(_tests_in(node.body, ids, name))
            yield from inside or ((found, sentence(node.name)) for found in ids)  # a state machine has no test_…
        elif _is_test(node):
            yield from ((found, sentence(node.name)) for found in inherited + _ids(node.decorator_list, name))


def sentence(name: str) -> str:
    """test_a_deadline_is_extended_once -> A deadline is extended once; TestRandomOrders -> Random orders."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").split()
    told = [word.lower() for word in words] if "_" not in name else words
    if told and told[0].lower() == "test":
        told = told[1:]
    text = " ".join(told)
    return text[:1].upper() + text[1:]


def _assigned_marks(body: list[ast.stmt]) -> list[ast.expr]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
    ]


def _ids(marks: Iterable[ast.expr], name: str) -> list[str]:
    """The ids of every `….mark.requirement(…)` call among the given expressions, pytest.param(marks=…) included."""
    calls = [node for mark in marks for node in ast.walk(mark) if isinstance(node, ast.Call) and _mark(node) == "requirement"]
    found: list[str] = []
    for call in calls:
        for argument in call.args:
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise OrdersError(f"{name}:{call.lineno}: a requirement marker takes ids in quotes and nothing else")
            found.append(argument.value)
    return found


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test") and not _is_off(node)


def _is_off(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_mark(decorator) in NOT_RUN for decorator in node.decorator_list)


def _mark(node: ast.expr) -> str | None:
    """`requirement` of pytest.mark.requirement or of a call of it, else None."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Attribute) and function.value.attr == "mark":
        return function.attr
    return None
