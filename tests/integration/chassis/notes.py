"""Facts that exist for these tests alone: a clerk notes something about a person."""

from typing import Annotated

from libs.chassis.store.events import Category
from libs.events.fact import Event, Open, Personal, Value
from libs.events.registry import Registry
from libs.events.topics import Topic


class Reader(Value):
    """Who may read a note."""

    name: Annotated[str, Personal]


class Noted(Event):
    """A note was taken."""

    number: Annotated[int, Open] = 0
    text: Annotated[str, Personal] = ""
    unmarked: str = ""
    readers: tuple[Reader, ...] = ()


class Erased(Event):
    """A note was taken back. Every field of it is open."""

    number: Annotated[int, Open]


class Counted(Event):
    """A sum of notes, which came with version 2."""

    version = 2

    notes: Annotated[int, Open]


def lift_counted(payload: dict[str, object]) -> dict[str, object]:
    """Version 1 called it `count`."""
    return {"notes": payload["count"]}


NOTES = Registry((Noted, Erased, Counted), {("Counted", 1): lift_counted})
PRIVATE = Category(name="note", registry=NOTES)


def published(topic: Topic) -> Category:
    """The same facts, each of them sent to a topic."""
    return Category(name="note", registry=NOTES, topic=topic)
