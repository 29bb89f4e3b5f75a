"""Rows of an older register become cases; a row that can't be taken is told with its reason, and harms no other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from libs.events.vocabulary import Status
from services.intake.imports.cases import Case, Header, Line
from services.intake.imports.mapping import ISO, RegisterMapping

MAX_CODE_CHARS = 200
MAX_TEXT_BYTES = 100 * 1024  # two such texts and what surrounds them stay under the store's 256 KiB
YEARS = range(1900, 2200)


@dataclass(frozen=True)
class Row:
    """One record of the file; `number` says where it begins: the line of the file, or the row of which sheet."""

    number: int | str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Rejected:
    """A row that can't be taken: where, and in Russian why. No value of it is repeated, because it may be personal."""

    row: int | str
    column: str | None
    reason: str


class Reader:
    """Takes row after row; `cases` and `rejected` are what came of them."""

    def __init__(self, mapping: RegisterMapping) -> None:
        self._mapping = mapping
        self._cells: dict[str, dict[str, str]] = {}
        self._first_row: dict[str, int | str] = {}
        self._cases: dict[str, Case] = {}
        self.rejected: list[Rejected] = []

    @property
    def cases(self) -> list[Case]:
        """In the order of the file, the lines of each by their date."""
        for case in self._cases.values():
            case.lines.sort(key=lambda line: line.happened_at)
        return list(self._cases.values())

    def take(self, row: Row | Rejected) -> None:
        if isinstance(row, Rejected):
            self.rejected.append(row)
            return
        try:
            self._take(row)
        except _WrongCell as wrong:
            self.rejected.append(Rejected(row.number, wrong.column, wrong.reason))

    def _take(self, row: Row) -> None:
        column = self._mapping.case.number
        number = _code(column, row.cells)
        if number is None:
            raise _WrongCell(column, "номер дела не указан")
        known = self._cells.get(number, {})
        merged = known | self._said(row, known, number)
        case = self._cases.get(number)
        header = case.header if case and merged == known else self._header(number, merged)
        line = self._line(row.cells)
        if case and line is None:
            raise _WrongCell(column, f"дело с этим номером уже записано в строке {self._first_row[number]}")
        self._first_row.setdefault(number, row.number)
        self._cells[number] = merged
        kept = self._cases.setdefault(number, Case(header))
        kept.header = header
        if line is not None:
            kept.lines.append(line)

    def _said(self, row: Row, known: Mapping[str, str], number: str) -> dict[str, str]:
        """What this row says of its case; it may add to what earlier rows said, never contradict them."""
        said = {name: value for name in self._mapping.case_columns if (value := row.cells[name].strip())}
        for name, value in said.items():
            if known.get(name, value) != value:
                raise _WrongCell(name, f"не совпадает со строкой {self._first_row[number]}, где записано то же дело")
        return said

    def _header(self, number: str, cells: Mapping[str, str]) -> Header:
        columns = self._mapping.case
        header = Header(
            number=number, point=self._point(cells), state=self._mapping.state.open, closed_at=self._date(columns.closed, cells)
        )
        return replace(
            header,
            state=self._state(cells, closed=header.closed_at is not None),
            received_at=self._date(columns.received, cells),
            due_at=self._date(columns.due, cells),
            unit=_code(columns.unit, cells),
            subject=_text(columns.subject, cells),
            client_name=_text(columns.client_name, cells),
        )

    def _line(self, cells: Mapping[str, str]) -> Line | None:
        columns = self._mapping.line
        if columns is None:
            return None
        happened_at = self._date(columns.when, cells)
        if happened_at is None:
            raise _WrongCell(columns.when, "дата не указана")
        what = _text(columns.what, cells)
        if what is None:
            raise _WrongCell(columns.what, "не указано, что сделано")
        return Line(happened_at, what, _text(columns.by, cells))

    def _point(self, cells: Mapping[str, str]) -> str:
        rule = self._mapping.point
        value = cells.get(rule.column) if rule.column else None
        code = rule.default if value is None else rule.values.get(value, rule.default)
        if code is None:
            reason = "точка взаимодействия не указана" if value is None else "такой точки нет в таблице [point.values] настройки"
            raise _WrongCell(rule.column, reason)
        return code

    def _state(self, cells: Mapping[str, str], *, closed: bool) -> Status:
        rule = self._mapping.state
        value = cells.get(rule.column) if rule.column else None
        if value is None:
            return rule.closed if closed else rule.open
        if value not in rule.values:
            raise _WrongCell(rule.column, "такого состояния нет в таблице [state.values] настройки")
        return rule.values[value]

    def _date(self, column: str | None, cells: Mapping[str, str]) -> datetime | None:
        value = cells.get(column, "").strip() if column else ""
        if not value:
            return None
        form = self._mapping.file
        for pattern in form.dates:
            at = parsed(value, pattern)
            if at is not None and at.year in YEARS:
                return at if at.tzinfo else at.replace(tzinfo=form.time_zone)
        raise _WrongCell(column, f"не дата; ожидается, например, {example(form.dates[0])}")


def parsed(value: str, pattern: str) -> datetime | None:
    """The time that `value` tells in this pattern; without an offset it has no zone yet."""
    try:
        return datetime.fromisoformat(value) if pattern == ISO else datetime.strptime(value, pattern)  # noqa: DTZ007 - the caller adds it
    except ValueError:
        return None


def example(pattern: str) -> str:
    """A date as this pattern has it."""
    shown = datetime(2025, 12, 31, 14, 30)  # noqa: DTZ001 - an example for people
    return shown.isoformat(sep=" ") if pattern == ISO else shown.strftime(pattern)


class _WrongCell(Exception):
    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason


def _code(column: str | None, cells: Mapping[str, str]) -> str | None:
    value = cells.get(column, "").strip() if column else ""
    if len(value) > MAX_CODE_CHARS:
        raise _WrongCell(column, f"длиннее {MAX_CODE_CHARS} знаков")
    return value or None


def _text(column: str | None, cells: Mapping[str, str]) -> str | None:
    """As it stands in the cell, unless that is blank."""
    value = cells.get(column, "") if column else ""
    if len(orjson.dumps(value)) > MAX_TEXT_BYTES:
        raise _WrongCell(column, f"текст больше {MAX_TEXT_BYTES // 1024} КиБ")
    return value if value.strip() else None
