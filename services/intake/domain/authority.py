"""What the authority decided since its file was written: a stream of its own, read over the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from libs.events.contracts.authority_events import DayDeclared
from libs.events.fact import Event

AuthorityEvent = DayDeclared


@dataclass(frozen=True, kw_only=True)
class Decided:
    """`days`: by day, the last that was declared of it."""

    version: int = 0
    days: Mapping[date, DayDeclared] = field(default_factory=dict)


def evolve(decided: Decided, event: AuthorityEvent) -> Decided:
    decided = replace(decided, version=decided.version + 1)
    match event:
        case DayDeclared():
            return replace(decided, days={**decided.days, event.day: event})
        case _:
            assert_never(event)


def replayed(events: Sequence[Event]) -> Decided:
    decided = Decided()
    for event in events:
        decided = evolve(decided, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return decided
