"""A register kept in a spreadsheet is read as offices keep it, and what Excel did to its cells is undone."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from cli.import_register import with_days_of_excel
from cli.import_register_file import Unusable
from cli.register_workbook import RegisterWorkbook
from services.intake.imports.mapping import RegisterMapping
from services.intake.imports.rows import Reader, Rejected, Row

pytestmark = pytest.mark.requirement("R-22")

MAPPING = with_days_of_excel(
    RegisterMapping.model_validate(
        {
            "file": {"time_zone": "Asia/Novosibirsk", "dates": ["%d.%m.%Y"]},
            "case": {"number": "№ п/п", "received": "Дата поступления", "client_name": "ФИО", "subject": "Содержание"},
            "point": {"default": "post"},
        }
    )
)
Draw = Callable[[Worksheet, Any], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.xlsx"


def written(path: Path, **sheets: Draw) -> Path:
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for name, draw in sheets.items():
            draw(book.add_worksheet(name), day)
    return path


def heading(sheet: Worksheet, at: int = 0) -> None:
    """Two rows: «Заявитель» stands over two columns, the others over both rows."""
    sheet.merge_range(at, 0, at + 1, 0, "№ п/п")
    sheet.merge_range(at, 1, at + 1, 1, "Дата\nпоступления")
    sheet.merge_range(at, 2, at, 3, "Заявитель")
    sheet.write_row(at + 1, 2, ["ФИО", "Телефон"])
    sheet.merge_range(at, 4, at + 1, 4, "Содержание")


def read(path: Path, mapping: RegisterMapping = MAPPING) -> list[Row | Rejected]:
    return [row for _, row in RegisterWorkbook(path, mapping.file, mapping.date_columns).rows(mapping.columns)]


def cases(path: Path) -> tuple[Reader, list[tuple[Any, ...]]]:
    reader = Reader(MAPPING)
    for row in read(path):
        reader.take(row)
    return reader, [(one.header.number, one.header.received_at, one.header.client_name, one.header.subject) for one in reader.cases]


FIRST_OF_MARCH = datetime(2024, 3, 1, tzinfo=MAPPING.file.time_zone)


def test_a_merged_heading_under_a_title_dates_of_every_kind_and_numbers_that_are_no_numbers(path: Path) -> None:
    def draw(sheet: Worksheet, day: Any) -> None:
        sheet.merge_range(0, 0, 0, 4, "Журнал регистрации обращений за 2024 год")
        heading(sheet, 2)
        sheet.write_row(4, 0, [1, 2, 3, 4, 5])
        sheet.write_row(5, 0, [12, None, "Иванов И. И.", "8 383 222-33-44", "О лесе"])
        sheet.write_datetime(5, 1, FIRST_OF_MARCH.replace(tzinfo=None), day)
        sheet.write_row(6, 0, ["12/1-вх", "01.03.2024", "ООО «Лес»", 83832223344, "О земле"])
        sheet.write_row(8, 0, ["12/2-вх", 45352, "Петрова", "", "Ещё раз"])
        sheet.write_row(9, 0, ["12/3-вх", 45352.5, "Юдин", "", "В полдень"])

    reader, found = cases(written(path, Лист1=draw))
    assert reader.rejected == []
    assert found == [
        ("12", FIRST_OF_MARCH, "Иванов И. И.", "О лесе"),
        ("12/1-вх", FIRST_OF_MARCH, "ООО «Лес»", "О земле"),
        ("12/2-вх", FIRST_OF_MARCH, "Петрова", "Ещё раз"),
        ("12/3-вх", FIRST_OF_MARCH.replace(hour=12), "Юдин", "В полдень"),
    ]


def test_every_sheet_with_the_columns_is_read_and_the_others_are_named(path: Path) -> None:
    def year(number: str) -> Draw:
        def draw(sheet: Worksheet, _day: Any) -> None:
            heading(sheet)
            sheet.write_row(2, 0, [number, "09.01.2024", "Иванов", "", "О лесе"])
            sheet.write_row(3, 0, ["", "09.01.2024", "Без номера", "", ""])

        return draw

    def codes(sheet: Worksheet, _day: Any) -> None:
        sheet.write_row(0, 0, ["Код", "Отдел"])

    written(path, **{"2023": year("7"), "Справочник": codes, "2024": year("8"), "Пустой": lambda _sheet, _day: None})
    book = RegisterWorkbook(path, MAPPING.file, MAPPING.date_columns)
    rows = [row for _, row in book.rows(MAPPING.columns)]
    assert [(row.number, row.cells["№ п/п"]) for row in rows if isinstance(row, Row)] == [
        ("3 листа «2023»", "7"),
        ("4 листа «2023»", ""),
        ("3 листа «2024»", "8"),
        ("4 листа «2024»", ""),
    ]
    assert book.skipped == ["Справочник"]
    reader, found = cases(path)
    assert [number for number, *_ in found] == ["7", "8"]
    assert [(one.row, one.column) for one in reader.rejected] == [("4 листа «2023»", "№ п/п"), ("4 листа «2024»", "№ п/п")]


def test_what_stands_in_a_merged_cell_holds_for_all_its_rows(path: Path) -> None:
    def draw(sheet: Worksheet, _day: Any) -> None:
        heading(sheet)
        sheet.merge_range(2, 0, 3, 0, "77")
        sheet.write_row(2, 1, ["09.01.2024", "Иванов", "", "О лесе"])
        sheet.write_row(3, 1, ["", "", "", "О лесе"])

    rows = read(written(path, Лист1=draw))
    assert [row.cells["№ п/п"] for row in rows if isinstance(row, Row)] == ["77", "77"]


def test_a_column_may_be_called_by_all_the_cells_above_it(path: Path) -> None:
    def draw(sheet: Worksheet, _day: Any) -> None:
        sheet.merge_range(0, 0, 1, 0, "№ п/п")
        sheet.merge_range(0, 1, 0, 2, "Заявитель")
        sheet.merge_range(0, 3, 0, 4, "Представитель")
        sheet.write_row(1, 1, ["ФИО", "Телефон", "ФИО", "Телефон"])
        sheet.write_row(2, 0, ["1", "Иванов", "1", "Юдин", "2"])

    told = {"client_name": "Представитель / ФИО", "received": None, "subject": None}
    mapping = MAPPING.model_copy(update={"case": MAPPING.case.model_copy(update=told)})
    [row] = read(written(path, Лист1=draw), mapping)
    assert isinstance(row, Row)
    assert row.cells["Представитель / ФИО"] == "Юдин"


def test_a_formula_gives_what_it_was_worth_and_nothing_is_carried_out(path: Path) -> None:
    def draw(sheet: Worksheet, _day: Any) -> None:
        heading(sheet)
        sheet.write_formula(2, 0, '=CONCATENATE("5","-вх")', None, "5-вх")
        sheet.write_row(2, 1, ["09.01.2024", "Иванов", "", ""])
        sheet.write_string(2, 4, "=cmd|' /C calc'!A0")

    _, [(number, *_, subject)] = cases(written(path, Лист1=draw))
    assert (number, subject) == ("5-вх", "=cmd|' /C calc'!A0")


@pytest.mark.parametrize(
    ("sheets", "reason"),
    [(("Нет такого",), "нет листов: Нет такого. Есть: Лист1"), ((), "ни на одном листе нет строки со столбцами: № п/п")],
)
def test_a_workbook_without_the_sheet_or_the_columns_is_refused_with_what_to_do(path: Path, sheets: tuple[str, ...], reason: str) -> None:
    written(path, Лист1=lambda sheet, _day: sheet.write_row(0, 0, ["№", "Дата"]))
    mapping = MAPPING.model_copy(update={"file": MAPPING.file.model_copy(update={"sheets": sheets})})
    with pytest.raises(Unusable, match=reason):
        read(path, mapping)


@pytest.mark.parametrize("raw", [b"", b"not a workbook", b"PK\x03\x04" + b"\x00" * 40])
def test_what_is_no_workbook_is_refused(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(Unusable, match="не читается как таблица"):
        read(path)
