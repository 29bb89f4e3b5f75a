"""Due dates as a calendar file (RFC 5545): whole days, each with its number and its kind, and nothing of what people wrote. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from icalendar import Calendar, Event, vText

PRODUCT = "-//Otklik//Due dates//RU"
LOOK_AGAIN = timedelta(hours=1)
ANSWER_DUE = "Срок ответа: {number}"
OPEN_DUE = "Срок ответа"


@dataclass(frozen=True, kw_only=True)
class DueDate:
    """`version` grows with every change of the request, so a calendar that has an older one takes this."""

    request_id: UUID
    number: str | None
    due_on: date
    version: int
    changed_at: datetime


def calendar_file(title: str, authority: str, due_dates: Sequence[DueDate]) -> bytes:
    """`authority` makes the ids of two installations different; a request keeps its id when its day moves."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", vText(title))  # of a property it does not know the library escapes nothing by itself
    made.add("refresh-interval", LOOK_AGAIN, parameters={"value": "DURATION"})
    for one in due_dates:
        made.add_component(_event(one, authority))
    return bytes(made.to_ical())


def _event(one: DueDate, authority: str) -> Event:
    event = Event()
    event.add("uid", f"due-{one.request_id}@{authority}.otklik")
    event.add("dtstamp", one.changed_at)
    event.add("last-modified", one.changed_at)
    event.add("sequence", one.version)
    event.add("dtstart", one.due_on)
    event.add("dtend", one.due_on + timedelta(days=1))
    event.add("summary", ANSWER_DUE.format(number=one.number) if one.number else OPEN_DUE)
    event.add("transp", "TRANSPARENT")
    return event
