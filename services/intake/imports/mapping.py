"""The mapping file: which column of an older register means what (docs/import.md)."""

import codecs
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from libs.events.vocabulary import Status

OTHER_POINT = "other"  # «иное»: a contact outside the authority's list is kept all the same
ISO = "iso"


def _known_encoding(name: str) -> str:
    """A byte-order mark of UTF-8 is no part of the first column's name."""
    try:
        b" ".decode(name, "ignore")
    except LookupError:
        raise ValueError("no such encoding") from None
    return "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name


Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Sign = Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[^\r\n]$")]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileForm(_Part):
    """How the file is written. `dates` are `iso` or patterns of strptime, tried in turn; a date without an offset is in `time_zone`.

    Of a spreadsheet `sheets` are read, all that have the columns when none is named.
    """

    encoding: Encoding = "utf-8-sig"
    delimiter: Sign = ","
    quote: Sign | None = '"'
    escape: Sign | None = None
    title_lines: Annotated[int, Field(ge=0)] = 0
    dates: Annotated[tuple[str, ...], Field(min_length=1)] = (ISO,)
    time_zone: ZoneInfo
    sheets: tuple[str, ...] = ()


class CaseColumns(_Part):
    """What the rows of a case repeat; a blank cell says nothing."""

    number: Column
    received: Column | None = None
    due: Column | None = None
    closed: Column | None = None
    unit: Column | None = None
    subject: Column | None = None
    client_name: Column | None = None


class LineColumns(_Part):
    """What each row tells anew; without them a case is one row."""

    what: Column
    when: Column
    by: Column | None = None


class PointRule(_Part):
    """Which of our points a contact happened at; `default` where the cell is blank or `values` does not know it."""

    column: Column | None = None
    values: dict[str, str] = {}
    default: str | None = None

    @property
    def codes(self) -> set[str]:
        return {*self.values.values(), *([self.default] if self.default else [])}


def _decides(rule: PointRule) -> PointRule:
    if not rule.default and not (rule.column and rule.values):
        raise ValueError("a column with values is needed, or a default")
    return rule


class StateRule(_Part):
    """The state a case comes in: what `values` makes of the column's cell, else whether there is an end date decides."""

    column: Column | None = None
    values: dict[str, Status] = {}
    closed: Status = Status.CLOSED
    open: Status = Status.REGISTERED


class RegisterMapping(_Part):
    """A mapping file as a whole; `register` names the older register, and is a part of the identity of its cases."""

    register_name: Annotated[str | None, Field(alias="register", min_length=1, max_length=200)] = None
    file: FileForm
    case: CaseColumns
    line: LineColumns | None = None
    point: Annotated[PointRule, AfterValidator(_decides)]
    state: StateRule = StateRule()

    @property
    def case_columns(self) -> tuple[str, ...]:
        """All that must be the same in every row of a case."""
        case = self.case
        named = (case.received, case.due, case.closed, case.unit, case.subject, case.client_name, self.point.column, self.state.column)
        return tuple(dict.fromkeys(column for column in named if column))

    @property
    def date_columns(self) -> frozenset[str]:
        """Those that hold days."""
        named = (self.case.received, self.case.due, self.case.closed, self.line.when if self.line else None)
        return frozenset(column for column in named if column)

    @property
    def columns(self) -> tuple[str, ...]:
        """All that the file must have."""
        line = self.line
        named = (self.case.number, *self.case_columns, *((line.what, line.when, line.by) if line else ()))
        return tuple(dict.fromkeys(column for column in named if column))
