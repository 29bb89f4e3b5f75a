"""The table of the page says what the runs have written."""

from typing import Any

from bench.page import last_of_each, row_of

INGEST: dict[str, Any] = {
    "name": "history-ingest",
    "values": {
        "rate": 18_000,
        "floor": 60_000,
        "ratio": 0.3,
        "a fed": 9_000,
        "b fed": 8_000,
        "a bare": 30_000,
        "over_fed": 2.0,
        "over_bare": 0.6,
    },
    "peers": {"a fed": "", "b fed": "", "a bare": ""},
    "not_met": [],
    "moonshot": ["over_bare ≥ 1"],
    "moonshot_reached": False,
    "load_average": [0.5, 1.25],
    "notes": {},
}
LETTERS: dict[str, Any] = {
    "name": "form-to-letter",
    "values": {"rate": 93, "p50_ms": 521.2, "p99_ms": 1738},
    "peers": {},
    "not_met": ["p99_ms ≤ 1,000"],
    "moonshot": [],
    "moonshot_reached": False,
    "load_average": [1, 2],
    "notes": {"messages": 1_500},
}


def test_a_row_has_what_was_measured_and_a_dash_for_what_was_not() -> None:
    assert row_of(INGEST) == "| `history-ingest` | 18,000/s | 60,000/s, 0.30 | 9,000/s, 2.00 | – | met | open | 0.5 → 1.2 |"
    assert row_of(LETTERS) == "| `form-to-letter` of 1,500 | 93/s | – | – | 521 / 1,738 | not met: p99_ms ≤ 1,000 | – | 1.0 → 2.0 |"


def test_of_a_figure_the_last_run_counts() -> None:
    newer = {**INGEST, "values": {**INGEST["values"], "rate": 20_000}}
    runs = [{"at": "2030-02-01", "figures": [newer]}, {"at": "2030-01-01", "figures": [INGEST, LETTERS]}]
    assert last_of_each(runs) == [newer, LETTERS]
