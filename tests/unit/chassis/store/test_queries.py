"""SQL lies in files that say what they guarantee (style.md, rule 8)."""

from pathlib import Path

import pytest

from libs.chassis.store import queries as module
from libs.chassis.store.queries import queries

SQL = Path(module.__file__).parent / "sql"


@pytest.mark.parametrize("path", sorted(SQL.rglob("*.sql")), ids=lambda path: path.name)
def test_a_file_begins_with_its_name_and_what_it_guarantees(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith(f"-- {path.name}: ")
    assert len(first) > len(f"-- {path.name}: ") + 10


def test_queries_are_found_by_the_name_of_their_file() -> None:
    found = queries(module.__file__)
    assert found["streams_at"] == (SQL / "streams_at.sql").read_text("utf-8")
    assert "0001_store" not in found, "migrations are no queries"
