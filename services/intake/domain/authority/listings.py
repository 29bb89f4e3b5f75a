"""The authority's lists as it decided them over its file: which entries it set, which it closed (A-1.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeVar, assert_never

from libs.chassis.ops.settings import Point, RequestType, Topic, Unit
from libs.events.contracts.authority_events import (
    PointClosed,
    PointSet,
    RequestTypeClosed,
    RequestTypeSet,
    TopicClosed,
    TopicSet,
    UnitClosed,
    UnitSet,
)
from libs.events.fact import Event
from libs.events.vocabulary import Card

EntrySet = UnitSet | TopicSet | RequestTypeSet | PointSet
Closed = UnitClosed | TopicClosed | RequestTypeClosed | PointClosed
ORAL = frozenset((Card.PHONE, Card.RECEPTION))  # what people say there is registered on its day
Entry = TypeVar("Entry", Unit, Topic, RequestType, Point)


class Listing(StrEnum):
    """The names that the lists have in the authority's file, too."""

    UNITS = "units"
    TOPICS = "topics"
    TYPES = "types"
    POINTS = "points"


_LISTING_OF: Final[dict[type[Event], Listing]] = {
    UnitSet: Listing.UNITS,
    UnitClosed: Listing.UNITS,
    TopicSet: Listing.TOPICS,
    TopicClosed: Listing.TOPICS,
    RequestTypeSet: Listing.TYPES,
    RequestTypeClosed: Listing.TYPES,
    PointSet: Listing.POINTS,
    PointClosed: Listing.POINTS,
}


def listing_of(event: Event) -> Listing:
    return _LISTING_OF[type(event)]


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What was decided of one list. `entries`: by code, as they were set last, closed ones too."""

    entries: Mapping[str, EntrySet] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()

    def with_entry(self, entry: EntrySet) -> "Overlay":
        """Set again, a closed one is open."""
        return replace(self, entries={**self.entries, entry.code: entry}, closed=self.closed - {entry.code})

    def without(self, code: str) -> "Overlay":
        return replace(self, closed=self.closed | {code})

    def over(self, listed: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """What is offered: the file's entries in its order, then what came since."""
        return tuple(entry for entry in self.every(listed) if entry.code not in self.closed)

    def every(self, listed: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Closed ones too."""
        if not self.entries:
            return listed
        known: set[str] = {entry.code for entry in listed}
        changed: list[Any] = [entry_of(self.entries[entry.code]) if entry.code in self.entries else entry for entry in listed]
        return (*changed, *(entry_of(entry) for code, entry in self.entries.items() if code not in known))

    def titles(self, listed: Sequence[Unit | Topic | RequestType | Point]) -> dict[str, str]:
        return {entry.code: entry.title for entry in listed} | {code: entry.title for code, entry in self.entries.items()}


def entry_of(event: EntrySet) -> Any:
    """The entry as the file would say it; a list's overlay holds entries of that list only."""
    match event:
        case UnitSet():
            return Unit(code=event.code, title=event.title, topics=event.topics)
        case TopicSet():
            return Topic(code=event.code, title=event.title)
        case RequestTypeSet():
            return RequestType(code=event.code, title=event.title, regime=event.regime.value, answer_days=event.answer_days)
        case PointSet():
            return Point(
                code=event.code,
                title=event.title,
                kind=event.kind.value,
                act=event.act,
                where=event.where,
                since=event.since,
                until=event.until,
                oral=event.card in ORAL,
                card=event.card.value if event.card else None,
            )
        case _:
            assert_never(event)
