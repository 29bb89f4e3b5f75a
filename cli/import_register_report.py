"""What an import tells whoever ran it, in Russian: what the register holds, what was written, which rows were rejected and why."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.import_register import Read
from cli.intake import Written
from libs.chassis.ops.settings import Authority
from services.intake.imports.mapping import OTHER_POINT
from services.intake.imports.rows import Rejected

SHOWN_ROWS = 20
HEADING = ("Строка файла", "Столбец", "Причина")


def told(read: Read, written: Written | None, authority: Authority) -> Iterator[str]:
    """The lines of the report; `written` is None when nothing was to be written."""
    held = read.summary
    yield f"Журнал «{read.register}»: дел {_number(held.cases)}, записей о ходе дел {_number(held.lines)}"
    yield f"  завершено: {_number(held.closed)}, из них позже дня срока: {_number(held.late)}"
    for code, count in held.points.items():
        yield f"  {_title(code, authority)}: {_number(count)}"
    if read.skipped:
        yield f"  листы без нужных столбцов пропущены: {', '.join(read.skipped)}"
    if written is None:
        yield "Проверка: в систему ничего не записано"
    elif written == Written():
        yield "Всё это уже было в системе, ничего не изменилось"
    else:
        yield f"Добавлено дел: {_number(written.cases)}, записей: {_number(written.lines)}; дополнено прежних дел: {_number(written.grown)}"
    yield from _rejected(read.rejected)


def _rejected(rows: Sequence[Rejected]) -> Iterator[str]:
    if not rows:
        return
    yield f"Отклонено строк: {_number(len(rows))}"
    for row in rows[:SHOWN_ROWS]:
        yield f"  строка {row.row}, {f'столбец «{row.column}»' if row.column else 'вся строка'}: {row.reason}"
    if len(rows) > SHOWN_ROWS:
        yield f"  … и ещё {_number(len(rows) - SHOWN_ROWS)}; весь список: --report"


def write_rejected(beside: Path, rows: Sequence[Rejected]) -> Path:
    """A table that a Russian Excel opens by a double click."""
    path = beside.with_name(f"{beside.stem}.rejected.csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(HEADING)
        table.writerows((row.row, row.column or "", row.reason) for row in rows)
    return path


def _title(code: str, authority: Authority) -> str:
    point = authority.point(code)
    return point.title if point else ("Иное" if code == OTHER_POINT else code)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")
