"""What the authority decided since its file was written: a stream of its own, read over the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never

from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.authority_events import DayDeclared
from libs.events.fact import Event
from services.intake.domain.commands import Command, Text
from services.intake.production_calendar import with_declared

AuthorityEvent = DayDeclared
MAY_DECLARE = frozenset((Role.ADMINISTRATOR,))
YEARS_AHEAD = 2


class DeclareDay(Command):
    """An act makes a day a working one or a day off; `decree`: its name, date and number."""

    day: date
    working: bool
    decree: Text
    in_force_on: date | None = None


class DayIsOver(Refusal):
    """What was due on a day that is over can't become due on another one."""

    code = "day-is-over"
    says = "Этот день уже прошёл. Изменить можно только сегодняшний и будущие дни."


class DayTooFar(Refusal):
    """Nobody has decided anything for that year yet; mostly it is a slip of the finger."""

    code = "day-too-far"
    status = 400
    says = "Так далеко вперёд календарь не меняют. Проверьте год."


class DayAlreadySo(Refusal):
    """The calendar says the same of this day."""

    code = "day-already-so"
    says = "В календаре этот день уже такой. Выберите другой день или другое значение."


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


def declare(decided: Decided, command: DeclareDay, by: Staff, today: date) -> list[DayDeclared]:
    """Raises `NotAllowed`, `DayIsOver`, `DayTooFar`, `DayAlreadySo`."""
    if not by.may(MAY_DECLARE):
        raise NotAllowed
    if command.day < today:
        raise DayIsOver
    if command.day.year > today.year + YEARS_AHEAD:
        raise DayTooFar
    if with_declared(decided.days)(command.day) is command.working:
        raise DayAlreadySo
    return [DayDeclared(day=command.day, working=command.working, decree=command.decree, in_force_on=command.in_force_on)]


def replayed(events: Sequence[Event]) -> Decided:
    decided = Decided()
    for event in events:
        decided = evolve(decided, event)  # type: ignore[arg-type]  # the category's registry holds no other type
    return decided
