"""Reads an older register, writes what is new of it, counts what it holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.import_register_file import RegisterFile, Unusable
from cli.intake import CASES_AT_ONCE, Intake, Written, write
from cli.register_workbook import SUFFIXES, RegisterWorkbook
from libs.chassis.ops.settings import Authority
from services.intake.imports.cases import Case, Summary, summary
from services.intake.imports.mapping import ISO, OTHER_POINT, RegisterMapping
from services.intake.imports.rows import Reader, Rejected

ACTOR = "import"
Advance = Callable[[int, int], None]  # done, of all


@dataclass(frozen=True)
class Read:
    """What was in the file."""

    register: str
    cases: list[Case]
    rejected: list[Rejected]
    summary: Summary
    skipped: Sequence[str] = ()  # sheets without the columns


def read(path: Path, mapping: RegisterMapping, register: str | None, authority: Authority, advance: Advance) -> Read:
    """Raises `Unusable`; a row that can't be taken is among the rejected ones."""
    name = register or mapping.register_name
    if not name:
        raise Unusable("Назовите журнал: register = «…» в настройке или --register.")
    unknown = sorted(code for code in mapping.point.codes if authority.point(code) is None and code != OTHER_POINT)
    if unknown:
        known = ", ".join([*(point.code for point in authority.points), OTHER_POINT])
        raise Unusable(f"В перечне точек взаимодействия нет: {', '.join(unknown)}. Есть: {known}.")
    if path.suffix.lower() in SUFFIXES:
        mapping = with_days_of_excel(mapping)
        file: RegisterFile | RegisterWorkbook = RegisterWorkbook(path, mapping.file, mapping.date_columns)
    else:
        file = RegisterFile(path, mapping.file)
    reader = Reader(mapping)
    for at, row in file.rows(mapping.columns):
        reader.take(row)
        advance(at, len(file))
    cases = reader.cases
    return Read(name, cases, reader.rejected, summary(cases, mapping.file.time_zone), file.skipped)


def with_days_of_excel(mapping: RegisterMapping) -> RegisterMapping:
    """A cell that is a date in the spreadsheet is one, whatever the pattern of those that are text."""
    return mapping.model_copy(update={"file": mapping.file.model_copy(update={"dates": (*mapping.file.dates, ISO)})})


async def bring_in(intake: Intake, cases: Sequence[Case], register: str, advance: Advance) -> Written:
    """Batch after batch; what an interrupted import left out comes in by running it again."""
    written = Written()
    for first in range(0, len(cases), CASES_AT_ONCE):
        batch = cases[first : first + CASES_AT_ONCE]
        written += await write(intake, batch, register, actor=ACTOR)
        advance(first + len(batch), len(cases))
    return written
