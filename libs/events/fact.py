"""What an event is, and how each of its fields may be kept.

A field is sealed at rest unless it is marked `Open` (ids, codes, dates, statuses: design.md 5).
`Personal` marks what is personal by nature (152-FZ); `Secret` is never kept by history.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict


class Mark(Enum):
    """How a field may be kept; used as `Annotated[str, Open]`."""

    OPEN = "open"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 - a mark, not a password


Open = Mark.OPEN
Personal = Mark.PERSONAL
Secret = Mark.SECRET


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
def secret_paths(value: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Paths of `Secret` fields, through nested values and lists."""
    return tuple(_secret_paths(value))


def _secret_paths(value: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in value.model_fields.items():
        if Mark.SECRET in field.metadata:
            yield (name,)
        for inner in _models_in(field.annotation):
            yield from ((name, *path) for path in _secret_paths(inner))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) is None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)


def without_secrets(event: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as history may keep it: each `Secret` field is gone, at any depth."""
    for path in secret_paths(event):
        payload = _without(payload, path)
    return payload


def _without(node: Any, path: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_without(item, path) for item in node]
    if not isinstance(node, dict) or path[0] not in node:
        return node
    if len(path) == 1:
        return {name: value for name, value in node.items() if name != path[0]}
    return {**node, path[0]: _without(node[path[0]], path[1:])}
