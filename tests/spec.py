"""Tests of pure rules as sentences: `request.given(registered, extended).when(extend).then_refused(AlreadyExtended)`.

A `Spec` knows how a state is made of the past and how a command is decided; both are the code under test itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from libs.chassis.ops.refusals import Refusal
from libs.events.fact import Event

Past = TypeVar("Past")
State = TypeVar("State")
Command = TypeVar("Command")


@dataclass(frozen=True)
class Like:
    """A fact of this type with these fields; the others may hold anything."""

    kind: type[Event]
    fields: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.kind) and all(getattr(other, name) == value for name, value in self.fields.items())

    def __hash__(self) -> int:
        return hash(self.kind)


def like(kind: type[Event], /, **fields: Any) -> Like:
    """What `then` may expect instead of a whole fact."""
    unknown = fields.keys() - kind.model_fields.keys()
    if unknown:
        raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return Like(kind, fields)


Expected = Event | Like | type[Event]


@dataclass(frozen=True)
class Outcome(Generic[State]):
    """What came of a command: facts, or a refusal; `state` is where it left things."""

    state: State
    facts: tuple[Event, ...]
    refusal: Refusal | None

    def then(self, *expected: Expected) -> "Outcome[State]":
        """Exactly these facts in this order; a type stands for any fact of it."""
        assert self.refusal is None, f"refused: {self.refusal}"
        told = [type(fact) if isinstance(wanted, type) else fact for fact, wanted in zip(self.facts, expected, strict=False)]
        told += list(self.facts[len(expected) :])
        assert told == list(expected)
        return self

    def then_nothing(self) -> "Outcome[State]":
        return self.then()

    def then_refused(self, kind: type[Refusal]) -> None:
        assert type(self.refusal) is kind, f"expected {kind.__name__}, got {self.refusal!r} and {self.facts}"
        assert self.facts == ()

    def fact(self, kind: type[Event]) -> Any:
        """The one fact of this type."""
        [found] = [fact for fact in self.facts if isinstance(fact, kind)]
        return found


@dataclass(frozen=True)
class Given(Generic[State, Command]):
    state: State
    decide: Callable[[State, Command], Sequence[Event]]

    def when(self, command: Command) -> Outcome[State]:
        try:
            return Outcome(self.state, tuple(self.decide(self.state, command)), None)
        except Refusal as refusal:
            return Outcome(self.state, (), refusal)


@dataclass(frozen=True)
class Spec(Generic[Past, State, Command]):
    """`replay` makes the state of what happened before, `decide` answers a command with facts or refuses it."""

    replay: Callable[[Sequence[Past]], State]
    decide: Callable[[State, Command], Sequence[Event]]

    def given(self, *past: Past) -> Given[State, Command]:
        return Given(self.replay(past), self.decide)
