"""Due dates as a calendar that every program reads, with numbers and days alone (RFC 5545)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from icalendar import Calendar

from services.intake.due_calendar import DueDate, calendar_file

pytestmark = pytest.mark.requirement("N-9.1")

ONE = DueDate(
    request_id=UUID("01930000-0000-7000-8000-00000000a001"),
    number="ЗИ-1/2026",
    due_on=date(2026, 12, 16),
    version=5,
    changed_at=datetime(2026, 11, 16, 5, 0, tzinfo=UTC),
)
TITLE = "Сроки ответов: Отдел по управлению земельными ресурсами; лес, недра и прочее"


def read(made: bytes) -> list[dict[str, object]]:
    calendar = Calendar.from_ical(made)
    assert (calendar["version"], calendar["method"], str(calendar["x-wr-calname"]).replace("\\", "")) == ("2.0", "PUBLISH", TITLE)
    return [{name.lower(): getattr(value, "dt", value) for name, value in event.items()} for event in calendar.walk("VEVENT")]


def test_a_due_day_is_a_whole_day_with_its_number_and_its_kind_and_nothing_else() -> None:
    [event] = read(calendar_file(TITLE, "demo", [ONE]))
    assert event == {
        "uid": "due-01930000-0000-7000-8000-00000000a001@demo.otklik",
        "dtstamp": ONE.changed_at,
        "last-modified": ONE.changed_at,
        "sequence": 5,
        "dtstart": date(2026, 12, 16),
        "dtend": date(2026, 12, 17),
        "summary": "Срок ответа: ЗИ-1/2026",
        "transp": "TRANSPARENT",
    }


def test_a_day_that_moves_keeps_its_id_and_comes_with_a_higher_number() -> None:
    moved = replace(ONE, due_on=date(2026, 12, 30), version=6)
    [before], [after] = read(calendar_file(TITLE, "demo", [ONE])), read(calendar_file(TITLE, "demo", [moved]))
    assert (after["uid"], after["dtstart"]) == (before["uid"], date(2026, 12, 30))
    assert (before["sequence"], after["sequence"]) == (5, 6)


def test_lines_are_folded_within_letters_of_two_bytes_and_end_as_the_standard_wants() -> None:
    made = calendar_file(TITLE, "demo", [ONE] * 3)
    lines = made.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert made.endswith(b"END:VCALENDAR\r\n")
    assert b"BEGIN:VALARM" not in made


def test_the_same_dates_are_the_same_bytes_and_none_are_a_calendar_too() -> None:
    assert calendar_file(TITLE, "demo", [ONE]) == calendar_file(TITLE, "demo", [ONE])
    assert read(calendar_file(TITLE, "demo", [])) == []
