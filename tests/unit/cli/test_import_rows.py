"""Rows of an older register become cases; a row that can't be taken is told by its place and reason."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from libs.events.contracts.intake_requests import HistoricalEntryImported, HistoricalRequestImported
from libs.events.vocabulary import Status
from services.intake.imports.cases import Case, Header, Line, is_late, new_facts, same_id, summary
from services.intake.imports.mapping import RegisterMapping
from services.intake.imports.rows import MAX_TEXT_BYTES, Reader, Row

pytestmark = pytest.mark.requirement("R-22")

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
AT = datetime(2026, 5, 1, tzinfo=UTC)
USUAL: dict[str, Any] = {
    "register": "old",
    "file": {"time_zone": "Europe/Amsterdam", "dates": ["iso", "%d.%m.%Y"]},
    "case": {"number": "no", "received": "in", "due": "due", "closed": "out"},
    "line": {"what": "what", "when": "when", "by": "by"},
    "point": {"column": "point", "values": {"Desk": "in_person"}},
}
CELLS = {"no": "7", "in": "", "due": "", "out": "", "what": "looked at", "when": "2024-03-01", "by": "", "point": "Desk"}


def reader(**changes: Any) -> Reader:
    return Reader(RegisterMapping.model_validate(USUAL | changes))


def taken(made: Reader, *rows: dict[str, str]) -> Reader:
    for number, cells in enumerate(rows, 2):
        made.take(Row(number, CELLS | cells))
    return made


def test_rows_of_one_number_are_one_case_with_its_lines_by_date() -> None:
    made = taken(reader(), {"when": "2024-03-02", "what": "second"}, {"no": "8"}, {"when": "01.03.2024", "what": "first"})
    assert [(case.header.number, [line.what for line in case.lines]) for case in made.cases] == [
        ("7", ["first", "second"]),
        ("8", ["looked at"]),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC)),
        ("2024-01-31 10:00:00.5", datetime(2024, 1, 31, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2024-01-31T10:00:00+03:00", datetime(2024, 1, 31, 7, tzinfo=UTC)),
        (" 31.01.2024 ", datetime(2024, 1, 30, 23, tzinfo=UTC)),
    ],
)
def test_a_date_is_in_the_time_zone_of_the_register_unless_it_says_its_own(said: str, meant: datetime) -> None:
    [case] = taken(reader(), {"when": said}).cases
    assert case.lines[0].happened_at == meant


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"no": " "}, "no", "номер дела не указан"),
        ({"no": "7" * 201}, "no", "длиннее 200 знаков"),
        ({"when": ""}, "when", "дата не указана"),
        ({"when": "позавчера"}, "when", "не дата; ожидается, например, 2025-12-31 14:30:00"),
        ({"when": "0024-03-01"}, "when", "не дата; ожидается, например, 2025-12-31 14:30:00"),
        ({"in": "2024-02-30"}, "in", "не дата; ожидается, например, 2025-12-31 14:30:00"),
        ({"what": " "}, "what", "не указано, что сделано"),
        ({"what": "я" * MAX_TEXT_BYTES}, "what", "текст больше 100 КиБ"),
        ({"what": "\x01" * (MAX_TEXT_BYTES // 5)}, "what", "текст больше 100 КиБ"),
        ({"point": ""}, "point", "точка взаимодействия не указана"),
        ({"point": "Fax"}, "point", "такой точки нет в таблице [point.values] настройки"),
    ],
)
def test_a_row_that_cannot_be_taken_is_told_and_harms_no_other(cells: dict[str, str], column: str, reason: str) -> None:
    made = taken(reader(), {}, {"no": "9", "when": "2024-05-05", **cells}, {"no": "8"})
    assert [(one.row, one.column, one.reason) for one in made.rejected] == [(3, column, reason)]
    assert [case.header.number for case in made.cases] == ["7", "8"]


def test_a_row_that_contradicts_an_earlier_one_of_its_case_is_rejected_and_a_blank_cell_is_none() -> None:
    made = taken(reader(), {"in": "2024-03-01"}, {"in": "2024-03-02"}, {"in": "", "out": "2024-04-01"})
    assert [(one.row, one.column) for one in made.rejected] == [(3, "in")]
    assert "строкой 2" in made.rejected[0].reason
    [case] = made.cases
    assert (len(case.lines), case.header.state) == (2, Status.CLOSED)


def test_without_columns_for_lines_a_case_is_one_row() -> None:
    made = taken(reader(line=None), {"what": "not read"}, {})
    assert [case.lines for case in made.cases] == [[]]
    assert [(one.row, one.reason) for one in made.rejected] == [(3, "дело с этим номером уже записано в строке 2")]


def test_an_unknown_point_may_become_another_by_the_mapping() -> None:
    made = taken(reader(point={"column": "point", "values": {}, "default": "other"}), {"point": "Fax"})
    assert [case.header.point for case in made.cases] == ["other"]


def test_a_state_may_stand_in_a_column_of_its_own() -> None:
    rule = {"column": "by", "values": {"отказ": "refused"}, "open": "assigned"}
    made = taken(reader(state=rule), {"by": "отказ"}, {"no": "8"}, {"no": "9", "by": "?"})
    assert [case.header.state for case in made.cases] == [Status.REFUSED, Status.ASSIGNED]
    assert [one.reason for one in made.rejected] == ["такого состояния нет в таблице [state.values] настройки"]


@pytest.mark.requirement("N-9.1")
@pytest.mark.parametrize(
    ("closed", "late"),
    [
        (datetime(2024, 3, 10, 22, 59, tzinfo=UTC), False),  # 23:59 in Amsterdam, on the day
        (datetime(2024, 3, 10, 23, 1, tzinfo=UTC), True),  # a minute past midnight there
        (None, False),
    ],
)
def test_on_the_day_of_its_deadline_a_case_is_closed_in_time_and_the_next_day_late(closed: datetime | None, late: bool) -> None:
    header = Header(number="7", point="site", state=Status.CLOSED, due_at=datetime(2024, 3, 10, 1, tzinfo=AMSTERDAM), closed_at=closed)
    assert is_late(header, AMSTERDAM) is late
    counted = summary([Case(header)], AMSTERDAM)
    assert (counted.cases, counted.closed, counted.late, counted.points) == (1, int(closed is not None), int(late), {"site": 1})


HEADER = Header(number="7", point="site", state=Status.REGISTERED)
LINE = Line(datetime(2024, 3, 1, tzinfo=UTC), "looked at", "R1")
LATER = Line(datetime(2024, 3, 2, tzinfo=UTC), "answered", None)


def told(case: Case, known: list[Any]) -> list[Any]:
    return [fact for fact, _ in new_facts(case, known, "old", AT)]


def test_a_case_is_told_once_and_then_only_what_is_new_of_it() -> None:
    first = told(Case(HEADER, [LINE]), [])
    assert [type(fact) for fact in first] == [HistoricalRequestImported, HistoricalEntryImported]
    assert told(Case(HEADER, [LINE]), first) == []
    [more] = told(Case(HEADER, [LATER, LINE]), first)
    assert (more.what, more.line) == ("answered", 2)


def test_the_same_line_twice_in_a_case_is_two_lines_and_stays_two() -> None:
    facts = told(Case(HEADER, [LINE, LINE]), [])
    assert [fact.line for fact in facts[1:]] == [1, 2]
    assert told(Case(HEADER, [LINE, LINE]), facts) == []


def test_each_fact_has_its_own_date() -> None:
    facts = new_facts(Case(HEADER, [LINE, LATER]), [], "old", AT)
    assert [at for _, at in facts] == [LINE.happened_at, LINE.happened_at, LATER.happened_at]
    assert [at for _, at in new_facts(Case(HEADER), [], "old", AT)] == [AT]


def test_a_case_has_the_same_id_wherever_it_is_imported_and_another_in_another_register() -> None:
    assert same_id("demo", "old", "7") == same_id("demo", "old", "7")
    assert len({same_id("demo", "old", "7"), same_id("demo", "old", "8"), same_id("demo", "new", "7"), same_id("x", "old", "7")}) == 4
