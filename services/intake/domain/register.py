"""The register of a year and journal: a stream whose version is the number, so gap-free and unique need no counter (R-2)."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from libs.chassis.ops.refusals import Refusal
from libs.events.fact import Event, Open


class NumberAssigned(Event):
    """The next number went to this request. Not published, nothing personal."""

    request_id: Annotated[UUID, Open]


class NumberingContinued(Event):
    """The first event of a register that goes on from an older one: `last_number` was the last one given there."""

    last_number: Annotated[int, Open]


EVENTS = (NumberAssigned, NumberingContinued)


class NumberingStarted(Refusal):
    """This year's register has numbers already: it can't be continued from another one any more."""

    code = "numbering-started"
    says = "В этом году журнал уже выдал номера, продолжить чужую нумерацию поздно."


@dataclass(frozen=True)
class Register:
    """A register before its next number; `skipped` is what an older register had given, less the event that says so."""

    journal: str
    year: int
    version: int
    skipped: int = 0

    @property
    def aggregate_id(self) -> str:
        return f"{self.journal}-{self.year}"

    @property
    def next_number(self) -> int:
        return self.version + 1 + self.skipped


def opened(journal: str, year: int, version: int, first: Event | None) -> Register:
    """The register from its version and its first event."""
    skipped = first.last_number - 1 if isinstance(first, NumberingContinued) else 0
    return Register(journal, year, version, skipped)


def continue_numbering(register: Register, last_number: int) -> list[Event]:
    """Refused once a number was given."""
    if register.version:
        raise NumberingStarted
    return [NumberingContinued(last_number=last_number)]


def written(index: str, number: int, year: int) -> str:
    """A register number as people write it."""
    return f"{index}-{number}/{year}"
