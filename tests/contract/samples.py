"""One example of each event with every field filled, the same on every machine: the first golden file of a new version is made from it."""

import re
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from libs.events.envelope import Actor, Envelope
from libs.events.fact import Event

MOMENT = "2026-11-03T09:15:30.123456+07:00"


def golden_text(event: type[Event]) -> str:
    """The whole envelope as people can read it in a diff."""
    return orjson.dumps(sample(event).model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode() + "\n"


def sample(event: type[Event]) -> Envelope:
    name = event.type_name()
    return Envelope.model_validate(
        {
            "event_id": _uuid(f"{name}/event"),
            "type": name,
            "version": event.version,
            "authority": "example",
            "aggregate_id": str(_uuid(f"{name}/aggregate")),
            "seq": 7,
            "thread_id": _uuid(f"{name}/thread"),
            "occurred_at": MOMENT,
            "recorded_at": MOMENT,
            "producer": "example",
            "actor": Actor(role="registrar", id="staff-7"),
            "client_id": _uuid(f"{name}/client"),
            "point": "site",
            "correlation_id": _uuid(f"{name}/correlation"),
            "causation_id": _uuid(f"{name}/causation"),
            "payload": event.model_validate(_fields(event)).payload(),
        }
    )


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {name: _field(name, field) for name, field in model.model_fields.items()}


def _field(name: str, field: FieldInfo) -> Any:
    patterns = [constraint.pattern for constraint in field.metadata if getattr(constraint, "pattern", None)]
    return _first_of(patterns[0]) if patterns else _value(name, field.annotation)


def _first_of(pattern: str) -> str:
    """The first alternative of a pattern such as ^(delivered|failed)$."""
    return re.sub(r"[\^$()]", "", pattern).split("|")[0]


def _value(name: str, annotation: Any) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _value(name, arguments[0])
    if origin in (Union, UnionType):
        return _value(name, next(argument for argument in arguments if argument is not NoneType))
    if origin is dict:
        return {name: _value(name, arguments[1])}
    if origin in (tuple, list):
        return [_value(name, arguments[0])]
    return _plain(name, annotation)


def _plain(name: str, kind: Any) -> Any:
    if issubclass(kind, BaseModel):
        return _fields(kind)
    if issubclass(kind, Enum):
        return list(kind)[-1]
    values = {UUID: _uuid(name), bool: True, int: 7, str: f"{name} «Ж»", date: "2026-12-03"}
    return values.get(kind, MOMENT)


def _uuid(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)
