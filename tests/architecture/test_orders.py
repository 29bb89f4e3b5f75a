"""docs/requirements.toml, the requirement markers and docs/orders.md say the same."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from cli import orders
from libs.events.contracts import REGISTRY

ROOT = Path(__file__).parents[2]
LAST = {"N": 15, "A": 4, "D": 29, "E": 19}  # the last paragraph of each source
pytestmark = pytest.mark.requirement("R-26")

ONE_ROW = """
[[requirement]]
id = "N-8.2"
words = "фиксирует поступившие запросы"
holds = "Every request gets a number."
services = ["intake"]
events = ["RequestRegistered"]
"""
LATER_ROW = ONE_ROW.replace("N-8.2", "N-8.3") + "later = true\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty project with one paragraph."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / orders.CATALOGUE).write_text(ONE_ROW, encoding="utf-8")
    return tmp_path


def add_test(tree: Path, source: str) -> None:
    (tree / "tests" / "unit" / "test_register.py").write_text("import pytest\n" + source, encoding="utf-8")


def test_no_paragraph_is_missing_between_the_first_and_the_last_of_its_source() -> None:
    children: dict[tuple[str, tuple[int, ...]], set[int]] = defaultdict(set)
    for row in orders.requirements(ROOT):
        numbers = orders.place(row.id)[1]
        for depth, number in enumerate(numbers):
            children[row.group, numbers[:depth]].add(number)
    holes = {key: sorted(found) for key, found in children.items() if found | {0} != set(range(max(found) + 1))}
    assert holes == {}
    assert {group: max(children[group, ()]) for group in LAST} == LAST


def test_every_event_of_a_paragraph_that_is_built_has_its_contract() -> None:
    absent = [(row.id, name) for row in orders.requirements(ROOT) if not row.later for name in row.events if name not in REGISTRY.events]
    assert absent == [], f"name events as libs/events/contracts does, or mark the paragraph later = true in {orders.CATALOGUE}"


def test_every_contract_serves_a_paragraph() -> None:
    named = {name for row in orders.requirements(ROOT) for name in row.events}
    assert REGISTRY.events.keys() - named == set(), f"say in {orders.CATALOGUE} which paragraph each of these events is for"


def test_every_command_of_a_paragraph_is_a_class_or_a_use_case_of_a_service() -> None:
    known: set[str] = set()
    for path in (ROOT / "services").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                methods = [inner.name for inner in node.body if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)]
                known |= {node.name, *(f"{node.name}.{method}" for method in methods)}
    absent = [(row.id, name) for row in orders.requirements(ROOT) if not row.later for name in row.commands if name not in known]
    assert absent == [], f"name commands as the services do, or mark the paragraph later = true in {orders.CATALOGUE}"


def test_the_page_of_orders_is_what_the_catalogue_and_the_markers_say() -> None:
    assert orders.is_current(ROOT), "run: python -m cli documents"


def test_a_paragraph_lists_its_events_and_its_tests_as_sentences(tree: Path) -> None:
    add_test(tree, '@pytest.mark.requirement("N-8.2")\nasync def test_two_requests_never_share_a_number() -> None: ...\n')
    page = orders.render(tree)
    assert "### N-8.2 «фиксирует поступившие запросы»" in page
    assert "intake → `RequestRegistered`" in page
    assert "- [Two requests never share a number](../tests/unit/test_register.py)" in page
    assert "**1 paragraphs: 1 with tests, 0 begun, 0 gaps (0 open, 0 belong to later issues).**" in page


def test_paragraphs_without_a_test_are_counted_as_gaps_open_or_later(tree: Path) -> None:
    (tree / orders.CATALOGUE).write_text(ONE_ROW + LATER_ROW, encoding="utf-8")
    page = orders.render(tree)
    assert "**2 paragraphs: 0 with tests, 0 begun, 2 gaps (1 open, 1 belong to later issues).**" in page
    assert "- Open gaps: N-8.2\n- Begun, the rest comes with a later issue: none\n- Later: N-8.3\n" in page
    assert "**Gap: no test.**" in page


def test_a_paragraph_of_a_later_issue_that_has_tests_is_begun_and_not_done(tree: Path) -> None:
    (tree / orders.CATALOGUE).write_text(ONE_ROW + LATER_ROW, encoding="utf-8")
    add_test(tree, '@pytest.mark.requirement("N-8.3")\ndef test_it() -> None: ...\n')
    page = orders.render(tree)
    assert "**2 paragraphs: 0 with tests, 1 begun, 1 gaps (1 open, 0 belong to later issues).**" in page
    assert "*The rest comes with a later issue.*" in page


@pytest.mark.parametrize(
    "source",
    [
        'pytestmark = pytest.mark.requirement("N-8.2")\ndef test_it() -> None: ...\n',
        'pytestmark = [pytest.mark.slow, pytest.mark.requirement("N-8.2")]\ndef test_it() -> None: ...\n',
        '@pytest.mark.requirement("N-8.2")\nclass TestIt:\n    def test_it(self) -> None: ...\n',
        '@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.requirement("N-8.2"))])\ndef test_it(n: int) -> None: ...\n',
        '@pytest.mark.requirement("N-8.2")\nclass TestIt(RuleBasedStateMachine): ...\n',
    ],
    ids=["module", "module list", "class", "parameter", "state machine"],
)
def test_a_marker_counts_wherever_pytest_reads_it(tree: Path, source: str) -> None:
    add_test(tree, source)
    assert orders.proofs(tree) == [orders.Proof("N-8.2", "tests/unit/test_register.py", "It")]


@pytest.mark.parametrize("mark", ['skip(reason="later")', "skip", "xfail"])
def test_a_test_that_is_never_run_shows_nothing(tree: Path, mark: str) -> None:
    add_test(tree, f'@pytest.mark.{mark}\n@pytest.mark.requirement("N-8.2")\ndef test_it() -> None: ...\n')
    assert orders.proofs(tree) == []


def test_a_marker_with_an_unknown_id_is_refused_with_the_name_of_its_file(tree: Path) -> None:
    add_test(tree, '@pytest.mark.requirement("N-8.22")\ndef test_it() -> None: ...\n')
    with pytest.raises(orders.OrdersError, match=r"tests/unit/test_register\.py: «N-8\.22»"):
        orders.render(tree)


def test_a_marker_that_is_not_a_quoted_id_is_refused_with_its_line(tree: Path) -> None:
    add_test(tree, "@pytest.mark.requirement(PARAGRAPH)\ndef test_it() -> None: ...\n")
    with pytest.raises(orders.OrdersError, match=r"tests/unit/test_register\.py:2:"):
        orders.render(tree)


@pytest.mark.parametrize(
    ("catalogue", "complaint"),
    [
        (ONE_ROW + ONE_ROW, "N-8.2 stands after N-8.2"),
        (ONE_ROW.replace("N-8.2", "N-10.1") + ONE_ROW, "N-8.2 stands after N-10.1"),
        (ONE_ROW.replace("N-8.2", "X-1") + ONE_ROW, "«X-1» is no id"),
        (ONE_ROW + 'test = "yes"\n', "unknown field test"),
        (ONE_ROW + 'later = "yes"\n', "later is true or absent"),
        (ONE_ROW.replace('["intake"]', '["billing"]'), "services must be among"),
        (ONE_ROW.replace('"Every request gets a number."', '""'), "holds must be one line"),
        (ONE_ROW.replace('["RequestRegistered"]', '"RequestRegistered"'), "events must be a list"),
    ],
    ids=["twice", "unsorted", "no id", "unknown field", "later", "services", "empty", "no list"],
)
def test_a_wrong_row_of_the_catalogue_is_refused_with_what_to_mend(tree: Path, catalogue: str, complaint: str) -> None:
    (tree / orders.CATALOGUE).write_text(catalogue, encoding="utf-8")
    with pytest.raises(orders.OrdersError, match=complaint):
        orders.requirements(tree)


def test_the_page_is_current_only_until_a_test_is_added(tree: Path) -> None:
    assert not orders.is_current(tree)
    orders.write(tree)
    assert orders.is_current(tree)
    add_test(tree, '@pytest.mark.requirement("N-8.2")\ndef test_it() -> None: ...\n')
    assert not orders.is_current(tree)
