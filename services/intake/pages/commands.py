"""A form that was filled in becomes a command, or each of its fields is told what is wrong."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from libs.chassis.ops.problems import field_errors

EMPTY: Final = "Заполните это поле."
MISSING: Final = "Обязательное поле"
NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})

Model = TypeVar("Model", bound=BaseModel)


def command_of(kind: type[Model], filled: Mapping[str, Any], says: Mapping[str, str] = NO_WORDS) -> tuple[Model | None, dict[str, str]]:
    """`says`: what a field is told whatever is wrong with it, where that helps more than the words for every field."""
    try:
        return kind.model_validate(filled), {}
    except ValidationError as error:
        errors: dict[str, str] = {}
        for one in field_errors(error.errors(include_url=False, include_input=False)):
            field = one["field"].partition(".")[0]
            errors.setdefault(field, says.get(field) or (EMPTY if one["says"].startswith(MISSING) else one["says"]))
        return None, errors
