"""A CSV of any dialect and encoding is read record by record; what is torn costs itself alone."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.import_register_file import RegisterFile, Unusable
from services.intake.imports.mapping import FileForm
from services.intake.imports.rows import Rejected, Row

pytestmark = pytest.mark.requirement("R-22")


def read(path: Path, raw: bytes, **form: Any) -> list[Row | Rejected]:
    path.write_bytes(raw)
    made = FileForm.model_validate({"time_zone": "Asia/Novosibirsk"} | form)
    return [row for _, row in RegisterFile(path, made).rows(("a", "b"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.csv"


def cells(rows: list[Row | Rejected]) -> list[Any]:
    return [tuple(row.cells.values()) if isinstance(row, Row) else row.row for row in rows]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a,b\n1,да\n", {}),
        ("\ufeffa,b\r\n1,да\r\n", {"encoding": "utf-8"}),
        ("a;b\r1;да\r", {"encoding": "windows-1251", "delimiter": ";"}),
        ("a\tb\n1\tда", {"encoding": "koi8-r", "delimiter": "\t"}),
        ("\ufeffa,b\n1,да\n", {"encoding": "utf-16"}),
        ("Журнал\nза 2024 год\n\na,b\n\n1,да\n,\n", {"title_lines": 2}),
        ("'a','b'\n'1','да'\n", {"quote": "'"}),
        (' a , b \n1,"да"\n', {}),
    ],
)
def test_a_file_is_read_as_the_mapping_says_it_is_written(path: Path, text: str, form: dict[str, Any]) -> None:
    encoding = form.get("encoding", "utf-8")
    raw = text.removeprefix("\ufeff").encode("utf-16") if encoding == "utf-16" else text.encode(encoding)
    assert cells(read(path, raw, **form)) == [("1", "да")]


def test_quotes_and_line_breaks_inside_a_cell_stay(path: Path) -> None:
    raw = b'a,b\n"1 ""x""","y\r\nz"\n5" pipe,w\n'
    assert cells(read(path, raw)) == [('1 "x"', "y\r\nz"), ('5" pipe', "w")]


def test_an_escape_sign_stands_for_doubled_quotes(path: Path) -> None:
    assert cells(read(path, b'a,b\n"1 \\"x\\"",y\n', escape="\\")) == [('1 "x"', "y")]


@pytest.mark.parametrize(
    ("torn", "reason"),
    [
        (b"2", "строка оборвана: столбцов 1, а в заголовке 2"),
        (b"2,y,z", "лишние столбцы: их 3, а в заголовке 2"),
        (b'2,"y', "строка оборвана: кавычки не закрыты или стоят не на месте"),
        (b'"2"x,y', "строка оборвана: кавычки не закрыты или стоят не на месте"),
        (b"2,\xff\xfe", "есть знаки не в кодировке utf-8-sig"),
        (b"2,y\x00", "есть знак с кодом 0"),
        (b"2," + b"y" * 200_000, "строка оборвана: кавычки не закрыты или стоят не на месте"),
    ],
)
def test_a_torn_row_is_told_with_its_line_and_the_others_go_on(path: Path, torn: bytes, reason: str) -> None:
    rows = read(path, b"a,b\n1,x\n" + torn + b'\n3,"z"\n4,w,\n')
    assert rows[1] == Rejected(3, None, reason)
    assert cells(rows) == [("1", "x"), 3, ("3", "z"), ("4", "w")]


def test_a_quote_that_is_never_closed_gives_up_one_line_not_the_file(path: Path) -> None:
    raw = b'a,b\n1,"x\n' + b"".join(b"%d,y\n" % number for number in range(1_000)) + b'0,"z"\n'
    rows = read(path, raw)
    assert [row.row for row in rows if isinstance(row, Rejected)] == [2]
    assert len(rows) == 1_002


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "нет столбцов: a, b"),
        (b"a,c\n1,2\n", "нет столбцов: b"),
        (b"a,b,a\n1,2,3\n", "столбец назван дважды: a"),
        (b'"a,b\n1,2\n', "нет столбцов: a, b"),
    ],
)
def test_a_file_without_the_mapped_columns_cannot_be_used(path: Path, raw: bytes, says: str) -> None:
    with pytest.raises(Unusable, match=says):
        read(path, raw)


@given(raw=st.binary(max_size=400))
def test_no_bytes_whatever_break_the_reading(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for encoding in ("utf-8", "windows-1251", "utf-16"):
        try:
            read(path, b"a,b\n" + raw if encoding != "utf-16" else "a,b\n".encode("utf-16") + raw, encoding=encoding)
        except Unusable:
            continue
