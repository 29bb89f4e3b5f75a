"""What an event is, and how each of its fields may be kept.

A field is sealed at rest unless it is marked `Open` (ids, codes, dates, statuses: R-17).
`Personal` marks what is personal by nature (152-FZ); `Secret` is never kept by history.
"""

from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict


class Mark(Enum):
    """How a field may be kept; used as `Annotated[str, Open]`."""

    OPEN = "open"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 - a mark, not a password


Open = Mark.OPEN
Personal = Mark.PERSONAL
Secret = Mark.SECRET


def _in_utc_too(at: datetime) -> datetime:
    if at.year in (MINYEAR, MAXYEAR):  # all others are far enough from the ends of the calendar
        try:
            at.astimezone(UTC)
        except OverflowError:
            raise ValueError("no such moment in UTC") from None
    return at


def _written(at: object) -> object:
    """Numbers are no times here: seconds or milliseconds, of which zone, nobody could tell."""
    if isinstance(at, str) and at[4:5] == "-":
        return at
    if isinstance(at, int | float) or (isinstance(at, str) and at.replace(".", "").lstrip("+-").isdecimal()):
        raise ValueError("a time is written as 2026-11-16T12:00:00+07:00")
    return at


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc_too)]
"""A time with its zone that every store can keep: the first hours of year 1 east of Greenwich can't be written in UTC."""


class Value(BaseModel):
    """A value inside an event: frozen; fields that a newer producer added are tolerated (D-8, D-16)."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_bytes="base64")


class Event(Value):
    """A fact. The class name is its type on the wire; `version` grows when a stored shape changes."""

    version: ClassVar[int] = 1

    @classmethod
    def type_name(cls) -> str:
        return cls.__name__

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return self.model_dump(mode="json")


@cache
def open_fields(event: type[Event]) -> frozenset[str]:
    """Names of the payload fields that stay in clear at rest."""
    return frozenset(name for name, field in event.model_fields.items() if Mark.OPEN in field.metadata)


@cache
def sealed_fields(event: type[Event]) -> frozenset[str]:
    """Names of those that don't."""
    return frozenset(event.model_fields) - open_fields(event)


ANY_KEY = "*"  # in a path: each value of a dictionary


@cache
def secret_paths(value: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Paths of `Secret` fields, through nested values, lists and dictionaries."""
    return tuple(dict.fromkeys(_secret_paths(value, ())))


def _secret_paths(value: type[BaseModel], within: tuple[type[BaseModel], ...]) -> Iterator[tuple[str, ...]]:
    if value in within:
        raise TypeError(f"{value.__name__} holds itself: its secrets have no end, give it a flat shape")
    for name, field in value.model_fields.items():
        if Mark.SECRET in field.metadata:
            yield (name,)
        else:
            yield from ((name, *path) for path in _secrets_in(field.annotation, (*within, value)))


def _secrets_in(annotation: Any, within: tuple[type[BaseModel], ...]) -> Iterator[tuple[str, ...]]:
    """Paths below one annotation; the empty path is the annotated thing itself, as in `Annotated[str, Secret] | None`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated and Mark.SECRET in arguments[1:]:
        yield ()
    elif origin is Annotated:
        yield from _secrets_in(arguments[0], within)
    elif origin is dict:
        yield from ((ANY_KEY, *path) for path in _secrets_in(arguments[1], within))
    elif origin is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _secret_paths(annotation, within)
    else:
        for argument in arguments:
            yield from _secrets_in(argument, within)


def without_secrets(event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as history may keep it: each `Secret` field is gone, at any depth."""
    for path in secret_paths(event):
        payload = _without(payload, path)
    return payload


def _without(node: Any, path: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_without(item, path) for item in node]
    if not isinstance(node, dict):
        return node
    names = set(node) if path[0] == ANY_KEY else {path[0]} & node.keys()
    if len(path) == 1:
        return {name: value for name, value in node.items() if name not in names}
    return {name: _without(value, path[1:]) if name in names else value for name, value in node.items()}
