"""Tables to take away: figures are figures, text is text, whatever it begins with."""

import csv
import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from libs.web.tables import MARK, Table, as_csv, as_xlsx

FORMULA = '=HYPERLINK("http://example.ru";"Отдел")'
TABLES = [
    Table(title="Итог", headings=["Показатель", "За период"], rows=[["Доля с опозданием, %", 12.5], ["Пусто", None]]),
    Table(title="Подразделения", headings=["Подразделение", "Дано ответов"], rows=[[FORMULA, 3]]),
]


@pytest.mark.requirement("N-1.2", "N-8.3")
def test_a_unit_that_is_called_like_a_formula_stays_text_in_both_files() -> None:
    text = as_csv(TABLES)
    assert text.startswith(MARK)
    lines = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert lines[:4] == [["Итог"], ["Показатель", "За период"], ["Доля с опозданием, %", "12,5"], ["Пусто", ""]]
    assert lines[-1] == [f"'{FORMULA}", "3"]
    made = as_xlsx(TABLES)
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    assert book.sheet_names == ["Итог", "Подразделения"]
    assert book.get_sheet_by_index(1).to_python() == [["Подразделение", "Дано ответов"], [FORMULA, 3]]
    assert book.get_sheet_by_index(0).to_python()[1:] == [["Доля с опозданием, %", 12.5], ["Пусто", ""]]
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet2.xml")
